/* test_history.c - module/monitor/history.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/history.h"

#include "scene.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct history history;
static struct history earlier;

static bool judge_in(struct history *of, enum check_status status, int64_t after_ms)
{
    const struct check_verdict verdict = { .status = status, .number = 7 };

    return history_judge(of, &verdict, status == CHECK_OK ? "" : "0badcafe",
                         scene_moment(after_ms));
}

static bool judge(enum check_status status, int64_t after_ms)
{
    return judge_in(&history, status, after_ms);
}

/* Judged once a second, as the monitor does. */
static void stay_in(struct history *of, enum check_status status, int64_t from_ms, int64_t to_ms)
{
    for (int64_t at_ms = from_ms; at_ms <= to_ms; at_ms += 1000)
        (void)judge_in(of, status, at_ms);
}

static void begin(void)
{
    history = (struct history){ .name = "redis" };
    earlier = (struct history){ .name = "redis" };
    history_begin(&history, SCENE_BOOT_MS);
}

START_TEST(history_of_nobody_knows_nothing)
{
    history_begin(NULL, 0);
    history_take(NULL, NULL);
    ck_assert(!history_judge(NULL, NULL, "", scene_moment(0)));
    ck_assert_int_eq(history_result_count(NULL), 0);
    ck_assert_int_eq(history_transition_count(NULL), 0);
    ck_assert_int_eq(history_changes(NULL), 0);
    ck_assert_int_eq(history_uptime(NULL, 24).known_ms, 0);
}
END_TEST

START_TEST(history_keeps_the_last_sixty_results)
{
    for (int i = 0; i < 100; i++) {
        struct outcome outcome = { .observed_at_wall_ms = i, .number = i * 2, .latency_us = i * 3 };

        history_take(&history, &outcome);
        ck_assert_int_eq(history_result_count(&history), i < 60 ? i + 1 : 60);
        ck_assert_int_eq(history_result(&history, 0)->at_wall_ms, i);
    }
    ck_assert_int_eq(history_result(&history, 59)->at_wall_ms, 40);
    ck_assert_int_eq(history_result(&history, 59)->number, 80);
    ck_assert_int_eq(history_result(&history, 59)->latency_us, 120);
}
END_TEST

START_TEST(history_says_from_what_to_what_and_how_long_it_lasted)
{
    const struct history_transition *last;

    ck_assert(!judge(CHECK_STARTING, 0));
    ck_assert(judge(CHECK_OK, 400));
    ck_assert(!judge(CHECK_OK, 1400));
    ck_assert(judge(CHECK_ERROR, 2400));
    last = history_transition(&history, 0);
    ck_assert_int_eq(last->from, CHECK_OK);
    ck_assert_int_eq(last->to, CHECK_ERROR);
    ck_assert_int_eq(last->lasted_ms, 2000);
    ck_assert_int_eq(last->at_wall_ms, SCENE_WALL_MS + 2400);
    ck_assert_int_eq(last->number, 7);
    ck_assert_str_eq(last->error_id, "0badcafe");
    last = history_transition(&history, 1);
    ck_assert_int_eq(last->from, CHECK_STARTING);
    ck_assert_int_eq(last->lasted_ms, 400);
    for (int i = 0; i < 100; i++)
        ck_assert(judge(i % 2 == 0 ? CHECK_OK : CHECK_STALE, 3000 + i));
    ck_assert_int_eq(history_transition_count(&history), 32);
    ck_assert_int_eq(history_transition(&history, 31)->lasted_ms, 1);
}
END_TEST

START_TEST(history_counts_the_changes_of_the_last_hour)
{
    (void)judge(CHECK_OK, 0);
    ck_assert_int_eq(history_changes(&history), 0); /* to begin is no change */
    (void)judge(CHECK_ERROR, 1000000);
    (void)judge(CHECK_OK, 2000000);
    ck_assert_int_eq(history_changes(&history), 2);
    (void)judge(CHECK_OK, 4600000);
    ck_assert_int_eq(history_changes(&history), 2);
    (void)judge(CHECK_OK, 4600001);
    ck_assert_int_eq(history_changes(&history), 1);
    (void)judge(CHECK_OK, 5600001);
    ck_assert_int_eq(history_changes(&history), 0);
}
END_TEST

