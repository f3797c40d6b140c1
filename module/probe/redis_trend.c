/* redis_trend.c - counters of the server, kept for a minute. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/redis_trend.h"

#include <string.h>

enum { SAMPLE_MS = 5 * 1000, MINUTE_MS = 60 * 1000 };

static struct redis_sample *last_of(struct redis_trend *trend)
{
    return &trend->samples[trend->count - 1];
}

static void drop_oldest(struct redis_trend *trend)
{
    trend->count--;
    memmove(trend->samples, trend->samples + 1, (size_t)trend->count * sizeof(trend->samples[0]));
}

/* Keeps a sample every 5 s; the one at the edge of the minute stays until the next one is as old.
 */
static void keep_sample(struct redis_trend *trend, int64_t evicted_keys, int64_t now_ms)
{
    if (trend->count > 0 && evicted_keys < last_of(trend)->evicted_keys)
        trend->count = 0; /* another server, or one that has started anew */
    while (trend->count > 1 && now_ms - trend->samples[1].at_ms >= MINUTE_MS)
        drop_oldest(trend);
    if (trend->count > 0 && now_ms - last_of(trend)->at_ms < SAMPLE_MS)
        return;
    if (trend->count == REDIS_TREND_SAMPLES)
        drop_oldest(trend);
    trend->samples[trend->count++] = (struct redis_sample){ now_ms, evicted_keys };
}

/* Rounded up: one key in a minute and a half is not none. */
static int64_t rate_of(const struct redis_trend *trend, int64_t evicted_keys, int64_t now_ms)
{
    int64_t span_ms = now_ms - trend->samples[0].at_ms;
    int64_t keys = evicted_keys - trend->samples[0].evicted_keys;

    if (span_ms < SAMPLE_MS)
        return -1;
    if (keys > INT64_MAX / MINUTE_MS - 1)
        return keys / span_ms * MINUTE_MS;
    return (keys * MINUTE_MS + span_ms - 1) / span_ms;
}

/* Clients that were turned away are as many trouble as a full server, also when the next look finds
 * room again.  Protected mode turns clients away too and counts them in the same place: so only
 * where the limit is within reach. */
static void judge_rejected(struct redis_trend *trend, const struct redis_info *info,
                           struct outcome *outcome)
{
    bool grew =
        trend->rejected_before > 0 && info->rejected_connections > trend->rejected_before - 1;

    if (info->rejected_connections >= 0)
        trend->rejected_before = info->rejected_connections + 1;
    if (grew && info->maxclients > 0 && info->connected_clients >= info->maxclients / 2)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_TOO_MANY_CONNECTIONS, 0);
}

void redis_trend_take(struct redis_trend *trend, const struct redis_info *info, int64_t now_ms,
                      const struct check_limits *limits, struct outcome *outcome)
{
    int64_t rate = -1;

    if (info->evicted_keys >= 0) {
        keep_sample(trend, info->evicted_keys, now_ms);
        rate = rate_of(trend, info->evicted_keys, now_ms);
    }
    outcome->facts.redis.evicted_per_minute = rate;
    judge_rejected(trend, info, outcome);
    if (limits->evicted_per_minute >= 0 && rate > limits->evicted_per_minute)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_EVICTING, rate);
}
