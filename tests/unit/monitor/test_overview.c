/* test_overview.c - module/monitor/overview.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/overview.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>

static bool judge_at(int64_t after_ms)
{
    return overview_judge(&scene, scene_moment(after_ms));
}

static void fail_app(int times, int64_t after_ms)
{
    for (int i = 0; i < times; i++)
        scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_REFUSED, after_ms + i);
}

START_TEST(overview_is_ready_only_after_a_whole_first_round)
{
    scene_start();
    ck_assert(!scene.ready);
    for (int i = 0; i < scene_config.check_count; i++) {
        ck_assert(!scene.ready && !scene.first_round_done);
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, 10 + i);
    }
    ck_assert(scene.ready && scene.first_round_done && scene.started_up);
}
END_TEST

START_TEST(overview_waits_for_checks_that_are_not_critical_in_the_first_round_only)
{
    scene_keep("database redis");
    scene_config.checks[1].critical = false;
    scene_start();
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert(!scene.ready);
    scene_take(1, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
    scene_take(1, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 120);
    ck_assert(scene.ready);
    ck_assert(overview_degraded(&scene));
}
END_TEST

START_TEST(overview_without_a_check_is_not_ready_unless_that_is_meant)
{
    scene_keep("");
    scene_start();
    ck_assert(!scene.ready && scene.first_round_done && scene.started_up);
    scene_config.require_none = true;
    scene_start();
    ck_assert(scene.ready);
}
END_TEST

START_TEST(overview_is_ready_only_once_it_has_passed_for_as_long_as_it_must)
{
    const struct {
        int64_t at_ms;
        enum outcome_status status;
        bool ready;
    } looks[] = {
        { 10, OUTCOME_OK, false },      { 1000, OUTCOME_OK, false }, { 1500, OUTCOME_ERROR, false },
        { 1600, OUTCOME_ERROR, false }, { 2000, OUTCOME_OK, false }, { 2100, OUTCOME_OK, false },
        { 4099, OUTCOME_OK, false },    { 4100, OUTCOME_OK, true },  { 5000, OUTCOME_ERROR, true },
        { 5100, OUTCOME_ERROR, false }, { 5200, OUTCOME_OK, false }, { 5300, OUTCOME_OK, true },
    };

    scene_keep("database");
    scene_config.ready_after_ms = 2000;
    scene_start();
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        scene_take(0, looks[i].status, HEALTH_REASON_REFUSED, looks[i].at_ms);
        ck_assert_msg(scene.ready == looks[i].ready, "at %d ms", (int)looks[i].at_ms);
        if (looks[i].at_ms == 2100)
            ck_assert_int_eq(overview_steady_at_ms(&scene), SCENE_BOOT_MS + 4100);
    }
    ck_assert_int_eq(overview_steady_at_ms(&scene), INT64_MAX);
}
END_TEST

START_TEST(overview_drain_is_latched)
{
    scene_start();
    scene_all_ok(10);
    ck_assert(scene_drain(20));
    ck_assert(scene.draining && !scene.ready);
    scene_all_ok(30); /* judges without the order */
    ck_assert(scene.draining && !scene.ready);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
}
END_TEST

START_TEST(overview_drain_keeps_its_first_reason_and_only_its_end_comes_nearer)
{
    const struct {
        int64_t until_boot_ms;
        int64_t want;
    } orders[] = { { 0, 0 }, { 9000, 9000 }, { 12000, 9000 }, { 0, 9000 }, { 7000, 7000 } };
    struct drain drain = { .reason = "by hand", .who = "ada" };

    scene_start();
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        drain.until_boot_ms = orders[i].until_boot_ms;
        overview_drain(&scene, &drain, scene_moment((int64_t)i));
        ck_assert(judge_at((int64_t)i));
        ck_assert_int_eq(scene.drain.until_boot_ms, orders[i].want);
        ck_assert_str_eq(scene.drain.reason, "by hand");
        (void)snprintf(drain.reason, sizeof(drain.reason), "another");
    }
    ck_assert_int_eq(scene.draining_since.boot_ms, SCENE_BOOT_MS);
}
END_TEST

