/* test_calendar.c - module/slo/calendar.c: months, leap years, and days with 23 or 25 hours. */
/* SPDX-License-Identifier: MIT */
#include "slo/calendar.h"

#include "suite.h"

#include <stdio.h>

enum { HOUR = 3600, DAY = 24 * HOUR };

static struct calendar calendar_of(enum calendar_unit unit, int count, const char *start,
                                   const char *zone)
{
    struct calendar calendar = { .unit = unit, .count = count };

    (void)snprintf(calendar.start, sizeof(calendar.start), "%s", start);
    (void)snprintf(calendar.zone, sizeof(calendar.zone), "%s", zone);
    return calendar;
}

/* Unix times were taken from `date -u -d '…' +%s`. */
static const struct {
    enum calendar_unit unit;
    int count;
    const char *start, *zone;
    int64_t at_s, from_s;
    int64_t lasts_s;
} cases[] = {
    /* Berlin, 2026-03-29: 23 hours; 2026-10-25: 25 hours; 2026-07-01: 24. */
    { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "Europe/Berlin", 1774750000, 1774738800, 23 * HOUR },
    { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "Europe/Berlin", 1792900000, 1792879200, 25 * HOUR },
    { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "Europe/Berlin", 1782860000, 1782856800, 24 * HOUR },
    /* A day that begins within the skipped hour begins behind it: 02:30 is 03:00 there. */
    { CALENDAR_DAY, 1, "2026-01-01 02:30:00", "Europe/Berlin", 1774750000, 1774746000,
      24 * HOUR - HOUR / 2 },
    /* 02:30 comes twice on 2026-10-25: the day begins with the first. */
    { CALENDAR_DAY, 1, "2026-01-01 02:30:00", "Europe/Berlin", 1792900000, 1792888200, 25 * HOUR },
    { CALENDAR_WEEK, 1, "2026-01-05 00:00:00", "Europe/Berlin", 1774750000, 1774220400,
      7 * DAY - HOUR },
    { CALENDAR_WEEK, 2, "2026-01-05 00:00:00", "UTC", 1767571200, 1767571200, 14 * DAY },
    /* Half an hour off UTC. */
    { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "Asia/Kolkata", 1767205799, 1767119400, DAY },
    { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "Asia/Kolkata", 1767205800, 1767205800, DAY },
    /* Months of 28, 29, 30 and 31 days. */
    { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "UTC", 1771000000, 1769904000, 28 * DAY },
    { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "UTC", 1834000000, 1832976000, 29 * DAY },
    { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "UTC", 1776000000, 1775001600, 30 * DAY },
    { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "UTC", 1768000000, 1767225600, 31 * DAY },
    { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "Europe/Berlin", 1774750000, 1772319600,
      31 * DAY - HOUR },
    /* From the 31st on: the last day of a shorter month, and the 31st again afterwards. */
    { CALENDAR_MONTH, 1, "2026-01-31 00:00:00", "UTC", 1772236800, 1772236800, 31 * DAY },
    { CALENDAR_MONTH, 1, "2026-01-31 00:00:00", "UTC", 1772236799, 1769817600, 28 * DAY },
    { CALENDAR_MONTH, 1, "2026-01-31 00:00:00", "UTC", 1774915200, 1774915200, 30 * DAY },
    { CALENDAR_QUARTER, 1, "2026-01-01 00:00:00", "UTC", 1776000000, 1775001600, 91 * DAY },
    { CALENDAR_QUARTER, 1, "2026-01-01 00:00:00", "Europe/Berlin", 1768000000, 1767222000,
      90 * DAY - HOUR },
    { CALENDAR_YEAR, 1, "2026-01-01 00:00:00", "UTC", 1834000000, 1830297600, 366 * DAY },
    { CALENDAR_YEAR, 1, "2024-02-29 00:00:00", "UTC", 1768000000, 1740700800, 365 * DAY },
    /* Before the start windows go on backwards. */
    { CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "UTC", 1767225599, 1764547200, 31 * DAY },
    { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "UTC", 0, 0, DAY },
    { CALENDAR_QUARTER, 1, "2026-01-01 00:00:00", "UTC", 1760000000, 1759276800, 92 * DAY },
    /* Samoa slept through 2011-12-30: the day before ends where the day after begins. */
    { CALENDAR_DAY, 1, "2011-01-01 00:00:00", "Pacific/Apia", 1325239100, 1325152800, DAY },
    { CALENDAR_DAY, 1, "2011-01-01 00:00:00", "Pacific/Apia", 1325239200, 1325239200, DAY },
};

