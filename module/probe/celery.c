/* celery.c - the check of Celery's workers, over their Redis broker.
 *
 * Two sources, neither the whole truth: replies to a ping (a worker that is subscribed and answers
 * consumes too) and heartbeats (how many tasks run; `inspect active` would hand out arguments).
 * What they come to is celery_judge's.  In passive mode nothing is ever published and heartbeats
 * alone decide. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/stream.h"
#include "probe/celery_ask.h"
#include "probe/celery_judge.h"
#include "probe/celery_listener.h"
#include "probe/celery_queues.h"
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
    LISTEN_SHARE = 4, /* the part of a look's time that opening the second connection may take */
    AFTER_CANCEL_MS = 500, /* the running BRPOP, and the clean-up behind it */
};

struct memory {
    /* set before start, read-only afterwards */
    struct pidbox pidbox;
    /* prober thread only */
    struct celery_queues queues;
    int64_t queues_due_ms;
    int64_t queues_asked_of; /* how many workers were subscribed then */
    uint64_t queues_told_by; /* and which ones answered a ping */
    struct celery_listener listener;
    struct celery_judge judge;
};

static int prepare_celery(struct probe *probe, const struct config *config, struct error *err)
{
    const struct pidbox_place place = { .database = probe->check.target.database,
                                        .prefix = probe->check.celery.key_prefix };
    struct memory *memory = calloc(1, sizeof(*memory));
    char oid[RANDOM_UUID_BYTES];

    (void)config;
    if (memory == NULL)
        return error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
    celery_queues_init(&memory->queues, &probe->check.celery);
    random_uuid(oid);
    pidbox_init(&memory->pidbox, &place, oid);
    probe->memory = memory;
    return 0;
}

