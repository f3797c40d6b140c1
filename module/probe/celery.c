/* celery.c - the check of Celery's workers, over their Redis broker.
 *
 * Two sources, neither the whole truth: replies to a ping (a worker that is subscribed and answers
 * consumes too) and heartbeats (how many tasks run; `inspect active` would hand out arguments).
 * Workers that are subscribed but silent may have a long task in a solo pool: `busy`, never an
 * error.  In passive mode nothing is ever published and heartbeats alone decide. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/stream.h"
#include "probe/celery_ask.h"
#include "probe/heartbeats.h"
#include "probe/kind.h"
#include "probe/pidbox.h"
#include "probe/resp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUES_EVERY_MS = 60 * 1000, /* how often workers are asked what they consume */
    QUEUES_MS = 50,              /* and how long that takes at least */
    LISTEN_RETRY_MS = 10 * 1000,
    LISTEN_SHARE = 4, /* the part of a look's time that opening the second connection may take */
    /* Two of the default heartbeats: after that silence means something. */
    LISTEN_FIRST_MS = 5 * 1000,
    /* A connection that only listens never learns that a NAT has forgotten it. */
    LISTEN_SILENT_MS = 30 * 1000,
    HEAR_MS = 50,          /* how long one attempt to hear something may take */
    AFTER_CANCEL_MS = 500, /* the running BRPOP, and the clean-up behind it */
    CHANNEL_BYTES = 64,
};

struct memory {
    /* set before start, read-only afterwards */
    bool passive;
    int64_t expected_workers;
    int64_t grace_ms;
    bool queues_are_configured;
    struct pidbox pidbox;
    /* prober thread only */
    struct pidbox_queues queues;
    int64_t queues_due_ms;
    int64_t queues_asked_of;     /* how many workers told them */
    int64_t no_workers_since_ms; /* 0: there are some */
    struct resp *listening;      /* the connection that heartbeats come over, or NULL */
    int64_t listening_since_ms;
    int64_t heard_at_ms; /* when anything last came over it */
    int64_t listen_again_ms;
    struct heartbeats heartbeats;
};

static int prepare_celery(struct probe *probe, const struct config *config, struct error *err)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    char oid[RANDOM_UUID_BYTES];

    if (memory == NULL)
        return error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
    memory->passive = config->celery_mode == CONFIG_CELERY_PASSIVE;
    memory->expected_workers = config->celery_expected_workers;
    memory->grace_ms = config->celery_grace_ms;
    memory->queues_are_configured = config->celery_queue_count > 0;
    for (int i = 0; i < config->celery_queue_count; i++)
        pidbox_add_queue(&memory->queues, config->celery_queues[i]);
    random_uuid(oid);
    pidbox_init(&memory->pidbox, probe->check.target.database, oid);
    probe->memory = memory;
    return 0;
}

static void forget_celery(struct probe *probe)
{
    struct memory *memory = probe->memory;

    resp_close(&memory->listening);
    free(memory);
    probe->memory = NULL;
}

static enum probe_result open_celery(struct probe *probe, int64_t deadline_ms, void **ret,
                                     struct outcome *outcome)
{
    struct resp *resp = NULL;
    enum probe_result result = resp_open(probe, deadline_ms, &resp, outcome);

    if (result == PROBE_KEEP)
        *ret = resp;
    return result;
}

/* ["message", channel, envelope]; the confirmations of SUBSCRIBE end in a number. */
static void take_message(struct memory *memory, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3
        || reply->element[2]->type != REDIS_REPLY_STRING)
        return;
    heartbeats_take(&memory->heartbeats,
                    (struct slice){ reply->element[2]->str, reply->element[2]->len },
                    clock_boot_ms());
}

/* Takes in what has come over the listening connection; gives it up when it is broken. */
static void hear(struct memory *memory)
{
    struct error err = { 0 };
    int code = resp_feed(memory->listening, clock_boot_ms() + HEAR_MS, &err);

    if (code == -ETIMEDOUT)
        return; /* silence is no fault of the connection */
    memory->heard_at_ms = clock_boot_ms();
    while (code == 0) {
        AUTO(resp_free) redisReply *reply = NULL;

        code = resp_poll(memory->listening, &reply, &err);
        if (reply == NULL)
            break;
        take_message(memory, reply);
    }
    if (code != 0)
        resp_close(&memory->listening);
}

