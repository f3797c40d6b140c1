/* test_trail.c - module/ingest/trail.c: rotation, truncation, moves, restarts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "stage.h"
#include "suite.h"

#include <stdio.h>
#include <sys/stat.h>

static struct stage stage;

static void set_up(void)
{
    stage_init(&stage);
}

static void tear_down(void)
{
    stage_done(&stage);
}

START_TEST(every_line_of_a_growing_log_counts_once)
{
    for (int i = 0; i < 20; i++) {
        stage_log(&stage, "access.log", 7);
        stage_settle(&stage);
        ck_assert_uint_eq(stage.events, (uint64_t)(i + 1) * 7);
    }
    ck_assert_int_eq(stage.file_count, 1);
    ck_assert_uint_eq(stage.lines, 140);
}
END_TEST

START_TEST(a_missing_log_is_waited_for)
{
    struct follow_counters counters;

    (void)stage_turn(&stage);
    follower_counters(stage.follower, &counters);
    ck_assert(counters.waiting_for_file);
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    follower_counters(stage.follower, &counters);
    ck_assert(!counters.waiting_for_file);
    ck_assert_uint_eq(stage.events, 3);
}
END_TEST

START_TEST(a_rotation_by_rename_loses_nothing)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 5);
    stage_rename(&stage, "access.log", "access.log.1");
    stage_log(&stage, "access.log.1", 5); /* nginx has not been told yet */
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 20);
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    stage_log(&stage, "access.log.1", 2); /* a slow worker */
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 29);
    ck_assert_int_eq(stage.file_count, 2);
}
END_TEST

START_TEST(a_rotated_file_is_closed_when_nobody_writes_to_it_any_more)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_rename(&stage, "access.log", "access.log.1");
    stage.boot_ms += TRAIL_LINGER_MS;
    stage_settle(&stage);
    ck_assert_int_eq(stage.follower->trails[0]->file_count,
                     1); /* the path is empty: all may go to it yet */
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    stage.boot_ms += TRAIL_LINGER_MS;
    stage_settle(&stage);
    ck_assert_int_eq(stage.follower->trails[0]->file_count, 1);
    ck_assert_uint_eq(stage.events, 11);
}
END_TEST

START_TEST(rotations_in_quick_succession_lose_nothing)
{
    char name[32];

    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    for (int i = 0; i < 60; i++) {
        stage_log(&stage, "access.log", 3);
        if (i % 3 != 0)
            (void)stage_turn(&stage);
        (void)snprintf(name, sizeof(name), "access.log.%d", i);
        stage_rename(&stage, "access.log", name);
        stage_log(&stage, name, 1);
        (void)stage_turn(&stage);
    }
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 242);
}
END_TEST

START_TEST(two_rotations_while_down_are_made_up_for)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 10);
    stage_kill(&stage);
    stage.wall_ms += 1000;
    stage_rename(&stage, "access.log", "access.log.2");
    stage_log(&stage, "access.log.1", 10);
    stage.wall_ms += 1000;
    stage_log(&stage, "access.log", 10);
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 40);
    stage_kill(&stage);
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 40);
}
END_TEST

START_TEST(a_rotation_while_down_is_drained_although_the_new_log_is_empty)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 10);
    stage_kill(&stage);
    stage_rename(&stage, "access.log", "access.log-20261121");
    stage_append(&stage, "access.log", "");
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 20);
}
END_TEST

START_TEST(the_very_first_start_reads_only_the_log_itself)
{
    stage_log(&stage, "access.log.2", 10);
    stage.wall_ms += 1000;
    stage_log(&stage, "access.log.1", 10);
    stage.wall_ms += 1000;
    stage_log(&stage, "access.log", 4);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 4);
}
END_TEST

START_TEST(a_first_log_that_is_rotated_before_anything_was_committed_counts_too)
{
    stage.service_since_ms = stage.wall_ms;
    stage.silent = true;
    stage_log(&stage, "access.log", 3);
    (void)stage_turn(&stage);
    stage_kill(&stage);
    stage_rename(&stage, "access.log", "access.log.1");
    stage_log(&stage, "access.log", 2);
    stage.silent = false;
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 5);
}
END_TEST

START_TEST(a_first_log_that_is_truncated_before_anybody_looked_counts_too)
{
    (void)stage_turn(&stage); /* waits for the log */
    stage_log(&stage, "access.log", 3);
    stage_copy(&stage, "access.log", "access.log.1");
    stage_truncate(&stage, "access.log", 0);
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 5);
}
END_TEST

START_TEST(copytruncate_counts_every_surviving_line_once)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 5); /* not read before it is copied away */
    stage_copy(&stage, "access.log", "access.log.1");
    stage_truncate(&stage, "access.log", 0);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 15);
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 20);
    ck_assert_uint_eq(stage.lost_bytes, 0);
}
END_TEST

