/* test_window.c - module/slo/window.c */
/* SPDX-License-Identifier: MIT */
#include "slo/window.h"

#include "suite.h"

#include <stdlib.h>

enum { DAY = 1440, SPAN = 30 * DAY, NOW = 29740000 };

static void put(struct window *window, int32_t minute, uint64_t total, uint64_t bad)
{
    ck_assert_int_eq(window_set(window, minute, (struct window_sum){ total, bad }, NOW), 0);
}

static void expect(const struct window *window, int32_t span, uint64_t total, uint64_t bad)
{
    struct window_sum sum = window_total(window, NOW, span);

    ck_assert_uint_eq(sum.total, total);
    ck_assert_uint_eq(sum.bad, bad);
}

START_TEST(a_window_of_w_is_the_w_minutes_that_end_with_the_open_one)
{
    AUTO(window_free) struct window *window = window_new(SPAN);

    put(window, NOW, 1, 0);
    put(window, NOW - 4, 10, 1);
    put(window, NOW - 5, 100, 2);
    put(window, NOW - SPAN + 1, 1000, 3);
    expect(window, 1, 1, 0);
    expect(window, 5, 11, 1);
    expect(window, 6, 111, 3);
    expect(window, SPAN - 1, 111, 3);
    expect(window, SPAN, 1111, 6);
}
END_TEST

START_TEST(a_minute_that_changes_is_replaced_not_added)
{
    AUTO(window_free) struct window *window = window_new(SPAN);

    put(window, NOW - 2000, 100, 9);
    put(window, NOW - 2000, 60, 4);
    expect(window, SPAN, 60, 4);
    put(window, NOW - 2000, 0, 0);
    expect(window, SPAN, 0, 0);
}
END_TEST

START_TEST(minutes_outside_the_span_or_far_ahead_are_left_out)
{
    AUTO(window_free) struct window *window = window_new(SPAN);

    put(window, NOW - SPAN, 5, 5);
    put(window, -3, 5, 5);
    put(window, NOW + DAY + 1, 5, 5);
    put(window, NOW + DAY, 7, 0);
    expect(window, SPAN, 0, 0);
    ck_assert_uint_eq(window_total(window, NOW + DAY, 1).total, 7);
}
END_TEST

START_TEST(old_minutes_age_out_as_the_clock_goes_on)
{
    AUTO(window_free) struct window *window = window_new(SPAN);

    put(window, NOW - 100, 10, 1);
    ck_assert_uint_eq(window_total(window, NOW - 101 + SPAN, SPAN).total, 10);
    ck_assert_uint_eq(window_total(window, NOW - 100 + SPAN, SPAN).total, 0);
    /* The day's memory serves another one then. */
    for (int32_t day = 0; day < 100; day++) {
        int32_t now = NOW + day * DAY;

        ck_assert_int_eq(window_set(window, now, (struct window_sum){ 1, 0 }, now), 0);
    }
    ck_assert_uint_eq(window_total(window, NOW + 99 * DAY, SPAN).total, 30);
}
END_TEST

START_TEST(any_span_sums_what_a_plain_array_sums)
{
    enum { COUNT = 5 * DAY };
    AUTO(window_free) struct window *window = window_new(COUNT);
    AUTO(auto_free) uint32_t *plain = calloc(COUNT, sizeof(*plain));
    uint32_t state = 12345;

    for (int32_t i = 0; i < COUNT; i++) {
        state = state * 1664525u + 1013904223u;
        plain[i] = state >> 20;
        put(window, NOW - i, plain[i], plain[i] / 3);
    }
    for (int32_t span = 1; span <= COUNT; span += 77) {
        uint64_t total = 0;
        uint64_t bad = 0;

        for (int32_t i = 0; i < span; i++) {
            total += plain[i];
            bad += plain[i] / 3;
        }
        expect(window, span, total, bad);
    }
}
END_TEST

START_TEST(a_cleared_window_knows_nothing)
{
    AUTO(window_free) struct window *window = window_new(SPAN);

    put(window, NOW, 5, 1);
    window_clear(window);
    expect(window, SPAN, 0, 0);
    put(window, NOW, 6, 2);
    expect(window, SPAN, 6, 2);
}
END_TEST

START_TEST(a_window_without_memory_says_so_and_stays_as_it_was)
{
    struct window *none;
    AUTO(window_free) struct window *window = window_new(SPAN);

    malloc_fail_at(0);
    none = window_new(SPAN);
    ck_assert_ptr_null(none);
    put(window, NOW, 1, 0);
    malloc_fail_at(0);
    ck_assert_int_lt(window_set(window, NOW - DAY, (struct window_sum){ 1, 0 }, NOW), 0);
    malloc_fail_at(-1);
    expect(window, SPAN, 1, 0);
}
END_TEST

TCase *window_cases(void)
{
    TCase *cases = tcase_create("window");

    tcase_add_test(cases, a_window_of_w_is_the_w_minutes_that_end_with_the_open_one);
    tcase_add_test(cases, a_minute_that_changes_is_replaced_not_added);
    tcase_add_test(cases, minutes_outside_the_span_or_far_ahead_are_left_out);
    tcase_add_test(cases, old_minutes_age_out_as_the_clock_goes_on);
    tcase_add_test(cases, any_span_sums_what_a_plain_array_sums);
    tcase_add_test(cases, a_cleared_window_knows_nothing);
    tcase_add_test(cases, a_window_without_memory_says_so_and_stays_as_it_was);
    return cases;
}