static void subscribe(const struct probe *probe, struct resp *resp, int64_t deadline_ms)
{
    static const char *const events[] = { "heartbeat", "online", "offline" };
    char channels[ARRAY_LENGTH(events)][CHANNEL_BYTES];
    struct error err = { 0 };

    for (size_t i = 0; i < ARRAY_LENGTH(events); i++)
        (void)snprintf(channels[i], CHANNEL_BYTES, "/%d.celeryev/worker.%s",
                       probe->check.target.database, events[i]);
    RESP_ADD(resp, "SUBSCRIBE", channels[0], channels[1], channels[2]);
    /* A refusal or a loss shows when it is read. */
    (void)!resp_send(resp, deadline_ms, &err);
}

/* Opens the second connection where there is none.  Its failure is no verdict: the first one's is,
 * and without heartbeats only the count of running tasks is unknown. */
static void keep_listening(struct probe *probe, int64_t deadline_ms)
{
    struct memory *memory = probe->memory;
    struct outcome ignored = { 0 };
    int64_t now_ms = clock_boot_ms();
    bool silent = memory->listening != NULL && now_ms - memory->heard_at_ms > LISTEN_SILENT_MS;

    if (silent)
        resp_close(&memory->listening);
    if (memory->listening != NULL || now_ms < memory->listen_again_ms)
        return;
    memory->listen_again_ms = now_ms + LISTEN_RETRY_MS;
    memory->heartbeats = (struct heartbeats){ 0 };
    if (resp_open(probe, deadline_ms, &memory->listening, &ignored) != PROBE_KEEP)
        return;
    memory->heard_at_ms = now_ms;
    if (!silent) /* else workers had their time already: without heartbeats, they send none */
        memory->listening_since_ms = now_ms;
    subscribe(probe, memory->listening, deadline_ms);
}

/* Whether nobody could be expected to have sent a heartbeat so far. */
static bool is_early(const struct memory *memory)
{
    return clock_boot_ms() - memory->listening_since_ms < LISTEN_FIRST_MS;
}

/* Workers without heartbeats, or with a task so long that none came, make the sum a false one. */
static int64_t active_tasks(const struct memory *memory, const struct celery_facts *facts)
{
    int64_t workers =
        facts->subscribed < facts->active_workers ? facts->active_workers : facts->subscribed;
    int64_t heard = heartbeats_workers(&memory->heartbeats);

    if (memory->listening == NULL || heard < workers || (heard == 0 && is_early(memory)))
        return -1;
    return heartbeats_active_tasks(&memory->heartbeats);
}

static void judge_workers(struct probe *probe, const struct celery_facts *facts,
                          struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    int64_t now_ms = clock_boot_ms();
    bool none = memory->passive ? facts->active_workers == 0 : facts->subscribed == 0;

    if (none) {
        probe->hurry = true;
        if (memory->no_workers_since_ms == 0)
            memory->no_workers_since_ms = now_ms;
        outcome_set(outcome,
                    now_ms - memory->no_workers_since_ms < memory->grace_ms ? OUTCOME_DEGRADED
                                                                            : OUTCOME_ERROR,
                    HEALTH_REASON_NO_WORKERS, 0);
        return;
    }
    memory->no_workers_since_ms = 0;
    if (!memory->passive && facts->active_workers == 0)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 0);
    if (!memory->passive && facts->active_workers < facts->subscribed)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_SOME_BUSY, 0);
    if (facts->active_workers < memory->expected_workers)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_FEWER_WORKERS, 0);
}

static bool queues_are_due(const struct memory *memory)
{
    return !memory->queues_are_configured && clock_boot_ms() >= memory->queues_due_ms;
}

/* Learns the queues from the workers that are awake, now and then and when their number changes.
 * Where the ping has used up all the time, the next round's leaves some. */
