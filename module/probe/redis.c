/* redis.c - the check of a Redis server: INFO twice and PING in one round trip.
 *
 * A PONG alone is never ok, because a server that lost its master or is full answers it too.  A
 * user without the right to INFO is still judged by PING, with the facts unknown. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/stream.h"
#include "probe/kind.h"
#include "probe/redis_commands.h"
#include "probe/redis_info.h"
#include "probe/resp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The facts as last known: the commands in them keep their places. */
static int prepare_redis(struct probe *probe, const struct config *config, struct error *err)
{
    (void)config;
    probe->memory = calloc(1, sizeof(struct redis_facts));
    return probe->memory != NULL
               ? 0
               : error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
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

/* What INFO says; nothing when the user may not ask. */
static struct slice text_of(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING)
        return (struct slice){ "", 0 };
    return (struct slice){ reply->str, reply->len };
}

static void judge_info(const struct probe *probe, const redisReply *info,
                       const redisReply *commands, struct outcome *outcome)
{
    struct redis_facts *known = probe->memory;
    struct slice counts = text_of(commands);
    struct redis_info parsed;

    if (counts.length > 0) { /* else unknown, not 0 */
        redis_commands_parse(counts, known);
        outcome->facts.redis = *known;
    }
    redis_info_parse(text_of(info), &parsed);
    redis_info_judge(&parsed, outcome);
}

static enum probe_result look_redis(struct probe *probe, void *link, int64_t deadline_ms,
                                    struct outcome *outcome)
{
    AUTO(resp_free) redisReply *info = NULL;
    AUTO(resp_free) redisReply *ping = NULL;
    AUTO(resp_free) redisReply *commands = NULL;
    struct error err = { 0 };
    enum probe_result result;
    int code;

    RESP_ADD(link, "INFO");
    RESP_ADD(link, "INFO", "commandstats");
    RESP_ADD(link, "PING");
    code = resp_send(link, deadline_ms, &err);
    if (code == 0)
        code = resp_read(link, deadline_ms, &info, &err);
    if (code == 0)
        code = resp_read(link, deadline_ms, &commands, &err);
    if (code == 0)
        code = resp_read(link, deadline_ms, &ping, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    result = judge_ping(ping, outcome);
    judge_info(probe, info, commands, outcome);
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