START_TEST(overview_maintenance_drains_only_where_it_says_so_and_ends_by_itself)
{
    struct maintenance maintenance = { .on = true,
                                       .since_wall_ms = SCENE_WALL_MS,
                                       .until_wall_ms = SCENE_WALL_MS + 60000 };

    scene_keep("database");
    scene_start();
    scene_all_ok(10);
    overview_maintain(&scene, &maintenance);
    ck_assert(judge_at(20));
    ck_assert(scene.ready && scene.maintenance_in_force && !overview_maintenance_drains(&scene));
    maintenance.drain = true;
    overview_maintain(&scene, &maintenance);
    ck_assert(judge_at(30));
    ck_assert(!scene.ready && overview_maintenance_drains(&scene));
    ck_assert(overview_group_passes(&scene, GROUP_READINESS));
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    scene_all_ok(59999);
    ck_assert(!scene.ready);
    ck_assert(judge_at(60000)); /* nobody had to say so */
    ck_assert(scene.ready && !scene.maintenance_in_force);
}
END_TEST

START_TEST(overview_liveness_fails_when_a_further_member_does_three_times_in_a_row)
{
    scene_keep("redis celery");
    scene_config.checks[0].groups |= 1U << GROUP_LIVENESS;
    scene_config.checks[1].groups |= 1U << GROUP_LIVENESS;
    scene_config.checks[1].policy = CHECK_POLICY_DEGRADE;
    scene_start();
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    for (int i = 0; i < 9; i++) { /* its errors change nothing */
        scene_take(1, OUTCOME_ERROR, HEALTH_REASON_REFUSED, i);
        ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    }
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 10);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 30);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 40);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 50);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 60);
    ck_assert_int_eq(scene.liveness, LIVENESS_CHECK_FAILED);
    ck_assert_int_eq(scene.liveness_check, 0);
    ck_assert(!overview_group_passes(&scene, GROUP_LIVENESS));
}
END_TEST

START_TEST(overview_groups_are_judged_by_their_members_alone)
{
    scene_keep("database redis celery");
    scene_config.groups[GROUP_NAMED] = "orders";
    scene_config.groups[GROUP_NAMED + 1] = "empty";
    scene_config.group_count = GROUP_NAMED + 2;
    scene_config.checks[1].groups = 1U << GROUP_NAMED;
    scene_config.checks[2].groups = 1U << GROUP_NAMED | 1U << GROUP_STARTUP;
    scene_start();
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert(scene.ready); /* the others are none of readiness's business */
    ck_assert(!scene.first_round_done && !overview_group_passes(&scene, GROUP_NAMED));
    scene_take(1, OUTCOME_OK, HEALTH_REASON_NONE, 20);
    for (int i = 0; i < 3; i++)
        scene_take(2, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30 + i);
    ck_assert(scene.ready && scene.first_round_done && !scene.started_up);
    ck_assert(!overview_group_passes(&scene, GROUP_NAMED));
    ck_assert(!overview_group_passes(&scene, GROUP_NAMED + 1));
    scene_take(2, OUTCOME_OK, HEALTH_REASON_NONE, 40);
    scene_take(2, OUTCOME_OK, HEALTH_REASON_NONE, 50);
    ck_assert(overview_group_passes(&scene, GROUP_NAMED));
    ck_assert(scene.started_up && overview_group_passes(&scene, GROUP_STARTUP));
    (void)scene_drain(60);
    ck_assert(overview_group_passes(&scene, GROUP_NAMED) && !scene.ready);
}
END_TEST

START_TEST(overview_with_nobody_in_readiness_is_not_ready_unless_that_is_meant)
{
    scene_keep("database");
    scene_config.checks[0].groups = 1U << GROUP_LIVENESS;
    scene_start();
    scene_all_ok(10);
    ck_assert(!scene.ready);
    scene_config.require_none = true;
    ck_assert(judge_at(20));
    ck_assert(scene.ready);
}
END_TEST

