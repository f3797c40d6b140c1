/* rule.c - the default rules, as shares of the budget. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/rule.h"

#include <stdio.h>

enum { HOUR = 60, DAY = 24 * HOUR, PERCENT = 100 };

struct rule_share {
    const char *name;
    enum rule_severity severity;
    int percent; /* of the budget that is gone when it fires */
    int32_t long_minutes;
    int32_t short_minutes;
    int tier;
};

/* Site Reliability Workbook, chapter 5, table 5-8. */
static const struct rule_share burns[] = {
    { "page-fast-burn", SEVERITY_CRITICAL, 2, HOUR, 5, 1 },
    { "page-slow-burn", SEVERITY_CRITICAL, 5, 6 * HOUR, 30, 2 },
    { "ticket-slow-burn", SEVERITY_WARNING, 10, 3 * DAY, 6 * HOUR, 3 },
};

/* In the sample rules of the same chapter, beside the ticket of the table: of its tier. */
static const struct rule_share day_burn = {
    "ticket-day-burn", SEVERITY_WARNING, 10, DAY, 2 * HOUR, 3,
};

enum { BURNS = (int)(sizeof(burns) / sizeof(burns[0])) };

struct fraction rule_threshold(struct fraction share, int32_t period_minutes, int32_t long_minutes)
{
    return (struct fraction){ share.numerator * period_minutes, share.denominator * long_minutes };
}

static struct alert_rule burn_rule(const struct rule_share *burn, int32_t period_minutes)
{
    struct alert_rule rule = {
        .kind = RULE_BURN_RATE,
        .severity = burn->severity,
        .long_minutes = burn->long_minutes,
        .short_minutes = burn->short_minutes,
        .threshold =
            rule_threshold(fraction_of(burn->percent, PERCENT), period_minutes, burn->long_minutes),
        .clears_at = fraction_of(0, 1),
        .tier = burn->tier,
    };

    (void)snprintf(rule.name, sizeof(rule.name), "%s", burn->name);
    return rule;
}

/* A rolling budget heals, so the end of these two lies above their beginning.  They never suppress
 * a burn and no burn suppresses them: they speak of the whole window. */
static struct alert_rule budget_rule(const char *name, int left_percent, int clears_percent)
{
    struct alert_rule rule = {
        .kind = RULE_BUDGET_LEFT,
        .severity = SEVERITY_WARNING,
        .threshold = fraction_of(left_percent, PERCENT),
        .clears_at = fraction_of(clears_percent, PERCENT),
    };

    (void)snprintf(rule.name, sizeof(rule.name), "%s", name);
    return rule;
}

void rule_defaults(int32_t period_minutes, struct alert_rule rules[RULE_DEFAULT_COUNT])
{
    for (int i = 0; i < BURNS; i++)
        rules[i] = burn_rule(&burns[i], period_minutes);
    rules[BURNS] = budget_rule("budget-low", 20, 25);
    rules[BURNS + 1] = budget_rule("budget-exhausted", 0, 5);
}

void rule_day_burn(int32_t period_minutes, struct alert_rule *ret)
{
    *ret = burn_rule(&day_burn, period_minutes);
}

const char *rule_severity_text(enum rule_severity severity)
{
    static const char *const texts[] = { "info", "warning", "critical" };

    return texts[severity];
}
