/* openslo_time.c - durations, rolling and calendar windows, slices. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_time.h"

#include "slo/calendar.h"

#include <stdio.h>
#include <string.h>

enum {
    DAY_MINUTES = 1440,
    WINDOW_MIN_MINUTES = 60,
    WINDOW_MAX_MINUTES = 366 * DAY_MINUTES,
    COUNT_MAX = 1000000,
    QUARTER_HOUR = 15,
};

static const struct unit {
    char letter;
    int32_t minutes;
    enum calendar_unit calendar;
} units[] = {
    { 'm', 1, CALENDAR_NONE },
    { 'h', 60, CALENDAR_NONE },
    { 'd', DAY_MINUTES, CALENDAR_DAY },
    { 'w', 7 * DAY_MINUTES, CALENDAR_WEEK },
    { 'M', 30 * DAY_MINUTES, CALENDAR_MONTH },
    { 'Q', 90 * DAY_MINUTES, CALENDAR_QUARTER },
    { 'Y', 365 * DAY_MINUTES, CALENDAR_YEAR },
};

static const struct unit *unit_of(char letter)
{
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (units[i].letter == letter)
            return &units[i];
    }
    return NULL;
}

bool shorthand_parse(struct slice text, struct shorthand *ret)
{
    uint64_t count = 0;

    if (text.length < 2 || unit_of(text.data[text.length - 1]) == NULL
        || !slice_parse_uint((struct slice){ text.data, text.length - 1 }, COUNT_MAX, &count)
        || count == 0)
        return false;
    *ret = (struct shorthand){ (int)count, text.data[text.length - 1] };
    return true;
}

int64_t shorthand_minutes(struct shorthand duration)
{
    return (int64_t)duration.count * unit_of(duration.unit)->minutes;
}

/* --- windows --- */

/* "2026-01-01 00:00:00": the shape and the ranges; days beyond their month are for the calendar. */
static bool is_start(const char *text)
{
    static const char pattern[] = "0000-00-00 00:00:00";
    static const struct {
        int at, length, min, max;
    } parts[] = {
        { 0, 4, 1970, 9999 }, { 5, 2, 1, 12 },  { 8, 2, 1, 31 },
        { 11, 2, 0, 23 },     { 14, 2, 0, 59 }, { 17, 2, 0, 59 },
    };

    for (size_t i = 0; i < sizeof(pattern); i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';

        if (pattern[i] == '0' ? !digit : text[i] != pattern[i])
            return false;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        uint64_t value = 0;
        struct slice part = { text + parts[i].at, (size_t)parts[i].length };

        if (!slice_parse_uint(part, (uint64_t)parts[i].max, &value)
            || value < (uint64_t)parts[i].min)
            return false;
    }
    return true;
}

/* The ledger's rows for long windows are quarter hours: all time zones differ by such. */
static bool is_quarter_hour(const char *start)
{
    int minute = (start[14] - '0') * 10 + (start[15] - '0');

    return minute % QUARTER_HOUR == 0 && strcmp(start + 16, ":00") == 0;
}

static void read_start(const struct shape_check *check, const struct spot *spot,
                       struct calendar *calendar)
{
    const char *text = yaml_text(spot->node);

    if (text == NULL)
        return;
    if (!is_start(text))
        shape_error(check, spot, "\"%.40s\" is no time: write it like 2026-01-01 00:00:00", text);
    else if (!is_quarter_hour(text))
        shape_error(check, spot, "a window begins at a quarter hour: at :00, :15, :30 or :45");
    else
        (void)snprintf(calendar->start, sizeof(calendar->start), "%s", text);
}

/* Small images have none but UTC, and then a name that is right is refused. */
static const char *zone_advice(void)
{
    return calendar_knows_zone("Etc/GMT-1") ? "use an IANA name, such as Europe/Berlin or UTC"
                                            : "it has none but UTC: install tzdata";
}

static void read_zone(const struct shape_check *check, const struct spot *spot,
                      struct calendar *calendar)
{
    const char *text = yaml_text(spot->node);

