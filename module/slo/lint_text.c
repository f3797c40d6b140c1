/* lint_text.c - the detection table as text for a terminal. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/lint.h"

#include <inttypes.h>
#include <stddef.h>

enum {
    MINUTE_S = 60,
    HOUR_S = 60 * MINUTE_S,
    DAY_S = 24 * HOUR_S,
    PERCENT = 100,
    HOUR_MINUTES = 60,
    DAY_MINUTES = 24 * HOUR_MINUTES,
    RULES_SHOWN = 16,
};

struct flaw_text {
    unsigned flaw;
    const char *text;
};

static const struct flaw_text rule_flaws[] = {
    { LINT_UNREACHABLE, "can never fire: even a full outage burns at most 1/(1 - target)" },
    { LINT_BEYOND_WINDOW, "looks at more time than the objective's window holds" },
    { LINT_SHORT_IS_LONG, "its short window is not shorter than its long one" },
    { LINT_BELOW_SLICE, "looks at less than one slice: most of the time it sees none" },
    { LINT_NEVER_CLEARS, "ends below where it begins: it would end in the moment that it fires" },
};

static const struct flaw_text objective_flaws[] = {
    { LINT_WINDOW_BEYOND_RETENTION, "the window is longer than minutes are kept" },
    { LINT_WINDOW_NOT_OF_SLICES, "the window is no multiple of a slice" },
    { LINT_FEW_SLICES, "a single bad slice uses up the whole budget" },
    { LINT_COMPOSITE, "a composite objective is kept and exported, but not evaluated" },
};

static void put_decimal(struct fraction value, int decimals, struct buf *buf)
{
    char text[FRACTION_TEXT_BYTES];

    fraction_print(value, decimals, FRACTION_UP, text);
    buf_append_text(buf, text);
}

void lint_print_duration(struct fraction seconds, struct buf *buf)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = { { DAY_S, "d" }, { HOUR_S, "h" }, { MINUTE_S, "m" } };
    int64_t whole = (int64_t)(seconds.numerator / seconds.denominator);
    bool any = false;

    if (seconds.numerator < 0) {
        buf_append_text(buf, "never");
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        int64_t count = whole / units[i].seconds;

        if (count == 0)
            continue;
        buf_printf(buf, "%s%" PRId64 " %s", any ? " " : "", count, units[i].name);
        seconds.numerator -= seconds.denominator * count * units[i].seconds;
        whole -= count * units[i].seconds;
        any = true;
    }
    if (any && seconds.numerator == 0)
        return;
    buf_append_text(buf, any ? " " : "");
    put_decimal(seconds, 2, buf);
    buf_append_text(buf, " s");
}

static void put_percent(struct fraction value, struct buf *buf)
{
    put_decimal((struct fraction){ value.numerator * PERCENT, value.denominator }, 2, buf);
    buf_append_text(buf, " %");
}

static void put_minutes(int32_t minutes, struct buf *buf)
{
    if (minutes % DAY_MINUTES == 0)
        buf_printf(buf, "%d d", (int)(minutes / DAY_MINUTES));
    else if (minutes % HOUR_MINUTES == 0)
        buf_printf(buf, "%d h", (int)(minutes / HOUR_MINUTES));
    else
        buf_printf(buf, "%d m", (int)minutes);
}

static int put_flaws(unsigned flaws, const struct flaw_text texts[], int count, struct buf *buf)
{
    int found = 0;

    for (int i = 0; i < count; i++) {
        if ((flaws & texts[i].flaw) == 0)
            continue;
        buf_printf(buf, "    warning: %s\n", texts[i].text);
        found++;
    }
    return found;
}

static void put_condition(const struct alert_rule *rule, struct buf *buf)
{
    if (rule->kind == RULE_BUDGET_LEFT) {
        buf_append_text(buf, rule->threshold.numerator == 0 ? "no budget left" : "less than ");
        if (rule->threshold.numerator != 0) {
            put_percent(rule->threshold, buf);
            buf_append_text(buf, " of the budget left");
        }
        return;
    }
    buf_append_text(buf, "burns above ");
    put_decimal(rule->threshold, 4, buf);
    buf_append_text(buf, " over ");
    put_minutes(rule->long_minutes, buf);
    if (rule->short_minutes > 0) {
        buf_append_text(buf, " and ");
        put_minutes(rule->short_minutes, buf);
    }
}

static int put_row(const struct lint_row *row, struct buf *buf)
{
    buf_printf(buf, "  %s (%s): ", row->rule->name, rule_severity_text(row->rule->severity));
    put_condition(row->rule, buf);
    if (row->rule->kind == RULE_BURN_RATE) {
        buf_append_text(buf, "; needs more than ");
        put_percent(row->error_share, buf);
        buf_append_text(buf, " bad events");
    }
    if ((row->flaws & LINT_UNREACHABLE) != 0) {
        buf_append_text(buf, ", which cannot be\n");
    } else {
        buf_append_text(buf, "; a full outage is seen after ");
        lint_print_duration(row->detect_s, buf);
        buf_append_text(buf, ", with ");
        put_percent(row->budget_used, buf);
        buf_append_text(buf, " of the budget used\n");
    }
    return put_flaws(row->flaws, rule_flaws, (int)ARRAY_LENGTH(rule_flaws), buf);
}

void lint_print_window(const struct objective *objective, struct buf *buf)
{
    static const char *const units[] = {
        [CALENDAR_DAY] = "day",         [CALENDAR_WEEK] = "week", [CALENDAR_MONTH] = "month",
        [CALENDAR_QUARTER] = "quarter", [CALENDAR_YEAR] = "year",
    };
    const struct calendar *calendar = &objective->calendar;

    if (calendar->unit == CALENDAR_NONE) {
        put_minutes(objective->window_minutes, buf);
        return;
    }
    buf_printf(buf, "%d calendar %s%s (", calendar->count, units[calendar->unit],
               calendar->count == 1 ? "" : "s");
    lint_print_duration(fraction_of((int64_t)objective->window_minutes * MINUTE_S, 1), buf);
    buf_append_text(buf, " at most)");
}

int lint_print(const struct objective *objective, struct buf *buf)
{
    struct lint_row rows[RULES_SHOWN];
    int count = lint_rules(objective, rows, RULES_SHOWN);
    int flaws;

    buf_printf(buf, "%s (%s): %s good over ", objective->name, objective->service,
               objective->target_text);
    lint_print_window(objective, buf);
    buf_append_char(buf, '\n');
    flaws = put_flaws(lint_objective(objective), objective_flaws,
                      (int)ARRAY_LENGTH(objective_flaws), buf);
    for (int i = 0; i < count; i++)
        flaws += put_row(&rows[i], buf);
    return flaws;
}