static enum probe_result ask_queues(const struct celery_ask *ping, struct memory *memory,
                                    int64_t until_ms, struct outcome *outcome)
{
    struct pidbox_queues found = { .count = 0 };
    struct celery_ask ask = *ping;
    int64_t now_ms = clock_boot_ms();
    enum probe_result result;

    ask.until_ms = until_ms;
    if (ping->answered > 0 && ping->answered != memory->queues_asked_of)
        memory->queues_due_ms = 0;
    if (ping->answered == 0 || !queues_are_due(memory) || clock_left_ms(until_ms) < QUEUES_MS)
        return PROBE_KEEP;
    ask.method = PIDBOX_ACTIVE_QUEUES;
    ask.queues = &found;
    ask.enough = ping->answered;
    ask.answered = 0;
    result = celery_ask(&ask, outcome);
    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    /* A worker that is silent now still consumes what it said before. */
    for (int i = 0; ask.answered < ask.subscribed && i < memory->queues.count; i++)
        pidbox_add_queue(&found, memory->queues.names[i]);
    memory->queues = found;
    memory->queues_due_ms = now_ms + QUEUES_EVERY_MS;
    memory->queues_asked_of = ask.answered;
    return PROBE_KEEP;
}

/* The answers to LLEN of one queue's priorities; what can't be counted makes it unknown. */
static int read_depth(struct resp *resp, int64_t deadline_ms, int64_t *ret_depth, struct error *err)
{
    int64_t depth = 0;

    for (int i = 0; i < PIDBOX_PRIORITIES; i++) {
        AUTO(resp_free) redisReply *reply = NULL;
        int code = resp_read(resp, deadline_ms, &reply, err);

        if (code != 0)
            return code;
        if (reply->type != REDIS_REPLY_INTEGER)
            depth = -1;
        else if (depth >= 0)
            depth += reply->integer;
    }
    *ret_depth = depth;
    return 0;
}

static int count_queues(const struct memory *memory, struct resp *resp, int64_t deadline_ms,
                        struct celery_facts *facts, struct error *err)
{
    const struct pidbox_queues *queues = &memory->queues;
    int code;

    for (int i = 0; i < queues->count; i++) {
        for (int priority = 0; priority < PIDBOX_PRIORITIES; priority++) {
            char key[PIDBOX_NAME_BYTES + PIDBOX_SUFFIX_BYTES];

            pidbox_queue_key(queues->names[i], priority, key);
            RESP_ADD(resp, "LLEN", key);
        }
    }
    code = resp_send(resp, deadline_ms, err);
    facts->queued_tasks = queues->count == 0 || queues->refused > 0 ? -1 : 0;
    facts->queue_count = queues->count;
    for (int i = 0; code == 0 && i < queues->count; i++) {
        struct celery_queue *queue = &facts->queues[i];

        (void)snprintf(queue->name, sizeof(queue->name), "%s", queues->names[i]);
        code = read_depth(resp, deadline_ms, &queue->depth, err);
        if (queue->depth < 0)
            facts->queued_tasks = -1;
        else if (facts->queued_tasks >= 0)
            facts->queued_tasks += queue->depth;
    }
    return code;
}

/* Asks everybody, and takes away what asking left behind, whatever became of it. */
static enum probe_result ask_workers(const struct celery_ask *question, int64_t deadline_ms,
                                     struct celery_facts *facts, struct outcome *outcome)
{
    struct celery_ask ask = *question;
    struct error err = { 0 };
    enum probe_result result = celery_ask(&ask, outcome);
    int code;

    if (result == PROBE_KEEP && outcome->status != OUTCOME_ERROR)
        result = ask_queues(&ask, ask.probe->memory, deadline_ms - ask.probe->check.timeout_ms / 4,
                            outcome);
    if (result == PROBE_LOST || result == PROBE_DROP)
        return result; /* the next round binds the same list, and takes it away */
    if (result == PROBE_OURS) {
        stream_ignore_cancel(resp_stream(ask.resp));
        deadline_ms = clock_boot_ms() + AFTER_CANCEL_MS;
    }
    code = celery_ask_end(&ask, deadline_ms, &err);
    if (code != 0 && result == PROBE_KEEP && outcome->status != OUTCOME_ERROR)
        return probe_judge_failure(ask.probe, code, &err, outcome);
    facts->subscribed = ask.subscribed;
    facts->active_workers = ask.answered;
    return result;
}