START_TEST(windows_begin_and_end_as_people_there_say)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct calendar calendar =
            calendar_of(cases[i].unit, cases[i].count, cases[i].start, cases[i].zone);
        struct calendar_span span;

        ck_assert_msg(calendar_window(&calendar, cases[i].at_s, &span), "row %zu", i);
        ck_assert_msg(span.from_s == cases[i].from_s, "row %zu: from %lld", i,
                      (long long)span.from_s);
        ck_assert_msg(span.until_s - span.from_s == cases[i].lasts_s, "row %zu: lasts %lld", i,
                      (long long)(span.until_s - span.from_s));
        ck_assert_int_le((span.until_s - span.from_s) / 60, calendar_longest_minutes(&calendar));
    }
}
END_TEST

START_TEST(windows_follow_each_other_without_gap_or_overlap)
{
    static const char *const zones[] = { "Europe/Dublin", "America/Havana", "Australia/Lord_Howe" };

    for (size_t i = 0; i < ARRAY_LENGTH(zones); i++) {
        for (int unit = CALENDAR_DAY; unit <= CALENDAR_YEAR; unit++) {
            struct calendar calendar =
                calendar_of((enum calendar_unit)unit, 1, "2024-01-31 00:00:00", zones[i]);
            struct calendar_span span;
            struct calendar_span next;

            ck_assert(calendar_window(&calendar, 1740000000, &span));
            for (int j = 0; j < 220 && span.until_s < 1830000000; j++) {
                ck_assert_int_lt(span.from_s, span.until_s);
                ck_assert(calendar_window(&calendar, span.until_s - 1, &next));
                ck_assert_int_eq(next.from_s, span.from_s);
                ck_assert(calendar_window(&calendar, span.until_s, &next));
                ck_assert_int_eq(next.from_s, span.until_s);
                span = next;
            }
        }
    }
}
END_TEST

START_TEST(what_is_no_calendar_is_refused)
{
    static const struct {
        enum calendar_unit unit;
        int count;
        const char *start, *zone;
    } wrong[] = {
        { CALENDAR_NONE, 1, "2026-01-01 00:00:00", "UTC" },
        { CALENDAR_DAY, 0, "2026-01-01 00:00:00", "UTC" },
        { CALENDAR_DAY, 1, "2026-02-30 00:00:00", "UTC" },
        { CALENDAR_DAY, 1, "2026-01-01", "UTC" },
        { CALENDAR_DAY, 1, "", "UTC" },
        { CALENDAR_DAY, 1, "2026-01-01 00:00:00", "Europe/Atlantis" },
    };
    struct calendar_span span;

    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct calendar calendar =
            calendar_of(wrong[i].unit, wrong[i].count, wrong[i].start, wrong[i].zone);

        ck_assert_msg(!calendar_window(&calendar, 1768000000, &span), "row %zu", i);
    }
    ck_assert(calendar_knows_zone("Asia/Kolkata"));
    ck_assert(!calendar_knows_zone("Asia/Atlantis"));
}
END_TEST

TCase *calendar_cases(void)
{
    TCase *tests = tcase_create("calendar");

    tcase_add_test(tests, windows_begin_and_end_as_people_there_say);
    tcase_add_test(tests, windows_follow_each_other_without_gap_or_overlap);
    tcase_add_test(tests, what_is_no_calendar_is_refused);
    return tests;
}
