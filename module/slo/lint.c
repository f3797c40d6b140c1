/* lint.c - the detection table of an objective: Site Reliability Workbook, chapter 5. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/lint.h"

#include <stddef.h>

enum {
    MINUTE_S = 60,
    /* Two values of so many bits, and a window's seconds, can be multiplied. */
    SHORT_BITS = 50,
};

static struct fraction product(struct fraction a, struct fraction b)
{
    a = fraction_shorten(a, SHORT_BITS);
    b = fraction_shorten(b, SHORT_BITS);
    return fraction_shorten(
        (struct fraction){ a.numerator * b.numerator, a.denominator * b.denominator }, SHORT_BITS);
}

static struct fraction times(struct fraction a, int64_t by)
{
    a = fraction_shorten(a, SHORT_BITS);
    return (struct fraction){ a.numerator * by, a.denominator };
}

static struct fraction slack_of(struct fraction target)
{
    return (struct fraction){ target.denominator - target.numerator, target.denominator };
}

static struct fraction one_minus(struct fraction value)
{
    return (struct fraction){ value.denominator - value.numerator, value.denominator };
}

static struct fraction never(void)
{
    return fraction_of(-1, 1);
}

/* --- burn rates --- */

static unsigned burn_flaws(const struct objective *objective, const struct alert_rule *rule)
{
    struct fraction slack = slack_of(objective->target);
    struct fraction fastest = { slack.denominator, slack.numerator };
    int32_t shortest = rule->short_minutes > 0 ? rule->short_minutes : rule->long_minutes;
    unsigned flaws = 0;

    if (fraction_compare(rule->threshold, fastest) >= 0)
        flaws |= LINT_UNREACHABLE;
    if (rule->long_minutes > objective->window_minutes)
        flaws |= LINT_BEYOND_WINDOW;
    if (rule->short_minutes >= rule->long_minutes)
        flaws |= LINT_SHORT_IS_LONG;
    if (objective->budgeting != BUDGETING_OCCURRENCES && shortest < objective->slice_minutes)
        flaws |= LINT_BELOW_SLICE;
    return flaws;
}

/* A full outage that has lasted for t is t/long of the long window: it fires at
 * t = f * (1-target) * long.  By then t / ((1-target) * period) of the budget is gone, which is
 * f * long / period. */
static struct lint_row burn_row(const struct objective *objective, const struct alert_rule *rule)
{
    struct fraction share = product(rule->threshold, slack_of(objective->target));
    struct lint_row row = {
        .rule = rule,
        .flaws = burn_flaws(objective, rule),
        .error_share = share,
        .detect_s = times(share, (int64_t)rule->long_minutes * MINUTE_S),
        .budget_used =
            product(rule->threshold, fraction_of(rule->long_minutes, objective->window_minutes)),
    };

    if ((row.flaws & LINT_UNREACHABLE) != 0)
        row.detect_s = never();
    return row;
}

/* --- what is left of the budget --- */

static struct lint_row budget_row(const struct objective *objective, const struct alert_rule *rule)
{
    struct fraction used = one_minus(rule->threshold);
    struct lint_row row = {
        .rule = rule,
        .error_share = used,
        .detect_s = times(product(used, slack_of(objective->target)),
                          (int64_t)objective->window_minutes * MINUTE_S),
        .budget_used = used,
    };

    if (fraction_compare(rule->clears_at, rule->threshold) < 0)
        row.flaws |= LINT_NEVER_CLEARS;
    return row;
}

int lint_rules(const struct objective *objective, struct lint_row rows[], int max)
{
    int count = objective->rule_count < max ? objective->rule_count : max;

    for (int i = 0; i < count; i++) {
        const struct alert_rule *rule = &objective->rules[i];

        rows[i] =
            rule->kind == RULE_BURN_RATE ? burn_row(objective, rule) : budget_row(objective, rule);
    }
    return count;
}

unsigned lint_objective(const struct objective *objective)
{
    bool sliced = objective->budgeting != BUDGETING_OCCURRENCES && objective->slice_minutes > 0;
    unsigned flaws = 0;

    if (objective->composite)
        flaws |= LINT_COMPOSITE;
    /* Slices are kept for the longest window, whatever it is. */
    if (!sliced && objective->window_minutes > LIMIT_RETENTION_MINUTES)
        flaws |= LINT_WINDOW_BEYOND_RETENTION;
    if (sliced && objective->calendar.unit == CALENDAR_NONE
        && objective->window_minutes % objective->slice_minutes != 0)
        flaws |= LINT_WINDOW_NOT_OF_SLICES;
    if (sliced && objective->budgeting == BUDGETING_TIMESLICES
        && fraction_compare(times(slack_of(objective->target),
                                  objective->window_minutes / objective->slice_minutes),
                            fraction_of(1, 1))
               <= 0)
        flaws |= LINT_FEW_SLICES;
    return flaws;
}