    if (text == NULL)
        return;
    if (strlen(text) >= sizeof(calendar->zone) || !calendar_knows_zone(text))
        shape_error(check, spot, "this system knows no time zone \"%.60s\": %s", text,
                    zone_advice());
    else
        (void)snprintf(calendar->zone, sizeof(calendar->zone), "%s", text);
}

/* One of OpenSLO's own examples says 1m where one month is meant: minutes make no calendar. */
static struct shorthand mend_unit(const struct shape_check *check, const struct spot *spot,
                                  struct shorthand duration)
{
    if (duration.unit != 'm' || check->strict)
        return duration;
    shape_warn(check, spot, "m means minutes; read as months: write %dM", duration.count);
    return (struct shorthand){ duration.count, 'M' };
}

static void read_calendar(const struct shape_check *check, const struct spot *window,
                          struct shorthand duration, struct objective *objective,
                          int32_t *ret_period_minutes)
{
    struct spot length = spot_key(window, "duration");
    struct spot calendar = spot_key(window, "calendar");
    struct spot start = spot_key(&calendar, "startTime");
    struct spot zone = spot_key(&calendar, "timeZone");
    struct shorthand mended = mend_unit(check, &length, duration);
    struct calendar_span span;

    read_start(check, &start, &objective->calendar);
    read_zone(check, &zone, &objective->calendar);
    objective->calendar.unit = unit_of(mended.unit)->calendar;
    objective->calendar.count = mended.count;
    if (objective->calendar.unit == CALENDAR_NONE) {
        shape_error(check, &length,
                    "a calendar window is so many days, weeks, months, quarters or years: use d, "
                    "w, M, Q or Y");
        return;
    }
    if (shorthand_minutes(mended) > WINDOW_MAX_MINUTES) {
        shape_error(check, &length, "longer than a year: shorten it");
        return;
    }
    if (objective->calendar.start[0] != '\0' && objective->calendar.zone[0] != '\0'
        && !calendar_window(&objective->calendar, 0, &span)) {
        shape_error(check, &start, "there is no such day");
        return;
    }
    *ret_period_minutes = (int32_t)shorthand_minutes(mended);
    objective->window_minutes = calendar_longest_minutes(&objective->calendar);
}

static void read_rolling(const struct shape_check *check, const struct spot *window,
                         struct shorthand duration, struct objective *objective,
                         int32_t *ret_period_minutes)
{
    struct spot length = spot_key(window, "duration");
    int64_t minutes = shorthand_minutes(duration);

    if (minutes < WINDOW_MIN_MINUTES || minutes > WINDOW_MAX_MINUTES) {
        shape_error(check, &length, "a rolling window lasts from 1h to 366d%s",
                    duration.unit == 'm' ? "; m means minutes, a month is M" : "");
        return;
    }
    if (strchr("MQY", duration.unit) != NULL)
        shape_warn(check, &length,
                   "rolls over %lld days: a month true to the calendar needs "
                   "`calendar`",
                   (long long)(minutes / DAY_MINUTES));
    objective->window_minutes = *ret_period_minutes = (int32_t)minutes;
}

void openslo_window(const struct shape_check *check, const struct spot *window,
                    struct objective *objective, int32_t *ret_period_minutes)
{
    struct spot length = spot_key(window, "duration");
    struct spot calendar = spot_key(window, "calendar");
    struct spot rolls = spot_key(window, "isRolling");
    bool by_calendar = !yaml_is_null(calendar.node);
    struct shorthand duration;
    bool rolling = !by_calendar;

    if (yaml_is_null(rolls.node))
        shape_object(check, &rolls,
                     "is missing: say true for a rolling window, false for one by "
                     "the calendar");
    else if (yaml_bool(rolls.node, &rolling) && rolling == by_calendar)
        shape_error(check, &rolls, "%s: a window has either isRolling: true or a calendar",
                    by_calendar ? "true beside a calendar" : "false without a calendar");
    if (length.node == NULL || length.node->kind != YAML_SCALAR
        || !shorthand_parse(length.node->text, &duration))
        return;
    if (by_calendar)
        read_calendar(check, window, duration, objective, ret_period_minutes);
    else
        read_rolling(check, window, duration, objective, ret_period_minutes);
}