START_TEST(history_counts_more_changes_than_it_keeps)
{
    struct history before;

    for (int i = 0; i < 3600; i++)
        (void)judge(i % 2 == 0 ? CHECK_OK : CHECK_ERROR, 1000000 + i * 1000);
    ck_assert_int_ge(history_changes(&history), 3500); /* the oldest minute of the sixty is over */
    ck_assert_int_le(history_changes(&history), 3600);
    (void)judge(CHECK_ERROR, 1000000 + 5400000);
    ck_assert_int_ge(history_changes(&history), 1700);
    ck_assert_int_le(history_changes(&history), 1860);
    before = history;
    memset(before.changes, 0, sizeof(before.changes)); /* as a restart leaves it */
    before.changes_minute = 0;
    ck_assert_int_eq(history_changes(&before), 32);
    (void)judge(CHECK_ERROR, 1000000 + 3599000 + 3600001);
    ck_assert_int_eq(history_changes(&history), 0);
}
END_TEST

START_TEST(history_takes_no_time_that_nobody_watched)
{
    stay_in(&history, CHECK_OK, 0, 10000);
    ck_assert_int_eq(history_uptime(&history, 1).known_ms, 10000);
    (void)judge(CHECK_STALE, 3610000); /* an hour of sleep */
    ck_assert_int_eq(history_uptime(&history, 24).up_ms, 10000 + HISTORY_GAP_MS);
    ck_assert_int_eq(history_uptime(&history, 24).known_ms, 10000 + HISTORY_GAP_MS);
    stay_in(&history, CHECK_STALE, 3611000, 3612000);
    ck_assert_int_eq(history_uptime(&history, 24).up_ms, 10000 + HISTORY_GAP_MS);
    ck_assert_int_eq(history_uptime(&history, 24).known_ms, 12000 + HISTORY_GAP_MS);
    ck_assert_int_eq(history_transition(&history, 0)->lasted_ms, 3610000);
}
END_TEST

