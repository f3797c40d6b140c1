/* pace.c - how long a check pauses until its next look. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/pace.h"

#include "base/random.h"

/* From 88 to 97 %: the rest is for waking up, judging and publishing, because the whole interval is
 * a part of the time that a failure may take to show. */
int64_t pace_interval_ms(int64_t interval_ms)
{
    return random_jitter(interval_ms * 37 / 40, 5);
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

/* Whether the server is sure to hold a connection of ours between two looks. */
static bool keeps_connection(enum check_kind kind)
{
    return kind == CHECK_POSTGRES || kind == CHECK_REDIS || kind == CHECK_CELERY;
}

/* From the first failure to the one that counts: the second look, then pauses at their longest. */
static int64_t doubt_ms(const struct check_config *check)
{
    int64_t pause_ms = check->interval_ms < PACE_DOUBT_MS ? check->interval_ms : PACE_DOUBT_MS;

    if (check->fall < 2)
        return 0;
    pause_ms += pause_ms * PACE_DOUBT_JITTER_PERCENT / 100;
    return PACE_SECOND_LOOK_MS + (check->fall - 2) * pause_ms;
}

void pace_bounds(const struct check_config *check, struct pace_bounds *ret)
{
    int64_t doubt = doubt_ms(check);
    int64_t looks_ms = check->fall * check->timeout_ms;
    bool told = keeps_connection(check->kind);
    /* Where rounds are rarer than fresh connections are asked for, each opens one. */
    int64_t fresh_ms = check->fresh_interval_ms > check->interval_ms ? check->fresh_interval_ms
                                                                     : check->interval_ms;

    *ret = (struct pace_bounds){
        .doubt_ms = doubt,
        .refused_ms = (told ? 0 : check->interval_ms) + doubt,
        .hung_ms = check->interval_ms + looks_ms + doubt,
        .fresh_ms = fresh_ms + looks_ms + doubt,
        .is_told = told,
    };
    /* Such a look is nothing but a fresh connection. */
    if (check->kind == CHECK_TCP || check->kind == CHECK_TLS)
        ret->fresh_ms = ret->hung_ms;
}
