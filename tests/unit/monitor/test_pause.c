/* test_pause.c - pauses in module/monitor/overview.c, state.c and the pages. */
/* SPDX-License-Identifier: MIT */
#include "monitor/overview.h"

#include "base/json.h"
#include "monitor/history.h"
#include "scene.h"
#include "suite.h"

#include <string.h>

static struct idle_view idle;

/* Nobody has asked for the 300 s before. */
static void pause_at(int64_t after_ms)
{
    idle.paused = true;
    idle.pauses++;
    idle.paused_at_ms = SCENE_BOOT_MS + after_ms;
    idle.quiet_ms = 300000;
    idle.woken_at_ms = 0;
    overview_rest(&scene, &idle, scene_moment(after_ms));
    (void)overview_judge(&scene, scene_moment(after_ms));
}

static void wake_at(int64_t after_ms)
{
    idle.paused = false;
    idle.woken_at_ms = SCENE_BOOT_MS + after_ms;
    overview_rest(&scene, &idle, scene_moment(after_ms));
    (void)overview_judge(&scene, scene_moment(after_ms));
}

static void begin(void)
{
    idle = (struct idle_view){ 0 };
    scene_reset();
    scene_start();
    scene_all_ok(100);
    ck_assert(scene.ready);
}

static const char *ready_page(struct page_text *text)
{
    return scene_page(render_ready, false, text);
}

START_TEST(a_pause_is_never_better_than_what_is_known)
{
    struct page_text text;

    pause_at(1000);
    ck_assert(!scene.ready && scene.pause.on);
    ck_assert(strstr(ready_page(&text), "{\"status\": \"paused\"") != NULL);
    ck_assert(strstr(ready_page(&text), "nobody had asked for 300 s") != NULL);
    ck_assert(strstr(ready_page(&text), "\"since\": \"2026-11-21T12:00:01.000Z\"") != NULL);
    ck_assert(strstr(ready_page(&text), "\"database\": \"paused\"") != NULL);
    ck_assert_int_eq(text.status, 503);
    ck_assert_int_eq(text.retry_after_seconds, 1);
    /* However long it lasts it is no failure of a check. */
    (void)overview_judge(&scene, scene_moment(7200000));
    ck_assert_int_eq(scene.checks[SCENE_DATABASE].verdict.status, CHECK_PAUSED);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    ck_assert(overview_group_passes(&scene, GROUP_STARTUP));
}
END_TEST

START_TEST(the_first_result_behind_it_counts_at_once_both_ways)
{
    struct page_text text;

    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 200);
    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 300);
    pause_at(1000);
    wake_at(7200000);
    ck_assert(strstr(ready_page(&text), "{\"status\": \"paused\"") != NULL);
    for (int i = SCENE_APP; i <= SCENE_CELERY; i++) {
        ck_assert(!scene.ready);
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, 7200010);
    }
    ck_assert(scene.ready);

    pause_at(7300000);
    wake_at(7400000);
    scene_take(SCENE_DATABASE, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 7400010);
    ck_assert_int_eq(scene.checks[SCENE_DATABASE].verdict.status, CHECK_ERROR);
    /* Known to fail is more than not known. */
    ck_assert(strstr(ready_page(&text), "{\"status\": \"not_ready\"") != NULL);
    ck_assert_int_eq(text.retry_after_seconds, 5);
}
END_TEST

START_TEST(nothing_that_was_asked_before_counts_behind_it)
{
    struct outcome late = scene_look(SCENE_REDIS, OUTCOME_OK, HEALTH_REASON_NONE, 2000);

    pause_at(1000);
    scene_take(SCENE_REDIS, OUTCOME_OK, HEALTH_REASON_NONE, 1001);
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.status, CHECK_PAUSED);
    wake_at(1999);
    late.latency_us = 1500000; /* asked before, answered now */
    overview_take(&scene, &late);
    (void)overview_judge(&scene, scene_moment(2000));
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.status, CHECK_PAUSED);
    late.latency_us = 900;
    overview_take(&scene, &late);
    (void)overview_judge(&scene, scene_moment(2001));
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.status, CHECK_OK);
}
END_TEST

START_TEST(a_pause_that_is_over_when_it_is_noticed_counts_too)
{
    idle.pauses = 1;
    idle.paused_at_ms = SCENE_BOOT_MS + 1000;
    wake_at(1001);
    ck_assert(!scene.ready && !scene.pause.on);
    ck_assert_int_eq(scene.checks[SCENE_APP].verdict.status, CHECK_PAUSED);
    scene_all_ok(1010);
    ck_assert(scene.ready);
}
END_TEST

START_TEST(who_does_not_answer_behind_it_is_stale_in_time)
{
    scene_config.checks[SCENE_REDIS].max_age_ms = 3600000; /* an hourly check */
    pause_at(1000);
    wake_at(100000);
    scene_take(SCENE_DATABASE, OUTCOME_OK, HEALTH_REASON_NONE, 100010);
    (void)overview_judge(&scene, scene_moment(105000));
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.status, CHECK_PAUSED);
    (void)overview_judge(&scene, scene_moment(105001));
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.status, CHECK_STALE);
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.silent_ms, 5001);
}
END_TEST

START_TEST(orders_outrank_a_pause)
{
    struct page_text text;

    pause_at(1000);
    ck_assert(scene_drain(2000));
    ck_assert(strstr(ready_page(&text), "{\"status\": \"draining\"") != NULL);
    ck_assert_int_eq(text.retry_after_seconds, 0);
}
END_TEST