START_TEST(copytruncate_is_noticed_when_the_new_content_is_as_long_as_the_old)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_copy(&stage, "access.log", "access.log.1");
    stage_truncate(&stage, "access.log", 0);
    stage.request = 20;
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 20);
    stage_copy(&stage, "access.log", "access.log.2");
    stage_truncate(&stage, "access.log", 0);
    stage_log(&stage, "access.log", 30); /* and when it is longer */
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 50);
}
END_TEST

START_TEST(copytruncate_while_down_is_made_up_for)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 10);
    stage_kill(&stage);
    stage_copy(&stage, "access.log", "access.log.1");
    stage_truncate(&stage, "access.log", 0);
    stage.wall_ms += 1000;
    stage_log(&stage, "access.log", 3);
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 23);
}
END_TEST

START_TEST(what_no_file_holds_any_more_is_counted_as_lost)
{
    struct follow_counters counters;

    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage.silent = true;
    stage.request = 100;
    stage_log(&stage, "access.log", 10);
    (void)stage_turn(&stage);
    stage_log(&stage, "access.log", 10);
    stage_truncate(&stage, "access.log", 0);
    stage.silent = false;
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    /* Ten were never seen; nobody can say how many bytes they had. */
    ck_assert_uint_eq(stage.events, 21);
    follower_counters(stage.follower, &counters);
    ck_assert_uint_eq(counters.rotations, 1);
}
END_TEST

START_TEST(unread_bytes_that_vanish_are_counted_as_lost)
{
    struct stat status;

    stage.silent = true;
    stage_log(&stage, "access.log", 10);
    (void)stage_turn(&stage); /* asks for the position and gets no answer */
    ck_assert_int_eq(stat(stage.path, &status), 0);
    stage_truncate(&stage, "access.log", 0);
    stage.silent = false;
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 0);
    ck_assert_uint_eq(stage.lost_bytes, (uint64_t)status.st_size);
}
END_TEST

START_TEST(a_log_that_moves_away_and_back_counts_once)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_rename(&stage, "access.log", "elsewhere");
    stage_log(&stage, "elsewhere", 2);
    stage_settle(&stage);
    stage_rename(&stage, "elsewhere", "access.log");
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 14);
    stage_rename(&stage, "access.log", "elsewhere");
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    stage.boot_ms += TRAIL_LINGER_MS;
    stage_settle(&stage);
    stage_rename(&stage, "elsewhere", "access.log");
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 19);
}
END_TEST

START_TEST(a_copy_in_the_place_of_the_log_counts_once)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_copy(&stage, "access.log", "copy");
    stage_log(&stage, "copy", 4);
    stage_rename(&stage, "copy", "access.log");
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 14);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 15);
}
END_TEST

START_TEST(a_log_whose_tail_was_cut_off_counts_what_is_appended)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_truncate(&stage, "access.log", stage.files[0].offset / 10 * 5);
    stage_settle(&stage);
    stage_append(&stage, "access.log", "\n"); /* ends what was cut in two */
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 13);
}
END_TEST

START_TEST(a_log_that_is_copied_back_slowly_counts_once)
{
    struct stat status;
    char bytes[4096];
    FILE *old;
    size_t step;
    size_t length;

    stage_log(&stage, "access.log", 12);
    stage_settle(&stage);
    ck_assert_int_eq(stat(stage.path, &status), 0);
    stage_rename(&stage, "access.log", "elsewhere");
    stage_settle(&stage);
    (void)snprintf(bytes, sizeof(bytes), "%s/elsewhere", stage.directory);
    old = fopen(bytes, "r");
    ck_assert_ptr_nonnull(old);
    step = (size_t)status.st_size / 5;
    while ((length = fread(bytes, 1, step, old)) > 0) {
        bytes[length] = '\0';
        stage_append(&stage, "access.log", bytes);
        stage_settle(&stage);
    }
    (void)fclose(old);
    ck_assert_uint_eq(stage.events, 12);
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 15);
}
END_TEST

START_TEST(commits_lost_after_a_rotation_are_counted_again)
{
    int64_t half;

    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    half = stage.files[0].offset;
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    for (int linger = 0; linger < 2; linger++) {
        stage_rename(&stage, "access.log", linger == 0 ? "access.log.1" : "access.log.2");
        stage_log(&stage, "access.log", 10);
        stage_settle(&stage);
        if (linger == 1) /* the first is closed by then, the second still open */
            stage.boot_ms += TRAIL_LINGER_MS / 2;
        stage.boot_ms += TRAIL_LINGER_MS / 2;
        stage_settle(&stage);
    }
    ck_assert_uint_eq(stage.events, 40);
    for (int file = 0; file < 3; file++)
        stage_rewind(&stage, file, file == 0 ? half : 0, 10);
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 45);
}
END_TEST

