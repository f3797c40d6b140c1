/* test_pace.c - module/probe/pace.c */
/* SPDX-License-Identifier: MIT */
#include "probe/pace.h"

#include "suite.h"

/* Plays results as test_hysteresis does and asks many times for the pause behind them. */
static void assert_pause(const char *results, int64_t interval_ms, bool hurry, int64_t least_ms,
                         int64_t most_ms)
{
    struct hysteresis hysteresis;

    hysteresis_init(&hysteresis, 3, 2);
    for (; *results != '\0'; results++)
        (void)hysteresis_take(&hysteresis, *results == 'S' ? OUTCOME_OK : OUTCOME_ERROR);
    for (int i = 0; i < 200; i++) {
        int64_t pause_ms = pace_pause_ms(&hysteresis, interval_ms, hurry);

        ck_assert_int_ge(pause_ms, least_ms);
        ck_assert_int_le(pause_ms, most_ms);
    }
}

START_TEST(a_healthy_check_never_pauses_longer_than_its_interval)
{
    assert_pause("S", 1000, false, 900, 1000);
    assert_pause("SFS", 10000, false, 9000, 10000);
}
END_TEST

START_TEST(the_first_result_against_the_state_has_a_second_look_at_once)
{
    assert_pause("SF", 10000, false, 100, 100);
    assert_pause("F", 10000, false, 100, 100);
    assert_pause("SFFFS", 10000, false, 100, 100);
}
END_TEST

START_TEST(down_or_still_in_doubt_pauses_a_second_whatever_the_interval)
{
    assert_pause("SFF", 10000, false, 800, 1200);
    assert_pause("SFFF", 10000, false, 800, 1200);
    assert_pause("SFFF", 500, false, 400, 600);
    assert_pause("", 10000, false, 800, 1200);
}
END_TEST

START_TEST(a_check_that_hurries_pauses_a_second)
{
    assert_pause("S", 10000, true, 800, 1200);
}
END_TEST

TCase *pace_cases(void)
{
    TCase *cases = tcase_create("pace");

    tcase_add_test(cases, a_healthy_check_never_pauses_longer_than_its_interval);
    tcase_add_test(cases, the_first_result_against_the_state_has_a_second_look_at_once);
    tcase_add_test(cases, down_or_still_in_doubt_pauses_a_second_whatever_the_interval);
    tcase_add_test(cases, a_check_that_hurries_pauses_a_second);
    return cases;
}
