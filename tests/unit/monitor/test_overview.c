/* test_overview.c - module/monitor/overview.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/overview.h"

#include "scene.h"
#include "suite.h"

static bool judge_at(int64_t after_ms)
{
    return overview_judge(&scene, scene_moment(after_ms), false);
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

START_TEST(overview_drain_is_latched)
{
    scene_start();
    scene_all_ok(10);
    ck_assert(overview_judge(&scene, scene_moment(20), true));
    ck_assert(scene.draining && !scene.ready);
    scene_all_ok(30); /* judges without the order */
    ck_assert(scene.draining && !scene.ready);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
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
    tcase_add_test(cases, overview_drain_is_latched);
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
