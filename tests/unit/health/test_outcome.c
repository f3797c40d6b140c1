/* test_outcome.c - module/health/outcome.c */
/* SPDX-License-Identifier: MIT */
#include "health/outcome.h"

#include "suite.h"

START_TEST(outcome_keeps_the_first_cause_and_lets_the_worse_win)
{
    struct outcome outcome = { 0 };

    outcome_set(&outcome, OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 1);
    outcome_set(&outcome, OUTCOME_DEGRADED, HEALTH_REASON_FEWER_WORKERS, 2);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_BUSY);
    outcome_set(&outcome, OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 1000);
    outcome_set(&outcome, OUTCOME_ERROR, HEALTH_REASON_CLOSED, 0);
    outcome_set(&outcome, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    ck_assert_int_eq(outcome.status, OUTCOME_ERROR);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_TIMEOUT);
    ck_assert_int_eq(outcome.number, 1000);
}
END_TEST

TCase *outcome_cases(void)
{
    TCase *cases = tcase_create("outcome");

    tcase_add_test(cases, outcome_keeps_the_first_cause_and_lets_the_worse_win);
    return cases;
}
