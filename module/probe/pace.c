/* pace.c - how long a check pauses until its next look. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/pace.h"

#include "base/random.h"

int64_t pace_interval_ms(int64_t interval_ms)
{
    int64_t half_ms = interval_ms / 20;

    return random_jitter(interval_ms - half_ms, 5);
}

int64_t pace_pause_ms(const struct hysteresis *hysteresis, int64_t interval_ms, bool hurry)
{
    bool in_doubt = hysteresis_in_doubt(hysteresis);

    /* Only the first result against the state has a second look at once: fall = 5 must not turn
     * into five looks within half a second. */
    if (in_doubt && hysteresis->streak == 1)
        return PACE_SECOND_LOOK_MS;
    if (!in_doubt && !hurry && hysteresis->state == HYSTERESIS_UP)
        return pace_interval_ms(interval_ms);
    return random_jitter(interval_ms < PACE_DOUBT_MS ? interval_ms : PACE_DOUBT_MS,
                         PACE_DOUBT_JITTER_PERCENT);
}
