/* redis.c - the check of a Redis server: INFO twice and PING in one round trip.
 *
 * A PONG alone is never ok, because a server that lost its master or is full answers it too: where
 * INFO is refused the check is degraded, and its facts are unknown. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/stream.h"
#include "probe/kind.h"
#include "probe/redis_commands.h"
#include "probe/redis_info.h"
#include "probe/redis_trend.h"
#include "probe/resp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    struct redis_facts known; /* unknown, but for the commands, which keep their places */
    struct redis_trend trend;
};

static int prepare_redis(struct probe *probe, const struct config *config, struct error *err)
{
    struct memory *memory = calloc(1, sizeof(*memory));

    (void)config;
    if (memory == NULL)
        return error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
    memory->known = redis_facts_unknown;
    probe->memory = memory;
    return 0;
}

static void forget_redis(struct probe *probe)
{
    auto_free(&probe->memory);
}

static enum probe_result open_redis(struct probe *probe, int64_t deadline_ms, void **ret,
                                    struct outcome *outcome)
{
    struct resp *resp = NULL;
    enum probe_result result = resp_open(probe, deadline_ms, &resp, outcome);

    if (result == PROBE_KEEP)
        *ret = resp;
    return result;
}

static enum probe_result judge_ping(const redisReply *ping, struct outcome *outcome)
{
    if (ping->type == REDIS_REPLY_ERROR)
        return resp_judge(ping, outcome);
    if (ping->type == REDIS_REPLY_STATUS && strcmp(ping->str, "PONG") == 0)
        return PROBE_KEEP;
    probe_set_detail(outcome, "redis: PING was not answered with PONG");
    outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL, 0);
    return PROBE_DROP;
}

/* What it says; nothing when the user may not ask. */
static struct slice text_of(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING)
        return (struct slice){ "", 0 };
    return (struct slice){ reply->str, reply->len };
}

/* PING was answered, INFO was not. */
static void judge_refusal(const redisReply *info, struct outcome *outcome)
{
    enum health_reason reason = HEALTH_REASON_PROTOCOL;

    if (info->type == REDIS_REPLY_ERROR) {
        probe_set_detail(outcome, info->str);
        reason = resp_reason((struct slice){ info->str, info->len });
    }
    if (reason == HEALTH_REASON_PERMISSION)
        reason = HEALTH_REASON_INFO_REFUSED;
    outcome_set(outcome, OUTCOME_DEGRADED, reason, 0);
}

static void judge_info(const struct probe *probe, const redisReply *reply,
                       const struct redis_info *info, struct outcome *outcome)
{
    struct memory *memory = probe->memory;

    redis_info_judge(info, &probe->check.limits, outcome);
    redis_trend_take(&memory->trend, info, clock_boot_ms(), &probe->check.limits, outcome);
    if (info->known_fields == 0 && outcome->status == OUTCOME_OK)
        judge_refusal(reply, outcome);
}

/* A cluster of which a part is missing answers PING and INFO, and refuses everything else. */
static int look_at_cluster(struct resp *resp, int64_t deadline_ms, struct outcome *outcome,
                           struct error *err)
{
    AUTO(resp_free) redisReply *reply = NULL;
    int code;

    RESP_ADD(resp, "CLUSTER", "INFO");
    code = resp_send(resp, deadline_ms, err);
    if (code == 0)
        code = resp_read(resp, deadline_ms, &reply, err);
    if (code == 0)
        redis_info_judge_cluster(text_of(reply), outcome);
    return code;
}

static int ask(struct resp *resp, int64_t deadline_ms, redisReply *replies[3], struct error *err)
{
    int code;

    RESP_ADD(resp, "INFO");
    RESP_ADD(resp, "INFO", "commandstats");
    RESP_ADD(resp, "PING");
    code = resp_send(resp, deadline_ms, err);
    for (int i = 0; code == 0 && i < 3; i++)
        code = resp_read(resp, deadline_ms, &replies[i], err);
    return code;
}

static void free_replies(redisReply *(*replies)[3])
{
    for (int i = 0; i < 3; i++)
        resp_free(&(*replies)[i]);
}

static enum probe_result look_redis(struct probe *probe, void *link, int64_t deadline_ms,
                                    struct outcome *outcome)
{
    AUTO(free_replies) redisReply *replies[3] = { NULL };
    struct memory *memory = probe->memory;
    struct redis_info info;
    struct error err = { 0 };
    enum probe_result result;
    struct slice counts;
    int code = ask(link, deadline_ms, replies, &err);

    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    counts = text_of(replies[1]);
    if (counts.length > 0) /* else unknown, not 0 */
        redis_commands_parse(counts, &memory->known);
    outcome->facts.redis = memory->known;
    redis_info_parse(text_of(replies[0]), &info);
    result = judge_ping(replies[2], outcome);
    if (result == PROBE_KEEP && info.cluster_enabled == 1)
        code = look_at_cluster(link, deadline_ms, outcome, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    judge_info(probe, replies[0], &info, outcome);
    return result;
}

static void close_redis(struct probe *probe, void *link)
{
    struct resp *resp = link;

    (void)probe;
    resp_close(&resp);
}

static int watch_redis(const struct probe *probe, void *link, int fds[PROBE_WATCHED])
{
    (void)probe;
    fds[0] = stream_fd(resp_stream(link));
    return 1;
}

/* Redis says nothing unasked on such a connection; whatever comes, the next reply would not be
 * ours. */
static bool heed_redis(struct probe *probe, void *link, int fd)
{
    (void)probe;
    (void)fd;
    return stream_news(resp_stream(link)) == STREAM_QUIET;
}

const struct probe_kind redis_kind = {
    .prepare = prepare_redis,
    .forget = forget_redis,
    .open = open_redis,
    .look = look_redis,
    .close = close_redis,
    .watch = watch_redis,
    .heed = heed_redis,
};
