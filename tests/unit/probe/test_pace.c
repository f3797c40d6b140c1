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

START_TEST(a_healthy_check_pauses_a_little_less_than_its_interval)
{
    assert_pause("S", 1000, false, 878, 972);
    assert_pause("SFS", 10000, false, 8780, 9720);
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

START_TEST(pace_bounds_are_the_longest_that_it_can_take)
{
    static const struct {
        enum check_kind kind;
        int fall;
        int64_t interval_ms, fresh_interval_ms;
        int64_t refused_ms, hung_ms, fresh_ms;
    } cases[] = {
        { CHECK_POSTGRES, 2, 1000, 15000, 100, 3100, 17100 },
        { CHECK_REDIS, 1, 1000, 15000, 0, 2000, 16000 },
        { CHECK_REDIS, 4, 1000, 15000, 2500, 7500, 21500 }, /* two pauses of 1.2 s */
        { CHECK_REDIS, 3, 500, 15000, 700, 4200, 18700 },
        { CHECK_CELERY, 2, 10000, 5000, 100, 12100, 12100 },
        { CHECK_HTTP, 2, 1000, 15000, 1100, 3100, 17100 },
        { CHECK_TLS, 2, 1000, 15000, 1100, 3100, 3100 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct check_config check = {
            .kind = cases[i].kind,
            .fall = cases[i].fall,
            .interval_ms = cases[i].interval_ms,
            .timeout_ms = 1000,
            .fresh_interval_ms = cases[i].fresh_interval_ms,
        };
        struct pace_bounds bounds;

        pace_bounds(&check, &bounds);
        ck_assert_int_eq(bounds.refused_ms, cases[i].refused_ms);
        ck_assert_int_eq(bounds.hung_ms, cases[i].hung_ms);
        ck_assert_int_eq(bounds.fresh_ms, cases[i].fresh_ms);
    }
}
END_TEST

TCase *pace_cases(void)
{
    TCase *cases = tcase_create("pace");

    tcase_add_test(cases, a_healthy_check_pauses_a_little_less_than_its_interval);
    tcase_add_test(cases, the_first_result_against_the_state_has_a_second_look_at_once);
    tcase_add_test(cases, down_or_still_in_doubt_pauses_a_second_whatever_the_interval);
    tcase_add_test(cases, a_check_that_hurries_pauses_a_second);
    tcase_add_test(cases, pace_bounds_are_the_longest_that_it_can_take);
    return cases;
}