START_TEST(a_pause_is_no_transition_and_time_of_which_nothing_is_known)
{
    const struct check_state *redis = &scene.checks[SCENE_REDIS];
    uint64_t transitions = redis->transitions;
    int changes = history_transition_count(redis->history);

    pause_at(1000);
    wake_at(3601000);
    scene_all_ok(3601010);
    ck_assert_uint_eq(redis->transitions, transitions);
    ck_assert_int_eq(history_transition_count(redis->history), changes);
    ck_assert_int_eq(redis->since.boot_ms, SCENE_BOOT_MS + 3601010);
    /* Up as far as it is known, and known for as long as somebody judged, and a gap. */
    ck_assert_int_le(history_uptime(redis->history, 24).known_ms, 10000);

    pause_at(3700000);
    wake_at(3800000);
    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 3800010);
    ck_assert_uint_eq(redis->transitions, transitions + 1);
}
END_TEST

START_TEST(a_failure_has_its_whole_time_to_pass_behind_it)
{
    scene_config.checks[SCENE_REDIS].policy = CHECK_POLICY_FAIL_AFTER;
    scene_config.checks[SCENE_REDIS].fail_after_ms = 60000;
    pause_at(1000);
    wake_at(7200000);
    scene_all_ok(7200010);
    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 7200020);
    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 7200030);
    ck_assert(scene.ready);
    pause_at(7201000);
    wake_at(7300000);
    for (int i = SCENE_APP; i <= SCENE_CELERY; i++)
        scene_take(i, i == SCENE_REDIS ? OUTCOME_ERROR : OUTCOME_OK, HEALTH_REASON_REFUSED,
                   7300010);
    ck_assert(!scene.ready); /* as far as is known it has lasted since then */
}
END_TEST

START_TEST(failures_before_and_behind_it_are_not_in_a_row)
{
    scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 200);
    scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 300);
    pause_at(1000);
    wake_at(2000);
    scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 2010);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
    scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 2110);
    scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 3110);
    ck_assert_int_eq(scene.liveness, LIVENESS_APP_FAILED);
    pause_at(4000);
    ck_assert_int_eq(scene.liveness, LIVENESS_APP_FAILED); /* it has not become better */
    wake_at(5000);
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 5010);
    ck_assert_int_eq(scene.liveness, LIVENESS_OK);
}
END_TEST

START_TEST(what_can_not_be_looked_at_is_not_waited_for)
{
    scene_reset();
    scene_config.checks[SCENE_CELERY].misconfigured = "amqp:// is not supported";
    scene_config.checks[SCENE_CELERY].policy = CHECK_POLICY_DEGRADE;
    scene_config.checks[SCENE_CELERY].critical = false;
    scene_start();
    for (int i = SCENE_APP; i < SCENE_CELERY; i++)
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, 100);
    ck_assert(scene.ready);
    pause_at(1000);
    ck_assert_int_eq(scene.checks[SCENE_CELERY].verdict.status, CHECK_ERROR);
    wake_at(2000);
    for (int i = SCENE_APP; i < SCENE_CELERY; i++)
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, 2010);
    ck_assert(scene.ready);
}
END_TEST

START_TEST(facts_and_metrics_of_before_are_not_told)
{
    struct buf body;

    pause_at(1000);
    buf_init(&body, 1024 * 1024);
    render_metrics(&scene, METRICS_PROMETHEUS, &body);
    ck_assert_ptr_nonnull(strstr(buf_text(&body), "\nprobity_paused 1\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&body), "\nprobity_pauses_total 1\n"));
    ck_assert_ptr_null(strstr(buf_text(&body), "probity_check_up{"));
    ck_assert_ptr_null(strstr(buf_text(&body), "probity_check_age_seconds{"));
    buf_done(&body);
    scene_view.which = SCENE_REDIS;
    ck_assert_ptr_nonnull(strstr(scene_page(render_component, false, NULL),
                                 "\"hint\": \"asking has woken it: ask again\""));
    ck_assert_ptr_nonnull(strstr(scene_page(render_detailed, false, NULL),
                                 "\"paused_since\": \"2026-11-21T12:00:01.000Z\""));
}
END_TEST

TCase *pause_cases(void)
{
    TCase *cases = tcase_create("pause");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, a_pause_is_never_better_than_what_is_known);
    tcase_add_test(cases, the_first_result_behind_it_counts_at_once_both_ways);
    tcase_add_test(cases, nothing_that_was_asked_before_counts_behind_it);
    tcase_add_test(cases, a_pause_that_is_over_when_it_is_noticed_counts_too);
    tcase_add_test(cases, who_does_not_answer_behind_it_is_stale_in_time);
    tcase_add_test(cases, orders_outrank_a_pause);
    tcase_add_test(cases, a_pause_is_no_transition_and_time_of_which_nothing_is_known);
    tcase_add_test(cases, a_failure_has_its_whole_time_to_pass_behind_it);
    tcase_add_test(cases, failures_before_and_behind_it_are_not_in_a_row);
    tcase_add_test(cases, what_can_not_be_looked_at_is_not_waited_for);
    tcase_add_test(cases, facts_and_metrics_of_before_are_not_told);
    return cases;
}
