/* redis_trend.h - what only several looks can tell of a Redis: how fast it evicts, whether it turns
 * clients away.  Pure.
 */
#ifndef PROBE_REDIS_TREND_H
#define PROBE_REDIS_TREND_H

#include "probe/redis_info.h"

/* A minute, looked at every 5 s, and its edge. */
enum { REDIS_TREND_SAMPLES = 13 };

struct redis_sample {
    int64_t at_ms; /* boot clock */
    int64_t evicted_keys;
};

/* All zero at the start. */
struct redis_trend {
    struct redis_sample samples[REDIS_TREND_SAMPLES]; /* the oldest first */
    int count;
    int64_t rejected_before; /* as the last look found it, plus 1: 0 is none */
};

/* Takes one look in: fills facts.redis.evicted_per_minute and judges both figures.  The rate is
 * that of the last minute, or of as much of it as has been seen, 5 s at least; unknown before. */
void redis_trend_take(struct redis_trend *trend, const struct redis_info *info, int64_t now_ms,
                      const struct check_limits *limits, struct outcome *outcome);

#endif
