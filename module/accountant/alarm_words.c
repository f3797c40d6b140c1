/* alarm_words.c - figures rounded to the worse side, in words. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/alarm_words.h"

#include "base/buf.h"
#include "slo/budget.h"

#include <inttypes.h>
#include <stdio.h>

enum { HOUR = 60, DAY = 24 * HOUR, PERCENT = 100, RATE_DECIMALS = 2, SHARE_DECIMALS = 1 };

static void put_fraction(struct fraction value, int decimals, enum fraction_rounding rounding,
                         struct buf *buf)
{
    char text[FRACTION_TEXT_BYTES];

    fraction_print(value, decimals, rounding, text);
    buf_append_text(buf, text);
}

static void put_percent(struct fraction value, enum fraction_rounding rounding, struct buf *buf)
{
    value = fraction_shorten(value, 100);
    value.numerator *= PERCENT;
    put_fraction(value, SHARE_DECIMALS, rounding, buf);
    buf_append_text(buf, " %");
}

static void put_span(int32_t minutes, struct buf *buf)
{
    if (minutes % DAY == 0)
        buf_printf(buf, "%" PRId32 " d", minutes / DAY);
    else if (minutes % HOUR == 0)
        buf_printf(buf, "%" PRId32 " h", minutes / HOUR);
    else
        buf_printf(buf, "%" PRId32 " min", minutes);
}

/* Slices are no events, and their parts per billion nobody wants to read. */
static const char *unit_of(const struct objective *objective)
{
    return objective->budgeting == BUDGETING_TIMESLICES ? "slices" : "events";
}

static void put_burn(const struct objective *objective, struct window_sum sum, int32_t minutes,
                     struct buf *buf)
{
    put_fraction(budget_burn_rate(objective->target, sum), RATE_DECIMALS, FRACTION_UP, buf);
    buf_append_text(buf, " times too fast over ");
    put_span(minutes, buf);
    if (objective->budgeting != BUDGETING_RATIO_TIMESLICES)
        buf_printf(buf, " (%" PRIu64 " of %" PRIu64 " %s bad)", sum.bad, sum.total,
                   unit_of(objective));
}

static void put_burning(const struct objective *objective, const struct alert_rule *rule,
                        const struct alert_evidence *evidence, struct buf *buf)
{
    buf_printf(buf, "%s burns its error budget ", objective->name);
    put_burn(objective, evidence->long_sum, rule->long_minutes, buf);
    if (rule->short_minutes > 0) {
        buf_append_text(buf, " and ");
        put_burn(objective, evidence->short_sum, rule->short_minutes, buf);
    }
    buf_append_text(buf, "; fires above ");
    put_fraction(rule->threshold, RATE_DECIMALS, FRACTION_DOWN, buf);
}

static void put_left(const struct objective *objective, const struct alert_rule *rule,
                     const struct alert_evidence *evidence, struct buf *buf)
{
    struct fraction left = budget_remaining(objective->target, evidence->whole);

    buf_printf(buf, "%s has ", objective->name);
    put_percent(left, FRACTION_DOWN, buf);
    buf_append_text(buf, " of its error budget left");
    if (objective->budgeting != BUDGETING_RATIO_TIMESLICES) {
        buf_printf(buf, ": %" PRIu64 " of ", evidence->whole.bad);
        put_fraction(budget_allowed(objective->target, evidence->whole), SHARE_DECIMALS,
                     FRACTION_DOWN, buf);
        buf_printf(buf, " bad %s that are allowed", unit_of(objective));
    }
    buf_append_text(buf, rule->threshold.numerator == 0 ? "; fires at " : "; fires below ");
    put_percent(rule->threshold, FRACTION_DOWN, buf);
    buf_append_text(buf, ", ends at ");
    put_percent(rule->clears_at, FRACTION_DOWN, buf);
}

void alarm_describe(const struct objective *objective, const struct alert_rule *rule,
                    const struct alert_evidence *evidence, char text[], size_t bytes)
{
    struct buf buf;

    buf_init(&buf, bytes);
    if (rule->kind == RULE_BURN_RATE)
        put_burning(objective, rule, evidence, &buf);
    else
        put_left(objective, rule, evidence, &buf);
    (void)snprintf(text, bytes, "%s", buf_text(&buf));
    buf_done(&buf);
}