START_TEST(overview_judges_nothing_by_the_wall_clock)
{
    static const int64_t steps_ms[] = { 3600000, -3600000 };

    scene_keep("database");
    for (size_t i = 0; i < 2; i++) {
        struct moment now = scene_moment(20);

        scene_start();
        scene_all_ok(10);
        now.wall_ms += steps_ms[i];
        ck_assert(!overview_judge(&scene, now));
        ck_assert(scene.ready);
        ck_assert_int_eq(check_state_age_ms(&scene.checks[0], now.boot_ms), 10);
    }
}
END_TEST

START_TEST(overview_after_a_suspend_calls_stale_what_it_knew)
{
    scene_keep("app database");
    scene_start();
    scene_all_ok(10);
    ck_assert(judge_at(3600000)); /* the first judgement after an hour of sleep */
    ck_assert(!scene.ready);
    ck_assert_int_eq(scene.checks[1].verdict.status, CHECK_STALE);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    scene_take(1, OUTCOME_OK, HEALTH_REASON_NONE, 20); /* it lay in the queue meanwhile */
    (void)judge_at(3600001);
    ck_assert_int_eq(scene.checks[1].verdict.status, CHECK_STALE);
    scene_all_ok(3600100);
    ck_assert(scene.ready);
}
END_TEST

START_TEST(overview_degraded_and_stale_checks)
{
    scene_start();
    scene_all_ok(10);
    scene_take(SCENE_CELERY, OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 20);
    ck_assert(scene.ready && overview_degraded(&scene));
    ck_assert(judge_at(5021)); /* nobody has looked for 5 s */
    ck_assert(!scene.ready);
    ck_assert(!judge_at(5500)); /* staler is no news */
}
END_TEST

START_TEST(overview_liveness_follows_no_dependency)
{
    scene_keep("database redis celery");
    scene_start();
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 3; i++)
            scene_take(i, OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, round * 100);
    }
    ck_assert(!scene.ready);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    ck_assert(scene.started_up); /* a database that is down at start is no crash loop */
}
END_TEST

START_TEST(overview_liveness_waits_for_the_application_and_then_for_three_failures)
{
    scene_start();
    ck_assert_int_eq(scene.liveness, LIVENESS_STARTING);
    fail_app(10, 0);
    ck_assert_int_eq(scene.liveness, LIVENESS_STARTING);
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 20);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK); /* before readiness, which wants `rise` */
    fail_app(2, 30);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 40);
    fail_app(2, 50);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    fail_app(1, 60);
    ck_assert_int_eq(scene.liveness, LIVENESS_APP_FAILED);
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 70);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
}
END_TEST

START_TEST(overview_any_http_answer_is_an_answer_of_the_application)
{
    struct outcome outcome;

    scene_start();
    outcome = scene_look(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS, 10);
    outcome.has_facts = true;
    outcome.facts.http.http_status = 500;
    overview_take(&scene, &outcome);
    (void)judge_at(10);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    overview_take(&scene, &outcome);
    overview_take(&scene, &outcome);
    (void)judge_at(20);
    ck_assert_int_eq(scene.liveness, LIVENESS_APP_FAILED);
}
END_TEST

START_TEST(overview_startup_waits_for_the_application_and_is_latched)
{
    scene_start();
    for (int i = SCENE_DATABASE; i < scene_config.check_count; i++)
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    fail_app(2, 20);
    ck_assert(scene.first_round_done && !scene.started_up);
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 30);
    ck_assert(!scene.started_up); /* down until `rise` */
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 40);
    ck_assert(scene.started_up);
    fail_app(9, 50);
    ck_assert(scene.started_up);
}
END_TEST

