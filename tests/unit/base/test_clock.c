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

TCase *clock_cases(void)
{
    TCase *cases = tcase_create("clock");

    tcase_add_test(cases, clock_times_are_printed_as_rfc_3339);
    tcase_add_test(cases, clock_time_left_is_never_negative_nor_beyond_what_poll_takes);
    return cases;
}
