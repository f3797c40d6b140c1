/* test_verdict.c - module/accountant/verdict.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/verdict.h"

#include "slo/slices.h"
#include "suite.h"

enum { NOW = 29740000, HOUR = 2 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000 + 12345;

START_TEST(the_forecast_is_that_of_the_last_hour)
{
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
    struct verdict verdict = {
        .whole = { 1000000, 600 },
        .window = { NOW - 43199, NOW + 1, 43200 },
    };

    objective_built_in("app", objectives);
    verdict.spans[HOUR] = (struct window_sum){ 1000, 6 };
    verdict_judge(&objectives[0], now_wall_ms, &verdict);
    ck_assert_int_eq(verdict.status, BUDGET_MET);
    ck_assert_int_eq(verdict.exhausts_at_wall_ms, now_wall_ms + 2 * 86400 * 1000);
    verdict.spans[HOUR] = (struct window_sum){ 0, 0 };
    verdict_judge(&objectives[0], now_wall_ms, &verdict);
    ck_assert_int_eq(verdict.exhausts_at_wall_ms, 0);
}
END_TEST

START_TEST(parts_of_slices_are_too_few_to_judge_when_slices_are)
{
    static const struct {
        uint64_t slices, bad_parts;
        enum budget_status status;
    } cases[] = {
        { 0, 0, BUDGET_NO_DATA },
        { 999, 0, BUDGET_INSUFFICIENT_DATA },
        { 999, (uint64_t)9 * SLICES_UNIT, BUDGET_INSUFFICIENT_DATA },
        { 999, (uint64_t)9 * SLICES_UNIT + 1, BUDGET_AT_RISK },
        { 1000, 0, BUDGET_MET },
        { 1000, (uint64_t)10 * SLICES_UNIT, BUDGET_BREACHED },
    };
    struct objective objective = {
        .target = { 99, 100 },
        .budgeting = BUDGETING_RATIO_TIMESLICES,
        .window_minutes = 43200,
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct verdict verdict = {
            .whole = { cases[i].slices * SLICES_UNIT, cases[i].bad_parts },
            .window = { 0, 43200, 43200 },
        };

        verdict_judge(&objective, now_wall_ms, &verdict);
        ck_assert_msg(verdict.status == cases[i].status, "row %zu", i);
    }
}
END_TEST

TCase *verdict_cases(void)
{
    TCase *cases = tcase_create("verdict");

    tcase_add_test(cases, the_forecast_is_that_of_the_last_hour);
    tcase_add_test(cases, parts_of_slices_are_too_few_to_judge_when_slices_are);
    return cases;
}
