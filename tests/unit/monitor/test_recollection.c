/* test_recollection.c - module/monitor/recollection.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/recollection.h"

#include "scene.h"
#include "suite.h"

static const char boot_id[] = "8a5b6c7d-0000-4000-8000-123456789abc";

/* What the scene would hand on, as the next process finds it after so long. */
static struct chronicle *hand_on(int64_t after_ms)
{
    struct chronicle *chronicle;
    struct buf bytes;

    buf_init(&bytes, 65536);
    overview_remember(&scene, boot_id, &bytes);
    ck_assert(buf_ok(&bytes));
    chronicle = chronicle_read(buf_slice(&bytes));
    ck_assert_ptr_nonnull(chronicle);
    chronicle_move(chronicle, boot_id, scene_moment(after_ms));
    buf_done(&bytes);
    return chronicle;
}

/* The process ends, and another begins at that time. */
static void restart(int64_t after_ms)
{
    overview_done(&scene);
    memset(&scene, 0, sizeof(scene));
    overview_init(&scene, &scene_config, scene_moment(after_ms));
}

static void begin(void)
{
    scene_reset();
    scene_keep("redis");
    scene_start();
}

static void end(void)
{
    overview_done(&scene);
}

START_TEST(recollection_of_transitions_outlives_a_restart)
{
    AUTO(chronicle_free) struct chronicle *chronicle = NULL;
    const struct history *history;

    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 1000);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 1100);
    chronicle = hand_on(5000);
    restart(5000);
    overview_recall(&scene, chronicle);
    history = scene.checks[0].history;
    ck_assert_int_eq(scene.checks[0].verdict.status, CHECK_STARTING); /* nothing is known now */
    ck_assert(!scene.ready);
    ck_assert_int_eq(history_transition_count(history), 2);
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 5100);
    ck_assert_int_eq(history_transition_count(history), 3);
    ck_assert_int_eq(history_transition(history, 0)->from, CHECK_ERROR);
    ck_assert_int_eq(history_transition(history, 0)->lasted_ms, 4000);
    ck_assert_int_eq(history_transition(history, 1)->reason, HEALTH_REASON_REFUSED);
}
END_TEST

START_TEST(recollection_that_comes_late_is_put_in_front)
{
    AUTO(chronicle_free) struct chronicle *chronicle = NULL;
    const struct history *history;

    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    chronicle = hand_on(5000);
    restart(5000);
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 5100);
    scene_take(0, OUTCOME_DEGRADED, HEALTH_REASON_SLOW, 5200);
    overview_recall(&scene, chronicle); /* the disk was slow */
    history = scene.checks[0].history;
    ck_assert_int_eq(history_transition_count(history), 2);
    ck_assert_int_eq(history_transition(history, 0)->from, CHECK_OK);
    ck_assert_int_eq(history_transition(history, 0)->lasted_ms, 5190);
    ck_assert_int_eq(history_result_count(history), 3);
}
END_TEST

START_TEST(recollection_of_a_check_that_is_gone_waits_for_its_name)
{
    AUTO(chronicle_free) struct chronicle *chronicle = NULL;
    struct config next = scene_config;

    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    chronicle = hand_on(5000);
    next.check_count = 0;
    overview_done(&scene);
    memset(&scene, 0, sizeof(scene));
    overview_init(&scene, &next, scene_moment(5000));
    overview_recall(&scene, chronicle);
    overview_reload(&scene, &scene_config, scene_moment(6000));
    (void)overview_judge(&scene, scene_moment(6000));
    ck_assert_int_eq(history_transition_count(scene.checks[0].history), 1);
    ck_assert_int_eq(history_result_count(scene.checks[0].history), 1);
}
END_TEST

START_TEST(recollection_of_maintenance_holds_until_somebody_knows_better)
{
    const struct maintenance maintenance = { .on = true,
                                             .drain = true,
                                             .since_wall_ms = SCENE_WALL_MS,
                                             .until_wall_ms = SCENE_WALL_MS + 60000,
                                             .reason = "new disks" };
    const struct maintenance none = { .on = false };
    AUTO(chronicle_free) struct chronicle *chronicle = NULL;

    overview_maintain(&scene, &maintenance);
    (void)overview_judge(&scene, scene_moment(10));
    chronicle = hand_on(5000);
    restart(5000);
    overview_recall(&scene, chronicle);
    (void)overview_judge(&scene, scene_moment(5010));
    ck_assert(overview_maintenance_drains(&scene));
    ck_assert_str_eq(scene.maintenance.reason, "new disks");
    (void)overview_judge(&scene, scene_moment(60000));
    ck_assert(!scene.maintenance_in_force);
    restart(5000);
    overview_maintain(&scene, &none); /* the ledger was asked before the disk had answered */
    overview_recall(&scene, chronicle);
    (void)overview_judge(&scene, scene_moment(5010));
    ck_assert(!scene.maintenance_in_force);
}
END_TEST

TCase *recollection_cases(void)
{
    TCase *cases = tcase_create("recollection");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, recollection_of_transitions_outlives_a_restart);
    tcase_add_test(cases, recollection_that_comes_late_is_put_in_front);
    tcase_add_test(cases, recollection_of_a_check_that_is_gone_waits_for_its_name);
    tcase_add_test(cases, recollection_of_maintenance_holds_until_somebody_knows_better);
    return cases;
}