/* In the first look there was no time yet for anybody's heartbeat. */
static void await_heartbeat(struct memory *memory, int64_t until_ms)
{
    while (memory->listening != NULL && heartbeats_workers(&memory->heartbeats) == 0
           && is_early(memory) && clock_left_ms(until_ms) > 0)
        hear(memory);
}

static enum probe_result ping_broker(const struct probe *probe, struct resp *resp,
                                     int64_t deadline_ms, struct outcome *outcome)
{
    AUTO(resp_free) redisReply *reply = NULL;
    struct error err = { 0 };
    int code;

    RESP_ADD(resp, "PING");
    code = resp_send(resp, deadline_ms, &err);
    if (code == 0)
        code = resp_read(resp, deadline_ms, &reply, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    return reply->type == REDIS_REPLY_ERROR ? resp_judge(reply, outcome) : PROBE_KEEP;
}

static enum probe_result find_workers(struct probe *probe, struct resp *resp, int64_t deadline_ms,
                                      struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    struct celery_facts *facts = &outcome->facts.celery;
    /* The second question, counting the queues and the clean-up need their time too. */
    int64_t quarter_ms = probe->check.timeout_ms / 4;
    int64_t until_ms = deadline_ms - quarter_ms * (queues_are_due(memory) ? 2 : 1);
    const struct celery_ask question = { .probe = probe,
                                         .pidbox = &memory->pidbox,
                                         .resp = resp,
                                         .method = PIDBOX_PING,
                                         .until_ms = until_ms };
    enum probe_result result;

    if (!memory->passive)
        return ask_workers(&question, deadline_ms, facts, outcome);
    result = ping_broker(probe, resp, until_ms, outcome);
    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    await_heartbeat(memory, until_ms);
    facts->subscribed = -1;
    facts->active_workers = heartbeats_workers(&memory->heartbeats);
    return PROBE_KEEP;
}

static enum probe_result look_celery(struct probe *probe, void *link, int64_t deadline_ms,
                                     struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    struct celery_facts *facts = &outcome->facts.celery;
    struct error err = { 0 };
    enum probe_result result;
    int code;

    keep_listening(probe, clock_boot_ms() + probe->check.timeout_ms / LISTEN_SHARE);
    result = find_workers(probe, link, deadline_ms, outcome);
    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    code = count_queues(memory, link, deadline_ms, facts, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    heartbeats_expire(&memory->heartbeats, clock_boot_ms());
    facts->active_tasks = active_tasks(memory, facts);
    outcome->has_facts = true;
    judge_workers(probe, facts, outcome);
    /* Heartbeats have not had the time to come: 10 s would be a long time to know nothing. */
    if (facts->active_tasks < 0 && memory->listening != NULL && is_early(memory))
        probe->hurry = true;
    return PROBE_KEEP;
}

static void close_celery(struct probe *probe, void *link)
{
    struct resp *resp = link;

    (void)probe;
    resp_close(&resp);
}

static int watch_celery(const struct probe *probe, void *link, int fds[PROBE_WATCHED])
{
    const struct memory *memory = probe->memory;

    fds[0] = stream_fd(resp_stream(link));
    if (memory->listening == NULL)
        return 1;
    fds[1] = stream_fd(resp_stream(memory->listening));
    return 2;
}

static bool heed_celery(struct probe *probe, void *link, int fd)
{
    struct memory *memory = probe->memory;

    if (fd == stream_fd(resp_stream(link)))
        return stream_news(resp_stream(link)) == STREAM_QUIET;
    if (memory->listening != NULL)
        hear(memory);
    return true;
}

const struct probe_kind celery_kind = {
    .prepare = prepare_celery,
    .forget = forget_celery,
    .open = open_celery,
    .look = look_celery,
    .close = close_celery,
    .watch = watch_celery,
    .heed = heed_celery,
};
