/* test_reload.c - module/monitor/reload.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/overview.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct config next;

/* What the tests change is in force from then on. */
static void reload(int64_t after_ms)
{
    static struct config in_force[2];
    static int turn;

    turn = !turn;
    in_force[turn] = next;
    overview_reload(&scene, &in_force[turn], scene_moment(after_ms));
    (void)overview_judge(&scene, scene_moment(after_ms));
}

static void look(int check, enum outcome_status status, int64_t after_ms)
{
    struct outcome outcome = scene_look(0, status, HEALTH_REASON_REFUSED, after_ms);

    outcome.check = scene.config->checks[check].id;
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(after_ms));
}

static void begin(void)
{
    scene_reset();
    scene_start();
    scene_all_ok(10);
    next = scene_config;
}

START_TEST(reload_leaves_checks_alone_whose_row_stays_wherever_it_stands)
{
    for (int i = 0; i < 4; i++)
        next.checks[i] = scene_config.checks[3 - i];
    look(SCENE_REDIS, OUTCOME_ERROR, 20); /* in doubt: one of two */
    reload(30);
    ck_assert(scene.ready && scene.first_round_done && scene.started_up);
    for (int i = 0; i < 4; i++) {
        ck_assert_ptr_eq(scene.checks[i].config, &scene.config->checks[i]);
        ck_assert_int_eq(scene.checks[i].since.boot_ms, SCENE_BOOT_MS + 10);
    }
    look(1, OUTCOME_ERROR, 40); /* redis: the second of two */
    ck_assert_int_eq(scene.checks[1].verdict.status, CHECK_ERROR);
    ck_assert(!scene.ready);
}
END_TEST

START_TEST(reload_with_a_new_check_stays_ready_until_its_first_verdict)
{
    next.checks[4] = next.checks[SCENE_REDIS];
    next.checks[4].id = 5;
    next.checks[4].name = "cache";
    next.check_count = 5;
    reload(20);
    ck_assert_int_eq(scene.checks[4].verdict.status, CHECK_STARTING);
    ck_assert(scene.ready);
    look(4, OUTCOME_ERROR, 30);
    ck_assert(scene.ready);
    look(4, OUTCOME_ERROR, 40);
    ck_assert(!scene.ready);
}
END_TEST

START_TEST(reload_with_a_new_check_that_nobody_hears_of_fails_after_its_bound)
{
    next.checks[4] = next.checks[SCENE_REDIS];
    next.checks[4].id = 5;
    next.checks[4].name = "cache";
    next.check_count = 5;
    reload(20);
    for (int i = 0; i < 4; i++)
        look(i, OUTCOME_OK, 5020);
    ck_assert(scene.ready);
    look(0, OUTCOME_OK, 5021);
    ck_assert_int_eq(scene.checks[4].verdict.status, CHECK_STALE);
    ck_assert(!scene.ready);
}
END_TEST

START_TEST(reload_of_a_changed_row_starts_as_its_predecessor_was_left)
{
    look(SCENE_DATABASE, OUTCOME_ERROR, 20);
    look(SCENE_DATABASE, OUTCOME_ERROR, 30);
    ck_assert(!scene.ready);
    next.checks[SCENE_DATABASE].id = 12;
    next.checks[SCENE_REDIS].id = 13;
    reload(40);
    ck_assert(!scene.ready); /* a new interval mends no database */
    look(SCENE_DATABASE, OUTCOME_OK, 50);
    ck_assert(scene.ready); /* redis has not been heard of yet, and was well */
    ck_assert_int_eq(scene.checks[SCENE_REDIS].verdict.status, CHECK_STARTING);
}
END_TEST

START_TEST(reload_makes_no_process_ready_that_was_not)
{
    scene_keep("");
    scene_start();
    ck_assert(!scene.ready);
    next.check_count = 1;
    reload(20);
    ck_assert(!scene.ready);
    look(0, OUTCOME_OK, 30);
    ck_assert(scene.ready);
}
END_TEST

START_TEST(reload_drops_checks_and_ignores_their_late_results)
{
    struct outcome late = scene_look(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);

    next.checks[SCENE_REDIS] = next.checks[SCENE_CELERY];
    next.check_count = 3;
    reload(20);
    overview_take(&scene, &late);
    overview_take(&scene, &late);
    (void)overview_judge(&scene, scene_moment(30));
    ck_assert(scene.ready);
    ck_assert_str_eq(scene.checks[2].config->name, "celery");
    ck_assert_int_eq(scene.checks[2].verdict.status, CHECK_OK);
}
END_TEST

START_TEST(reload_of_everything_at_once_keeps_every_state_with_its_row)
{
    static char names[LIMIT_CHECKS][8];

    /* Ever other mixtures of rows that stay, go, come and move. */
    for (int round = 0; round < 200; round++) {
        next.check_count = round * 7 % (LIMIT_CHECKS + 1);
        for (int i = 0; i < next.check_count; i++) {
            uint64_t id = (uint64_t)(1 + (i * 13 + round * 5) % 97);

            (void)snprintf(names[i], sizeof(names[i]), "c%d", (int)id);
            next.checks[i] = scene_config.checks[0];
            next.checks[i].id = id;
            next.checks[i].name = names[i];
        }
        reload(20 + round);
        for (int i = 0; i < next.check_count; i++) {
            ck_assert_ptr_eq(scene.checks[i].config, &scene.config->checks[i]);
            /* Whoever has a verdict got it for this row. */
            if (scene.checks[i].has_last)
                ck_assert_uint_eq(scene.checks[i].last.check, scene.config->checks[i].id);
            look(i, OUTCOME_OK, 20 + round);
        }
    }
}
END_TEST

TCase *reload_cases(void)
{
    TCase *cases = tcase_create("reload");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, reload_leaves_checks_alone_whose_row_stays_wherever_it_stands);
    tcase_add_test(cases, reload_with_a_new_check_stays_ready_until_its_first_verdict);
    tcase_add_test(cases, reload_with_a_new_check_that_nobody_hears_of_fails_after_its_bound);
    tcase_add_test(cases, reload_of_a_changed_row_starts_as_its_predecessor_was_left);
    tcase_add_test(cases, reload_makes_no_process_ready_that_was_not);
    tcase_add_test(cases, reload_drops_checks_and_ignores_their_late_results);
    tcase_add_test(cases, reload_of_everything_at_once_keeps_every_state_with_its_row);
    return cases;
}
