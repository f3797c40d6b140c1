/* test_lag.c - the longest turn is shown for a while, then forgotten. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/lag.h"

#include "suite.h"

START_TEST(a_long_turn_is_remembered_for_at_least_a_window_and_then_forgotten)
{
    struct lag lag = { .since_ms = 0 };

    ck_assert_int_eq(lag_add(&lag, 700, 1000), 700);
    ck_assert_int_eq(lag_add(&lag, 10, 4999), 700);
    ck_assert_int_eq(lag_add(&lag, 10, 5000), 700);
    ck_assert_int_eq(lag_add(&lag, 20, 9999), 700);
    ck_assert_int_eq(lag_add(&lag, 5, 10000), 20);
}
END_TEST

TCase *lag_cases(void)
{
    TCase *tcase = tcase_create("lag");

    tcase_add_test(tcase, a_long_turn_is_remembered_for_at_least_a_window_and_then_forgotten);
    return tcase;
}
