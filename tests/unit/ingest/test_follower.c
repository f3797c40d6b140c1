/* test_follower.c - module/ingest/follow.c: several logs on one thread. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "stage.h"
#include "suite.h"

static struct stage stage;

/* A stage whose follower reads three logs. */
static void set_up(void)
{
    stage_init(&stage);
    stage_kill(&stage);
    (void)stage_source(&stage, "shop.log");
    (void)stage_source(&stage, "admin.log");
    stage_start(&stage);
}

static void tear_down(void)
{
    stage_done(&stage);
}

static struct follow_counters of_source(int source)
{
    struct follow_counters counters;

    follower_source_counters(stage.follower, source, &counters);
    return counters;
}

START_TEST(follower_counts_every_log_and_says_which)
{
    struct follow_counters sum;

    stage_log(&stage, "access.log", 3);
    stage_log(&stage, "shop.log", 5);
    stage_log(&stage, "admin.log", 7);
    stage_settle(&stage);
    follower_counters(stage.follower, &sum);
    ck_assert_int_eq(stage.events, 15);
    ck_assert_int_eq(stage.file_count, 3);
    ck_assert_int_eq(sum.lines, 15);
    ck_assert_int_eq(follower_source_count(stage.follower), 3);
    ck_assert_str_eq(follower_source_name(stage.follower, 1), "shop.log");
    ck_assert_int_eq(of_source(0).lines, 3);
    ck_assert_int_eq(of_source(1).lines, 5);
    ck_assert_int_eq(of_source(2).lines, 7);
}
END_TEST

START_TEST(follower_goes_on_while_one_log_is_missing)
{
    struct follow_counters sum;

    stage_log(&stage, "access.log", 3);
    stage_log(&stage, "admin.log", 7);
    stage_settle(&stage);
    follower_counters(stage.follower, &sum);
    ck_assert_int_eq(stage.events, 10);
    ck_assert(sum.waiting_for_file);
    ck_assert(of_source(1).waiting_for_file);
    ck_assert(!of_source(2).waiting_for_file);
    ck_assert_int_eq(sum.caught_up_at_ms, -1);
    ck_assert_int_gt(of_source(2).caught_up_at_ms, 0);
    stage_log(&stage, "shop.log", 5);
    stage_settle(&stage);
    ck_assert_int_eq(stage.events, 15);
    ck_assert(!of_source(1).waiting_for_file);
}
END_TEST

START_TEST(follower_rotates_each_log_by_itself)
{
    stage_log(&stage, "access.log", 3);
    stage_log(&stage, "shop.log", 5);
    stage_settle(&stage);
    stage_rename(&stage, "shop.log", "shop.log.1");
    stage_log(&stage, "shop.log", 4);
    stage_log(&stage, "shop.log.1", 2);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_int_eq(stage.events, 15);
    ck_assert_int_eq(of_source(0).rotations, 0);
    ck_assert_int_eq(of_source(1).rotations, 1);
}
END_TEST

START_TEST(follower_gives_each_answer_to_the_log_that_asked_first)
{
    stage_log(&stage, "access.log", 10);
    stage_copy(&stage, "access.log", "shop.log"); /* the same content: one position for both */
    stage_settle(&stage);
    ck_assert_int_eq(stage.events, 10);
    ck_assert_int_eq(stage.file_count, 1);
    ck_assert(follower_settled(stage.follower));
}
END_TEST

/* What a log without a request id has: the id takes the path in. */
static void by_path(void)
{
    stage_kill(&stage);
    for (int i = 0; i < stage.source_count; i++)
        stage.sources[i].file_id = SOURCE_PATH;
    stage_start(&stage);
}

START_TEST(follower_by_path_tells_logs_apart_that_begin_alike)
{
    by_path();
    stage_log(&stage, "access.log", 10);
    stage_copy(&stage, "access.log", "shop.log");
    stage_settle(&stage);
    ck_assert_int_eq(stage.events, 20);
    ck_assert_int_eq(stage.file_count, 2);
}
END_TEST

START_TEST(follower_by_path_counts_once_across_rotation_copies_and_restarts)
{
    by_path();
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_rename(&stage, "access.log", "access.log.1");
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    stage_copy(&stage, "access.log", "access.log.0"); /* copytruncate */
    stage_truncate(&stage, "access.log", 0);
    stage_log(&stage, "access.log", 4);
    stage_settle(&stage);
    stage_kill(&stage);
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_int_eq(stage.events, 19);
    ck_assert_int_eq(stage.file_count, 3);
}
END_TEST

TCase *follower_cases(void)
{
    TCase *cases = tcase_create("follower");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, follower_counts_every_log_and_says_which);
    tcase_add_test(cases, follower_goes_on_while_one_log_is_missing);
    tcase_add_test(cases, follower_rotates_each_log_by_itself);
    tcase_add_test(cases, follower_gives_each_answer_to_the_log_that_asked_first);
    tcase_add_test(cases, follower_by_path_tells_logs_apart_that_begin_alike);
    tcase_add_test(cases, follower_by_path_counts_once_across_rotation_copies_and_restarts);
    return cases;
}