START_TEST(history_is_up_while_degraded_and_not_while_stale)
{
    static const struct {
        enum check_status status;
        int64_t up_ms;
        int64_t known_ms;
    } cases[] = {
        { CHECK_OK, 1000, 1000 }, { CHECK_DEGRADED, 1000, 1000 }, { CHECK_ERROR, 0, 1000 },
        { CHECK_STALE, 0, 1000 }, { CHECK_STARTING, 0, 0 },       { CHECK_NOT_CONFIGURED, 0, 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        stay_in(&history, cases[i].status, 0, 1000);
        ck_assert_int_eq(history_uptime(&history, 1).up_ms, cases[i].up_ms);
        ck_assert_int_eq(history_uptime(&history, 1).known_ms, cases[i].known_ms);
    }
}
END_TEST

START_TEST(history_measures_nothing_by_the_wall_clock)
{
    static const int64_t steps_ms[] = { 3600000, -3600000 };

    for (size_t i = 0; i < 2; i++) {
        struct moment now = scene_moment(2000);

        begin();
        stay_in(&history, CHECK_OK, 0, 1000);
        now.wall_ms += steps_ms[i];
        ck_assert(history_judge(&history, &(struct check_verdict){ .status = CHECK_ERROR },
                                "0badcafe", now));
        ck_assert_int_eq(history_transition(&history, 0)->lasted_ms, 2000);
        ck_assert_int_eq(history_transition(&history, 0)->at_wall_ms,
                         SCENE_WALL_MS + 2000 + steps_ms[i]); /* what people's clocks said */
        ck_assert_int_eq(history_uptime(&history, 1).up_ms, 2000);
        ck_assert_int_eq(history_uptime(&history, 1).known_ms, 2000);
        ck_assert_int_eq(history_changes(&history), 1);
    }
}
END_TEST

/* The earlier process ended 60 s before the later one began, which is the scene's beginning. */
static void run_before(enum check_status status)
{
    history_begin(&earlier, SCENE_BOOT_MS - 100000);
    stay_in(&earlier, CHECK_OK, -100000, -80000);
    stay_in(&earlier, status, -79000, -60000);
}

START_TEST(history_after_a_restart_goes_on_where_it_was)
{
    run_before(CHECK_ERROR);
    (void)judge(CHECK_STARTING, 0);
    (void)judge(CHECK_ERROR, 500);
    stay_in(&history, CHECK_ERROR, 1000, 4000);
    (void)judge(CHECK_OK, 5000);
    history_continue(&history, &earlier);
    ck_assert_int_eq(history_transition_count(&history), 3);
    ck_assert_int_eq(history_transition(&history, 0)->from, CHECK_ERROR);
    ck_assert_int_eq(history_transition(&history, 0)->to, CHECK_OK);
    ck_assert_int_eq(history_transition(&history, 0)->lasted_ms, 84000);
    /* 20 s up and 19 s down, a minute unknown, half a second starting, 4.5 s down */
    ck_assert_int_eq(history_uptime(&history, 24).up_ms, 21000);
    ck_assert_int_eq(history_uptime(&history, 24).known_ms, 21000 + 19000 + 4500);
}
END_TEST

START_TEST(history_after_a_restart_has_a_transition_from_the_state_before)
{
    run_before(CHECK_ERROR);
    (void)judge(CHECK_OK, 500);
    history_continue(&history, &earlier);
    ck_assert_int_eq(history_transition(&history, 0)->from, CHECK_ERROR);
    ck_assert_int_eq(history_transition(&history, 0)->to, CHECK_OK);
    ck_assert_int_eq(history_transition(&history, 0)->lasted_ms, 79500);
    ck_assert_int_eq(history.lasted_ms, 0);
    ck_assert(!judge(CHECK_OK, 1500));
}
END_TEST

START_TEST(history_that_is_read_before_the_first_verdict_waits_for_it)
{
    run_before(CHECK_ERROR);
    (void)judge(CHECK_STARTING, 300);
    history_continue(&history, &earlier);
    ck_assert_int_eq(history_transition_count(&history), 2);
    ck_assert(!judge(CHECK_ERROR, 500));
    ck_assert(judge(CHECK_OK, 1000));
    ck_assert_int_eq(history_transition(&history, 0)->lasted_ms, 80000);
}
END_TEST

START_TEST(history_continued_keeps_the_newest_of_both)
{
    struct outcome outcome = { 0 };

    run_before(CHECK_OK);
    for (int i = 0; i < 50; i++) {
        outcome.observed_at_wall_ms = i;
        history_take(&earlier, &outcome);
        outcome.observed_at_wall_ms = 100 + i;
        history_take(&history, &outcome);
    }
    history.open = true;
    history_continue(&history, &earlier);
    ck_assert_int_eq(history_result_count(&history), 60);
    ck_assert_int_eq(history_result(&history, 0)->at_wall_ms, 149);
    ck_assert_int_eq(history_result(&history, 59)->at_wall_ms, 40);
    ck_assert(history.open);
}
END_TEST

TCase *history_cases(void)
{
    TCase *cases = tcase_create("history");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, history_of_nobody_knows_nothing);
    tcase_add_test(cases, history_keeps_the_last_sixty_results);
    tcase_add_test(cases, history_says_from_what_to_what_and_how_long_it_lasted);
    tcase_add_test(cases, history_counts_the_changes_of_the_last_hour);
    tcase_add_test(cases, history_counts_more_changes_than_it_keeps);
    tcase_add_test(cases, history_takes_no_time_that_nobody_watched);
    tcase_add_test(cases, history_is_up_while_degraded_and_not_while_stale);
    tcase_add_test(cases, history_measures_nothing_by_the_wall_clock);
    tcase_add_test(cases, history_after_a_restart_goes_on_where_it_was);
    tcase_add_test(cases, history_after_a_restart_has_a_transition_from_the_state_before);
    tcase_add_test(cases, history_that_is_read_before_the_first_verdict_waits_for_it);
    tcase_add_test(cases, history_continued_keeps_the_newest_of_both);
    return cases;
}
