/* test_clock.c - module/base/clock.c */
/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include "suite.h"

#include <limits.h>

START_TEST(clock_times_are_printed_as_rfc_3339)
{
    static const struct {
        int64_t wall_ms;
        const char *want;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1700000000123, "2023-11-14T22:13:20.123Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { 253402300800000, "9999-12-31T23:59:59.999Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLOCK_TEXT_BYTES];

        clock_format(cases[i].wall_ms, text);
        ck_assert_str_eq(text, cases[i].want);
    }
}
END_TEST

START_TEST(clock_time_left_is_never_negative_nor_beyond_what_poll_takes)
{
    int64_t now_ms = clock_boot_ms();

    ck_assert_int_eq(clock_left_ms(now_ms - 1), 0);
    ck_assert_int_eq(clock_left_ms(0), 0);
    ck_assert_int_gt(clock_left_ms(now_ms + 100000), 0);
    ck_assert_int_eq(clock_left_ms(now_ms + INT64_MAX / 2), INT_MAX);
}
END_TEST

START_TEST(clock_times_are_read_as_rfc_3339_has_them)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2023-11-14T22:13:20.123Z", 1700000000123 },
        { "2023-11-14 22:13:20.1z", 1700000000100 },
        { "2023-11-14t23:13:20.123999+01:00", 1700000000123 },
        { "2023-11-14T16:43:20.123-05:30", 1700000000123 },
        { "2000-02-29T00:00:00Z", 951782400000 },
        { "2000-02-28T23:59:60Z", 951782400000 },
        { "1969-12-31T23:59:59.999Z", -1 },
        { "0000-03-01T00:00:00Z", -62162035200000 },
        { "9999-12-31T23:59:59.999Z", 253402300799999 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t read_ms = 42;

        ck_assert_msg(clock_parse(slice_of(cases[i].text), &read_ms), "%s", cases[i].text);
        ck_assert_int_eq(read_ms, cases[i].want);
    }
}
END_TEST

START_TEST(clock_what_is_no_time_is_refused)
{
    static const char *const cases[] = {
        "",
        "now",
        "1700000000",
        "2023-11-14",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2023-00-01T00:00:00Z",
        "2023-13-01T00:00:00Z",
        "2023-04-31T00:00:00Z",
        "2023-04-00T00:00:00Z",
        "2023-11-14T24:00:00Z",
        "2023-11-14T22:60:00Z",
        "2023-11-14T22:13:61Z",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20+0100",
        "2023-11-14T22:13:20+24:00",
        "2023-11-14T22:13:20Zulu",
        "23-11-14T22:13:20Z",
        "2023/11/14T22:13:20Z",
        "+023-11-14T22:13:20Z",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t read_ms = 42;

        ck_assert_msg(!clock_parse(slice_of(cases[i]), &read_ms), "%s", cases[i]);
        ck_assert_int_eq(read_ms, 42);
    }
}
END_TEST

TCase *clock_cases(void)
{
    TCase *cases = tcase_create("clock");

    tcase_add_test(cases, clock_times_are_printed_as_rfc_3339);
    tcase_add_test(cases, clock_times_are_read_as_rfc_3339_has_them);
    tcase_add_test(cases, clock_what_is_no_time_is_refused);
    tcase_add_test(cases, clock_time_left_is_never_negative_nor_beyond_what_poll_takes);
    return cases;
}