/* --- slices --- */

static const struct {
    const char *word;
    enum budgeting budgeting;
} methods[] = {
    { "Occurrences", BUDGETING_OCCURRENCES },
    { "Timeslices", BUDGETING_TIMESLICES },
    { "RatioTimeslices", BUDGETING_RATIO_TIMESLICES },
};

static void read_slice_target(const struct shape_check *check, const struct spot *spot,
                              struct objective *objective)
{
    struct fraction target;

    if (yaml_is_null(spot->node)) {
        if (objective->budgeting == BUDGETING_TIMESLICES)
            shape_error(check, spot, "is missing: which share of a slice must be good?");
        return;
    }
    if (objective->budgeting != BUDGETING_TIMESLICES)
        shape_object(check, spot, "only budgetingMethod: Timeslices has one: remove it");
    else if (yaml_text(spot->node) == NULL || !fraction_parse(spot->node->text, &target))
        return;
    else if (fraction_compare(target, fraction_of(0, 1)) <= 0
             || fraction_compare(target, fraction_of(1, 1)) > 0)
        shape_error(check, spot, "must be above 0 and at most 1");
    else
        objective->slice_target = target;
}

/* The specification takes a bare number as minutes, the SDK doesn't. */
static bool parse_slice(const struct shape_check *check, const struct spot *spot,
                        int64_t *ret_minutes)
{
    uint64_t minutes = 0;
    struct shorthand duration;

    if (slice_parse_uint(spot->node->text, COUNT_MAX, &minutes) && minutes > 0) {
        shape_object(check, spot, "read as minutes: write %llum", (unsigned long long)minutes);
        *ret_minutes = (int64_t)minutes;
        return true;
    }
    if (!shorthand_parse(spot->node->text, &duration)) {
        shape_error(check, spot, "\"%.40s\" is no duration: write it like 1m or 1h",
                    spot->node->text.data);
        return false;
    }
    *ret_minutes = shorthand_minutes(duration);
    return true;
}

/* A slice begins where its length divides the day, so that all instances cut alike. */
static void read_slice(const struct shape_check *check, const struct spot *spot,
                       struct objective *objective)
{
    int64_t minutes = 0;

    if (yaml_is_null(spot->node)) {
        if (objective->budgeting != BUDGETING_OCCURRENCES)
            shape_error(check, spot, "is missing: how long is a slice?");
        return;
    }
    if (objective->budgeting == BUDGETING_OCCURRENCES) {
        shape_object(check, spot, "budgetingMethod: Occurrences has no slices: remove it");
        return;
    }
    if (spot->node->kind != YAML_SCALAR || !parse_slice(check, spot, &minutes))
        return;
    if (minutes > DAY_MINUTES || DAY_MINUTES % minutes != 0)
        shape_error(check, spot, "a slice must divide the day: 1m, 5m, 15m, 1h, … and at most 1d");
    else if (objective->window_minutes > 0 && objective->calendar.unit == CALENDAR_NONE
             && objective->window_minutes % minutes != 0)
        shape_error(check, spot, "the window is no multiple of the slice");
    else
        objective->slice_minutes = (int32_t)minutes;
}

void openslo_slices(const struct shape_check *check, const struct spot *spec,
                    const struct spot *promise, struct objective *objective)
{
    const char *method = yaml_text(yaml_get(spec->node, "budgetingMethod"));
    struct spot target = spot_key(promise, "timeSliceTarget");
    struct spot slice = spot_key(promise, "timeSliceWindow");

    for (size_t i = 0; method != NULL && i < ARRAY_LENGTH(methods); i++) {
        if (strcmp(method, methods[i].word) == 0)
            objective->budgeting = methods[i].budgeting;
    }
    read_slice_target(check, &target, objective);
    read_slice(check, &slice, objective);
}