/* The new log has lost nothing, so that no answer to it tells of the failover.  The rotated file is
 * still open, or closed by then. */
START_TEST(commits_that_a_rotated_file_lost_are_found_after_a_reconnect)
{
    int64_t half;

    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    half = stage.files[0].offset;
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_rename(&stage, "access.log", "access.log.1");
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage.boot_ms += _i == 0 ? 0 : TRAIL_LINGER_MS;
    stage_settle(&stage);
    stage_rewind(&stage, 0, half, 10);
    stage.reconnected = true;
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 35);
}
END_TEST

START_TEST(a_truncation_while_the_ledger_is_away_keeps_hold_of_the_copy)
{
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage.silent = true;
    stage_kill(&stage);
    stage_start(&stage);
    stage_log(&stage, "access.log", 10);
    (void)stage_turn(&stage); /* asks for the position and gets no answer */
    stage_copy(&stage, "access.log", "access.log.1");
    stage_truncate(&stage, "access.log", 0);
    stage_log(&stage, "access.log", 1);
    (void)stage_turn(&stage);
    (void)stage_turn(&stage);
    stage_remove(&stage, "access.log.1"); /* as compressing it does */
    stage.silent = false;
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 21);
    ck_assert_uint_eq(stage.lost_bytes, 0);
}
END_TEST

START_TEST(lost_bytes_count_once_whoever_reports_them)
{
    struct stat status;

    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    ck_assert_int_eq(stat(stage.path, &status), 0);
    stage.silent = true;
    stage_kill(&stage);
    stage_start(&stage);
    stage_log(&stage, "access.log", 10);
    (void)stage_turn(&stage);
    stage_truncate(&stage, "access.log", 0);
    stage_log(&stage, "access.log", 1);
    stage.silent = false;
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 11);
    ck_assert_uint_gt(stage.lost_bytes, 0);
    /* A flush that says so moves the position, so that a second one can't say it again. */
    ck_assert_uint_eq((uint64_t)stage.files[0].offset, (uint64_t)status.st_size + stage.lost_bytes);
}
END_TEST

START_TEST(a_deleted_log_is_read_to_its_end)
{
    stage_log(&stage, "access.log", 10);
    (void)stage_turn(&stage);
    stage_remove(&stage, "access.log");
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 10);
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 20);
}
END_TEST

TCase *trail_cases(void)
{
    TCase *cases = tcase_create("trail");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, every_line_of_a_growing_log_counts_once);
    tcase_add_test(cases, a_missing_log_is_waited_for);
    tcase_add_test(cases, a_rotation_by_rename_loses_nothing);
    tcase_add_test(cases, a_rotated_file_is_closed_when_nobody_writes_to_it_any_more);
    tcase_add_test(cases, rotations_in_quick_succession_lose_nothing);
    tcase_add_test(cases, two_rotations_while_down_are_made_up_for);
    tcase_add_test(cases, a_rotation_while_down_is_drained_although_the_new_log_is_empty);
    tcase_add_test(cases, the_very_first_start_reads_only_the_log_itself);
    tcase_add_test(cases, a_first_log_that_is_rotated_before_anything_was_committed_counts_too);
    tcase_add_test(cases, a_first_log_that_is_truncated_before_anybody_looked_counts_too);
    tcase_add_test(cases, copytruncate_counts_every_surviving_line_once);
    tcase_add_test(cases, copytruncate_is_noticed_when_the_new_content_is_as_long_as_the_old);
    tcase_add_test(cases, copytruncate_while_down_is_made_up_for);
    tcase_add_test(cases, what_no_file_holds_any_more_is_counted_as_lost);
    tcase_add_test(cases, unread_bytes_that_vanish_are_counted_as_lost);
    tcase_add_test(cases, a_log_that_moves_away_and_back_counts_once);
    tcase_add_test(cases, a_copy_in_the_place_of_the_log_counts_once);
    tcase_add_test(cases, a_log_whose_tail_was_cut_off_counts_what_is_appended);
    tcase_add_test(cases, a_log_that_is_copied_back_slowly_counts_once);
    tcase_add_test(cases, commits_lost_after_a_rotation_are_counted_again);
    tcase_add_loop_test(cases, commits_that_a_rotated_file_lost_are_found_after_a_reconnect, 0, 2);
    tcase_add_test(cases, a_truncation_while_the_ledger_is_away_keeps_hold_of_the_copy);
    tcase_add_test(cases, lost_bytes_count_once_whoever_reports_them);
    tcase_add_test(cases, a_deleted_log_is_read_to_its_end);
    return cases;
}
