/* calendar.c - counts units from the start on, always from the start, so that nothing drifts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/calendar.h"

#include <glib.h>
#include <stdio.h>

enum {
    MONTHS_OF_YEAR = 12,
    MONTHS_OF_QUARTER = 3,
    DAYS_OF_WEEK = 7,
    DAY_S = 86400,
    HOUR_MINUTES = 60,
    DAY_MINUTES = 24 * HOUR_MINUTES,
};

/* A unit is so many months or so many days. */
static const struct unit {
    int months;
    int days;
    int longest_days;
} units[] = {
    [CALENDAR_NONE] = { 0, 0, 0 },
    [CALENDAR_DAY] = { 0, 1, 1 },
    [CALENDAR_WEEK] = { 0, DAYS_OF_WEEK, DAYS_OF_WEEK },
    [CALENDAR_MONTH] = { 1, 0, 31 },
    [CALENDAR_QUARTER] = { MONTHS_OF_QUARTER, 0, 92 },
    [CALENDAR_YEAR] = { MONTHS_OF_YEAR, 0, 366 },
};

static void zone_unref(GTimeZone **zone)
{
    if (*zone != NULL)
        g_time_zone_unref(*zone);
    *zone = NULL;
}

static void date_unref(GDateTime **date)
{
    if (*date != NULL)
        g_date_time_unref(*date);
    *date = NULL;
}

/* The start as if it were UTC: civil time is reckoned there, where no clock is ever changed. */
static GDateTime *parse_start(const char *text)
{
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    char rest;

    /* NOLINTNEXTLINE(cert-err34-c): ranges are checked by GLib, the shape by the count */
    if (sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%c", &year, &month, &day, &hour, &minute, &second,
               &rest)
        != 6)
        return NULL;
    return g_date_time_new_utc(year, month, day, hour, minute, second);
}

/* The instant of a civil time, given as if it were UTC.  A time that comes twice is in an interval
 * of either type; which of them came first differs between zones. */
static int64_t instant_of(GTimeZone *zone, int64_t civil_s)
{
    int64_t instants_s[2];

    for (int type = 0; type < 2; type++) {
        gint64 time_s = civil_s;
        int interval = g_time_zone_adjust_time(
            zone, type == 0 ? G_TIME_TYPE_STANDARD : G_TIME_TYPE_DAYLIGHT, &time_s);

        instants_s[type] = time_s - g_time_zone_get_offset(zone, interval);
    }
    return instants_s[0] < instants_s[1] ? instants_s[0] : instants_s[1];
}

/* The calendar on its way through one question. */
struct reckoning {
    GTimeZone *zone;
    GDateTime *start;
    int months; /* of one window, or */
    int days;
};

/* Where window number `index` begins; a start on the 31st begins on a shorter month's last day. */
static bool begin_of(const struct reckoning *by, int64_t index, int64_t *ret_s)
{
    AUTO(date_unref) GDateTime *civil = NULL;
    int64_t distance = index * (by->months > 0 ? by->months : by->days);

    if (distance > INT32_MAX || distance < INT32_MIN)
        return false;
    civil = by->months > 0 ? g_date_time_add_months(by->start, (gint)distance)
                           : g_date_time_add_days(by->start, (gint)distance);
    if (civil == NULL)
        return false;
    *ret_s = instant_of(by->zone, g_date_time_to_unix(civil));
    return true;
}

static int64_t floor_of(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* Which window it may be; a day or a change of clocks may make it one too early or too late. */
static int64_t guess(const struct reckoning *by, GDateTime *at)
{
    int64_t months;

    if (by->months == 0)
        return floor_of(g_date_time_to_unix(at) - g_date_time_to_unix(by->start),
                        (int64_t)by->days * DAY_S);
    months = (int64_t)(g_date_time_get_year(at) - g_date_time_get_year(by->start)) * MONTHS_OF_YEAR
             + g_date_time_get_month(at) - g_date_time_get_month(by->start);
    return floor_of(months, by->months);
}

static bool find(const struct reckoning *by, int64_t at_s, struct calendar_span *ret)
{
    AUTO(date_unref) GDateTime *at = g_date_time_new_from_unix_utc(at_s);
    struct calendar_span span;
    int64_t index;

    if (at == NULL)
        return false;
    index = guess(by, at);
    if (!begin_of(by, index, &span.from_s))
        return false;
    while (span.from_s > at_s) {
        if (!begin_of(by, --index, &span.from_s))
            return false;
    }
    for (;;) {
        if (!begin_of(by, ++index, &span.until_s))
            return false;
        if (span.until_s > at_s)
            break;
        span.from_s = span.until_s;
    }
    *ret = span;
    return true;
}

bool calendar_window(const struct calendar *calendar, int64_t at_s, struct calendar_span *ret)
{
    const struct unit *unit = &units[calendar->unit];
    AUTO(zone_unref) GTimeZone *zone = g_time_zone_new_identifier(calendar->zone);
    AUTO(date_unref) GDateTime *start = parse_start(calendar->start);
    struct reckoning by = {
        .zone = zone,
        .start = start,
        .months = unit->months * calendar->count,
        .days = unit->days * calendar->count,
    };

    if (zone == NULL || start == NULL || by.months + by.days <= 0)
        return false;
    return find(&by, at_s, ret);
}

/* Clocks are set back by an hour, and where that falls into the window only once more than they are
 * set forward. */
int32_t calendar_longest_minutes(const struct calendar *calendar)
{
    return units[calendar->unit].longest_days * calendar->count * DAY_MINUTES + HOUR_MINUTES;
}

bool calendar_knows_zone(const char *name)
{
    AUTO(zone_unref) GTimeZone *zone = g_time_zone_new_identifier(name);

    return zone != NULL;
}