static void forget_celery(struct probe *probe)
{
    struct memory *memory = probe->memory;

    celery_listener_close(&memory->listener);
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

/* --- who is there --- */

/* Now and then, when other workers are there than before, and while somebody should begin to
 * consume a queue. */
static bool queues_are_due(const struct memory *memory)
{
    return clock_boot_ms() >= memory->queues_due_ms || celery_queues_lack_consumer(&memory->queues);
}

/* Learns the queues from the workers that are awake.  Where the ping has used up all the time, the
 * next round's leaves some. */
static enum probe_result ask_queues(const struct celery_ask *ping, struct memory *memory,
                                    int64_t until_ms, struct outcome *outcome)
{
    struct pidbox_queues found;
    struct celery_ask ask = *ping;
    enum probe_result result;

    if (ping->subscribed != memory->queues_asked_of) {
        celery_queues_doubt(&memory->queues);
        memory->queues_due_ms = 0;
    }
    if (ping->nodes != memory->queues_told_by)
        memory->queues_due_ms = 0;
    if (ping->answered == 0 || !queues_are_due(memory) || clock_left_ms(until_ms) < QUEUES_MS)
        return PROBE_KEEP;
    celery_queues_ask(&memory->queues, &found);
    ask.until_ms = until_ms;
    ask.method = PIDBOX_ACTIVE_QUEUES;
    ask.queues = &found;
    ask.enough = ping->answered;
    ask.answered = 0;
    result = celery_ask(&ask, outcome);
    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    celery_queues_learn(&memory->queues, &found, ask.answered == ask.subscribed);
    memory->queues_due_ms = clock_boot_ms() + QUEUES_EVERY_MS;
    memory->queues_asked_of = ask.subscribed;
    memory->queues_told_by = ping->nodes;
    return PROBE_KEEP;
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

/* Who can't listen knows nothing of the workers, and says so. */
static enum probe_result listen_for_workers(struct probe *probe, struct resp *resp,
                                            int64_t until_ms, struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    struct celery_listener *listener = &memory->listener;
    struct celery_facts *facts = &outcome->facts.celery;
    enum probe_result result = ping_broker(probe, resp, until_ms, outcome);

    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    celery_listener_await(listener, until_ms);
    if (listener->trouble != HEALTH_REASON_NONE)
        outcome_set(outcome, OUTCOME_ERROR, listener->trouble, listener->number);
    facts->subscribed = -1;
    facts->active_workers = heartbeats_workers(&listener->heartbeats);
    return PROBE_KEEP;
}

static enum probe_result find_workers(struct probe *probe, struct resp *resp, int64_t deadline_ms,
                                      struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    /* The second question, counting the queues and the clean-up need their time too. */
    int64_t quarter_ms = probe->check.timeout_ms / 4;
    int64_t until_ms = deadline_ms - quarter_ms * (queues_are_due(memory) ? 2 : 1);
    const struct celery_ask question = { .probe = probe,
                                         .pidbox = &memory->pidbox,
                                         .resp = resp,
                                         .method = PIDBOX_PING,
                                         .until_ms = until_ms };

    if (probe->check.celery.passive)
        return listen_for_workers(probe, resp, until_ms, outcome);
    return ask_workers(&question, deadline_ms, &outcome->facts.celery, outcome);
}

/* --- what waits --- */

/* Adds up the answers to one question each; what can't be counted makes the sum unknown. */
static int read_sum(struct resp *resp, int count, int64_t deadline_ms, int64_t *ret_sum,
                    struct error *err)
{
    int64_t sum = 0;

    for (int i = 0; i < count; i++) {
        AUTO(resp_free) redisReply *reply = NULL;
        int code = resp_read(resp, deadline_ms, &reply, err);

        if (code != 0)
            return code;
        /* No list and no hash of Redis holds more. */
        if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 || reply->integer > UINT32_MAX)
            sum = -1;
        else if (sum >= 0)
            sum += reply->integer;
    }
    *ret_sum = sum;
    return 0;
}

static void add_questions(const struct memory *memory, struct resp *resp)
{
    char key[PIDBOX_KEY_BYTES];

    for (int i = 0; i < memory->queues.count; i++) {
        for (int priority = 0; priority < PIDBOX_PRIORITIES; priority++) {
            pidbox_queue_key(&memory->pidbox, memory->queues.list[i].name, priority, key);
            RESP_ADD(resp, "LLEN", key);
        }
    }
    (void)snprintf(key, sizeof(key), "%sunacked", memory->pidbox.prefix);
    RESP_ADD(resp, "HLEN", key);
}

static int count_queues(struct memory *memory, struct resp *resp, int64_t deadline_ms,
                        struct celery_facts *facts, struct error *err)
{
    const struct celery_count now = { clock_boot_ms(), clock_wall_ms() };
    int code;

    add_questions(memory, resp);
    code = resp_send(resp, deadline_ms, err);
    for (int i = 0; code == 0 && i < memory->queues.count; i++) {
        int64_t depth = -1;

        code = read_sum(resp, PIDBOX_PRIORITIES, deadline_ms, &depth, err);
        celery_queues_count(&memory->queues, i, depth, &now);
    }
    if (code == 0)
        code = read_sum(resp, 1, deadline_ms, &facts->unacked_tasks, err);
    celery_queues_tidy(&memory->queues, now.boot_ms);
    celery_queues_fill(&memory->queues, facts);
    return code;
}

/* --- the look --- */

/* Workers without heartbeats, or with a task so long that none came, make the sum a false one. */
static void fill_heard(const struct celery_listener *listener, struct celery_facts *facts)
{
    int64_t workers =
        facts->subscribed < facts->active_workers ? facts->active_workers : facts->subscribed;

    facts->heard_workers = celery_listener_workers(listener);
    facts->active_tasks = facts->heard_workers < workers || facts->heard_workers < 0
                              ? -1
                              : heartbeats_active_tasks(&listener->heartbeats);
}

static void judge(struct probe *probe, struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    struct celery_listener *listener = &memory->listener;
    struct celery_facts *facts = &outcome->facts.celery;
    struct celery_view view = { .celery = &probe->check.celery,
                                .limits = &probe->check.limits,
                                .queues = &memory->queues,
                                .now_ms = clock_boot_ms() };

    heartbeats_expire(&listener->heartbeats, view.now_ms);
    fill_heard(listener, facts);
    view.heard_lately =
        heartbeats_workers_since(&listener->heartbeats, memory->judge.deaf_since_ms);
    view.processed_tasks =
        facts->active_tasks < 0 ? -1 : heartbeats_processed_tasks(&listener->heartbeats);
    outcome->has_facts = true;
    probe->hurry = celery_judge(&memory->judge, &view, outcome);
    /* Heartbeats have not had the time to come: 10 s would be a long time to know nothing. */
    if (facts->active_tasks < 0 && listener->resp != NULL && celery_listener_is_early(listener))
        probe->hurry = true;
}

static enum probe_result look_celery(struct probe *probe, void *link, int64_t deadline_ms,
                                     struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    struct error err = { 0 };
    enum probe_result result;
    int code;

    celery_listener_keep(&memory->listener, probe,
                         clock_boot_ms() + probe->check.timeout_ms / LISTEN_SHARE);
    result = find_workers(probe, link, deadline_ms, outcome);
    if (result != PROBE_KEEP || outcome->status == OUTCOME_ERROR)
        return result;
    code = count_queues(memory, link, deadline_ms, &outcome->facts.celery, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    judge(probe, outcome);
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
    if (memory->listener.resp == NULL)
        return 1;
    fds[1] = stream_fd(resp_stream(memory->listener.resp));
    return 2;
}

static bool heed_celery(struct probe *probe, void *link, int fd)
{
    struct memory *memory = probe->memory;

    if (fd == stream_fd(resp_stream(link)))
        return stream_news(resp_stream(link)) == STREAM_QUIET;
    if (memory->listener.resp != NULL)
        celery_listener_hear(&memory->listener);
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