START_TEST(overview_with_an_unusable_application_address_is_alive_and_never_started)
{
    scene_config.checks[SCENE_APP].misconfigured = "PROBITY_APP: no http:// address";
    scene_start();
    for (int i = SCENE_DATABASE; i < scene_config.check_count; i++)
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    ck_assert(!scene.started_up && !scene.ready && scene.first_round_done);
}
END_TEST

START_TEST(overview_believes_a_stalled_front_only_at_the_second_look)
{
    const int64_t beat_ms = SCENE_BOOT_MS;

    scene_keep("database");
    scene_start();
    overview_look_at_front(&scene, 0, SCENE_BOOT_MS + 90000); /* not started yet */
    overview_look_at_front(&scene, 0, SCENE_BOOT_MS + 92000);
    ck_assert(!scene.front_stalled);
    scene_start();
    overview_look_at_front(&scene, beat_ms, SCENE_BOOT_MS + 60000); /* the process was stopped */
    overview_look_at_front(&scene, beat_ms, SCENE_BOOT_MS + 60100); /* too soon to count */
    (void)judge_at(60100);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    overview_look_at_front(&scene, beat_ms + 61000, SCENE_BOOT_MS + 61000); /* it goes on */
    overview_look_at_front(&scene, beat_ms + 61000, SCENE_BOOT_MS + 65000);
    ck_assert(!scene.front_stalled);
    overview_look_at_front(&scene, beat_ms + 61000, SCENE_BOOT_MS + 66000);
    ck_assert(judge_at(66000));
    ck_assert_int_eq(scene.liveness, LIVENESS_FRONT_STALLED);
    overview_look_at_front(&scene, beat_ms + 66500, SCENE_BOOT_MS + 67000);
    ck_assert(judge_at(67000));
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
}
END_TEST

START_TEST(overview_ignores_results_of_no_check)
{
    struct outcome outcome;

    scene_start();
    outcome = scene_look(4, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    overview_take(&scene, &outcome);
    outcome.check = 99;
    overview_take(&scene, &outcome);
    ck_assert(!judge_at(0));
}
END_TEST

TCase *overview_cases(void)
{
    TCase *cases = tcase_create("overview");

    tcase_add_checked_fixture(cases, scene_reset, NULL);
    tcase_add_test(cases, overview_is_ready_only_after_a_whole_first_round);
    tcase_add_test(cases, overview_waits_for_checks_that_are_not_critical_in_the_first_round_only);
    tcase_add_test(cases, overview_without_a_check_is_not_ready_unless_that_is_meant);
    tcase_add_test(cases, overview_is_ready_only_once_it_has_passed_for_as_long_as_it_must);
    tcase_add_test(cases, overview_drain_is_latched);
    tcase_add_test(cases, overview_drain_keeps_its_first_reason_and_only_its_end_comes_nearer);
    tcase_add_test(cases, overview_maintenance_drains_only_where_it_says_so_and_ends_by_itself);
    tcase_add_test(cases, overview_liveness_fails_when_a_further_member_does_three_times_in_a_row);
    tcase_add_test(cases, overview_groups_are_judged_by_their_members_alone);
    tcase_add_test(cases, overview_with_nobody_in_readiness_is_not_ready_unless_that_is_meant);
    tcase_add_test(cases, overview_judges_nothing_by_the_wall_clock);
    tcase_add_test(cases, overview_after_a_suspend_calls_stale_what_it_knew);
    tcase_add_test(cases, overview_degraded_and_stale_checks);
    tcase_add_test(cases, overview_liveness_follows_no_dependency);
    tcase_add_test(cases, overview_liveness_waits_for_the_application_and_then_for_three_failures);
    tcase_add_test(cases, overview_any_http_answer_is_an_answer_of_the_application);
    tcase_add_test(cases, overview_startup_waits_for_the_application_and_is_latched);
    tcase_add_test(cases, overview_with_an_unusable_application_address_is_alive_and_never_started);
    tcase_add_test(cases, overview_believes_a_stalled_front_only_at_the_second_look);
    tcase_add_test(cases, overview_ignores_results_of_no_check);
    return cases;
}
