/* celery_ask.c - Celery's "pidbox" from the asker's side: bind a list, publish, collect, unbind. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/celery_ask.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    /* How long one BRPOP may block the connection: stopping waits for it. */
    SLICE_MS = 200,
    /* A time-out of 0 would block for ever. */
    SLICE_MIN_MS = 10,
    /* What a worker is told: kombu drops replies to questions older than that. */
    EXPIRES_MS = 10 * 1000,
    /* Who looked our list up before it was unbound and pushes to it after it was deleted would
     * leave it behind: those that answer at once are waited for. */
    LINGER_MS = 200,
};

static struct slice member_of(const struct pidbox *pidbox)
{
    return slice_of(pidbox->member);
}

static void add_question(const struct celery_ask *ask, struct slice envelope)
{
    const struct slice bind[] = { SLICE("SADD"), slice_of(ask->pidbox->bindings),
                                  member_of(ask->pidbox) };
    const struct slice publish[] = { SLICE("PUBLISH"), slice_of(ask->pidbox->channel), envelope };

    RESP_ADD(ask->resp, "DEL", ask->pidbox->replies);
    resp_add(ask->resp, ARRAY_LENGTH(bind), bind);
    resp_add(ask->resp, ARRAY_LENGTH(publish), publish);
}

/* The replies to DEL, SADD and PUBLISH; the last one counts who gets the question. */
static enum probe_result read_start(struct celery_ask *ask, struct outcome *outcome)
{
    struct error err = { 0 };
    enum probe_result result = PROBE_KEEP;

    for (int i = 0; i < 3; i++) {
        AUTO(resp_free) redisReply *reply = NULL;
        int code = resp_read(ask->resp, ask->until_ms, &reply, &err);

        if (code != 0)
            return probe_judge_failure(ask->probe, code, &err, outcome);
        if (reply->type == REDIS_REPLY_ERROR && outcome->status != OUTCOME_ERROR)
            result = resp_judge(reply, outcome);
        if (i == 2 && reply->type == REDIS_REPLY_INTEGER)
            ask->subscribed = reply->integer;
    }
    return result;
}

static enum probe_result start(struct celery_ask *ask, const char *ticket, struct outcome *outcome)
{
    AUTO(buf_done) struct buf envelope;
    struct error err = { 0 };
    int code;

    buf_init(&envelope, PIDBOX_ENVELOPE_BYTES);
    pidbox_write(ask->pidbox, ask->method, ticket, clock_wall_ms() + EXPIRES_MS, &envelope);
    if (!buf_ok(&envelope))
        return PROBE_OURS; /* half an envelope must never be sent */
    add_question(ask, buf_slice(&envelope));
    code = resp_send(ask->resp, ask->until_ms, &err);
    if (code != 0)
        return probe_judge_failure(ask->probe, code, &err, outcome);
    return read_start(ask, outcome);
}

/* Waits for one message in our list.  `*ret` stays NULL when none came within the slice. */
static int pop(const struct celery_ask *ask, int64_t left_ms, redisReply **ret, struct error *err)
{
    int64_t slice_ms = left_ms < SLICE_MS ? left_ms : SLICE_MS;
    char seconds[16];
    int code;

    if (slice_ms < SLICE_MIN_MS)
        slice_ms = SLICE_MIN_MS;
    (void)snprintf(seconds, sizeof(seconds), "0.%03d", (int)slice_ms);
    RESP_ADD(ask->resp, "BRPOP", ask->pidbox->replies, seconds);
    /* Redis looks at its clock ten times a second: a slice may take 100 ms longer. */
    code = resp_send(ask->resp, ask->until_ms + SLICE_MS, err);
    if (code == 0)
        code = resp_read(ask->resp, ask->until_ms + SLICE_MS, ret, err);
    return code;
}

/* One message of our list. */
static void take_reply(struct celery_ask *ask, const char *ticket, const redisReply *reply)
{
    struct pidbox_reply answer = { .queues = ask->queues };

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[1]->type != REDIS_REPLY_STRING)
        return;
    if (!pidbox_read((struct slice){ reply->element[1]->str, reply->element[1]->len }, ask->method,
                     ticket, &answer))
        return;
    ask->answered++;
    /* A sum does not depend on their order. */
    ask->nodes += pidbox_node_number(answer.node);
    if (ask->hears != NULL && ask->hears(ask->context, answer.node)
        && clock_left_ms(ask->until_ms) > LINGER_MS)
        ask->until_ms = clock_boot_ms() + LINGER_MS;
}

static enum probe_result collect(struct celery_ask *ask, const char *ticket,
                                 struct outcome *outcome)
{
    int64_t enough = ask->enough > 0 ? ask->enough : ask->subscribed;

    while (ask->answered < enough && ask->answered < ask->subscribed) {
        AUTO(resp_free) redisReply *reply = NULL;
        struct error err = { 0 };
        int64_t left_ms = clock_left_ms(ask->until_ms);
        int code;

        if (left_ms == 0)
            break;
        code = pop(ask, left_ms, &reply, &err);
        if (code != 0)
            return probe_judge_failure(ask->probe, code, &err, outcome);
        if (reply->type == REDIS_REPLY_ERROR)
            return resp_judge(reply, outcome);
        take_reply(ask, ticket, reply);
    }
    return PROBE_KEEP;
}

enum probe_result celery_ask(struct celery_ask *ask, struct outcome *outcome)
{
    char ticket[RANDOM_UUID_BYTES];
    enum probe_result result;

    random_uuid(ticket);
    result = start(ask, ticket, outcome);
    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    return collect(ask, ticket, outcome);
}

int celery_ask_end(const struct celery_ask *ask, int64_t deadline_ms, struct error *err)
{
    const struct slice unbind[] = { SLICE("SREM"), slice_of(ask->pidbox->bindings),
                                    member_of(ask->pidbox) };
    int code;

    RESP_ADD(ask->resp, "MULTI");
    resp_add(ask->resp, ARRAY_LENGTH(unbind), unbind);
    RESP_ADD(ask->resp, "DEL", ask->pidbox->replies);
    RESP_ADD(ask->resp, "EXEC");
    code = resp_send(ask->resp, deadline_ms, err);
    /* Whatever else was under way, a BRPOP for instance, is answered before. */
    return code != 0 ? code : resp_drain(ask->resp, deadline_ms, err);
}
