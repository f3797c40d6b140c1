/* test_verdict.c - module/accountant/verdict.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/verdict.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000 + 12345;

static void put(struct window *window, int32_t minute, uint64_t total, uint64_t bad)
{
    ck_assert_int_eq(window_set(window, minute, (struct window_sum){ total, bad }, NOW), 0);
}

START_TEST(every_span_ends_with_the_open_minute)
{
    static const uint64_t totals[VERDICT_SPANS] = { 1, 11, 111, 1111, 11111, 111111, 1111111 };
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
    AUTO(window_free) struct window *window = window_new(43200);
    struct verdict verdict;
    uint64_t each = 1;

    objective_built_in("app", objectives);
    /* One entry at the far edge of every span, ten times as large each time. */
    for (int i = 0; i < VERDICT_SPANS; i++, each *= 10)
        put(window, NOW - verdict_spans[i].minutes + 1, each, 0);
    verdict_judge(&objectives[0], window, now_wall_ms, &verdict);
    for (int i = 0; i < VERDICT_SPANS; i++)
        ck_assert_uint_eq(verdict.spans[i].total, totals[i]);
    ck_assert_uint_eq(verdict.whole.total, 1111111);
    ck_assert_int_eq(verdict.status, BUDGET_MET);
    ck_assert_int_eq(verdict.exhausts_at_wall_ms, 0);
}
END_TEST

START_TEST(the_forecast_is_that_of_the_last_hour)
{
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
    AUTO(window_free) struct window *window = window_new(43200);
    struct verdict verdict;

    objective_built_in("app", objectives);
    put(window, NOW - 5000, 999000, 594);
    put(window, NOW - 59, 1000, 6);
    verdict_judge(&objectives[0], window, now_wall_ms, &verdict);
    ck_assert_int_eq(verdict.exhausts_at_wall_ms, now_wall_ms + 2 * 86400 * 1000);
    verdict_judge(&objectives[0], window, now_wall_ms + 60000, &verdict);
    ck_assert_int_eq(verdict.exhausts_at_wall_ms, 0);
}
END_TEST

TCase *verdict_cases(void)
{
    TCase *cases = tcase_create("verdict");

    tcase_add_test(cases, every_span_ends_with_the_open_minute);
    tcase_add_test(cases, the_forecast_is_that_of_the_last_hour);
    return cases;
}
