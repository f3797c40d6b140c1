/* budget.c - how much of the error budget is left, and how fast it goes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/budget.h"

#include <assert.h>

enum {
    ENOUGH_BAD_EVENTS = 10, /* as many as an objective must allow before it is judged */
    FORECAST_BITS = 50,     /* two of them and a window's seconds fit 128 bits */
    COUNT_BITS = 62,        /* counts beyond are no counts: see fraction.h */
};

/* (1-target) as numerator over the target's denominator. */
static int128 slack_of(struct fraction target)
{
    int128 slack = target.denominator - target.numerator;

    assert(slack > 0);
    return slack;
}

static bool is_count(uint64_t count)
{
    return count >> COUNT_BITS == 0;
}

struct fraction budget_allowed(struct fraction target, struct window_sum sum)
{
    assert(is_count(sum.total));
    return (struct fraction){ slack_of(target) * (int128)sum.total, target.denominator };
}

struct fraction budget_remaining(struct fraction target, struct window_sum sum)
{
    int128 allowed = slack_of(target) * (int128)sum.total;

    assert(is_count(sum.total) && is_count(sum.bad));
    if (sum.total == 0)
        return (struct fraction){ 1, 1 };
    return (struct fraction){ allowed - (int128)sum.bad * target.denominator, allowed };
}

struct fraction budget_sli(struct window_sum sum)
{
    if (sum.total == 0)
        return (struct fraction){ 1, 1 };
    return (struct fraction){ (int128)sum.total - (int128)sum.bad, (int128)sum.total };
}

struct fraction budget_burn_rate(struct fraction target, struct window_sum sum)
{
    assert(is_count(sum.total) && is_count(sum.bad));
    if (sum.total == 0)
        return (struct fraction){ 0, 1 };
    return (struct fraction){ (int128)sum.bad * target.denominator,
                              slack_of(target) * (int128)sum.total };
}

enum budget_status budget_judge(struct fraction target, struct window_sum sum)
{
    struct fraction remaining = budget_remaining(target, sum);

    if (sum.total == 0)
        return BUDGET_NO_DATA;
    if (sum.bad < ENOUGH_BAD_EVENTS
        && fraction_compare(budget_allowed(target, sum), fraction_of(ENOUGH_BAD_EVENTS, 1)) < 0)
        return BUDGET_INSUFFICIENT_DATA;
    if (remaining.numerator <= 0)
        return BUDGET_BREACHED;
    return fraction_compare(remaining, fraction_of(1, 5)) < 0 ? BUDGET_AT_RISK : BUDGET_MET;
}

int64_t budget_exhausts_in_s(struct fraction target, struct window_sum whole,
                             struct window_sum last_hour, int32_t window_minutes)
{
    struct fraction left = budget_remaining(target, whole);
    struct fraction burn = budget_burn_rate(target, last_hour);
    int64_t window_s = (int64_t)window_minutes * 60;

    if (left.numerator <= 0)
        return 0;
    /* At burn rate 1 a whole budget lasts one window: what is left lasts left/burn of it. */
    if (whole.total == 0 || burn.numerator == 0 || fraction_compare(left, burn) >= 0)
        return -1;
    left = fraction_shorten(left, FORECAST_BITS);
    burn = fraction_shorten(burn, FORECAST_BITS);
    if (burn.numerator == 0)
        return -1;
    return (int64_t)(left.numerator * burn.denominator * window_s
                     / (left.denominator * burn.numerator));
}

const char *budget_status_text(enum budget_status status)
{
    static const char *const texts[] = {
        [BUDGET_NO_DATA] = "no_data",   [BUDGET_INSUFFICIENT_DATA] = "insufficient_data",
        [BUDGET_MET] = "met",           [BUDGET_AT_RISK] = "at_risk",
        [BUDGET_BREACHED] = "breached",
    };

    return texts[status];
}

/* The enumeration goes from best known to worst. */
enum budget_status budget_worse(enum budget_status a, enum budget_status b)
{
    return a > b ? a : b;
}
