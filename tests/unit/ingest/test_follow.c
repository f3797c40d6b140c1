/* test_follow.c - module/ingest/follow.c and handover.c: the protocol, bounds and crashes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "stage.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
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

static struct follow_counters counters(void)
{
    struct follow_counters counters;

    follower_counters(stage.follower, &counters);
    return counters;
}

START_TEST(a_line_without_its_newline_waits_for_it)
{
    char line[512];
    size_t half;

    stage_log(&stage, "access.log", 3);
    stage_line(&stage, line, sizeof(line));
    half = strlen(line) / 2;
    for (int part = 0; part < 2; part++) {
        char piece[512] = "";

        if (part == 0)
            memcpy(piece, line, half);
        else
            memcpy(piece, line + half, strlen(line) - half);
        stage_append(&stage, "access.log", piece);
        stage_settle(&stage);
        ck_assert_uint_eq(stage.events, part == 0 ? 3 : 4);
    }
    ck_assert_uint_eq(stage.rejected_lines, 0);
}
END_TEST

START_TEST(a_log_without_a_whole_first_line_has_no_name_yet)
{
    stage_append(&stage, "access.log", "{\"time\":");
    stage_settle(&stage);
    ck_assert_int_eq(stage.commits, 0);
    stage_append(&stage, "access.log", "\n");
    stage_settle(&stage);
    ck_assert_uint_eq(stage.rejected_lines, 1);
}
END_TEST

START_TEST(lines_that_are_no_events_are_counted_by_reason_and_stop_nothing)
{
    stage_log(&stage, "access.log", 1);
    stage_append(&stage, "access.log",
                 "garbage\n\n{}\n{\"time\":1,\"method\":\"G\",\"path\":\"/\","
                 "\"status\":999,\"request_time\":0}\n{\"time\":1,\"method\":\"G\",\"path\":\"/\","
                 "\"status\":200,\"request_time\":-1}\n{\"time\":1,\"method\":\"G\",\"path\":\"/\","
                 "\"status\":200,\"request_time\":0}\n{\"time\":1,\"method\":\"OPTIONS\",\"path\":"
                 "\"/\",\"status\":200,\"request_time\":0}\n");
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 2);
    ck_assert_uint_eq(stage.lines, 9);
    ck_assert_uint_eq(stage.rejected_lines, 6);
    ck_assert_uint_eq(counters().rejects[REJECT_NOT_JSON], 2);
    ck_assert_uint_eq(counters().rejects[REJECT_MISSING], 1);
    ck_assert_uint_eq(counters().rejects[REJECT_STATUS], 1);
    ck_assert_uint_eq(counters().rejects[REJECT_NUMBER], 1);
    ck_assert_uint_eq(counters().rejects[REJECT_TIME], 1);
    ck_assert_uint_eq(counters().not_counted, 1);
}
END_TEST

/* Appends `bytes` times an x. */
static void append_garbage(size_t bytes)
{
    char *text = malloc(bytes + 1);

    memset(text, 'x', bytes);
    text[bytes] = '\0';
    stage_append(&stage, "access.log", text);
    free(text);
}

START_TEST(a_mebibyte_of_garbage_is_one_rejected_line)
{
    stage_log(&stage, "access.log", 2);
    append_garbage(1 << 20);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 2);
    ck_assert_int_lt(stage.files[0].offset, 1000); /* stays at the line's start */
    stage_append(&stage, "access.log", "\n");
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 4);
    ck_assert_uint_eq(stage.rejected_lines, 1);
    ck_assert_uint_eq(counters().rejects[REJECT_TOO_LONG], 1);
}
END_TEST

START_TEST(garbage_without_an_end_is_given_up)
{
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    /* A hole reads as NULs. */
    stage_truncate(&stage, "access.log", stage.files[0].offset + INT64_C(65) * 1024 * 1024);
    stage_settle(&stage);
    ck_assert_uint_ge(stage.lost_bytes, 64 << 20);
    stage_append(&stage, "access.log", "\n");
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 5);
}
END_TEST

START_TEST(a_writer_that_is_silent_stops_the_reading_and_loses_nothing)
{
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    stage.silent = true;
    /* A minute a line: the tally is full at LIMIT_TALLY_ROWS. */
    for (int i = 0; i < 2 * LIMIT_TALLY_ROWS + 500; i++) {
        stage.wall_ms += 60000;
        stage_log(&stage, "access.log", 1);
    }
    for (int i = 0; i < 10; i++)
        (void)stage_turn(&stage);
    ck_assert(counters().waiting_for_ledger);
    ck_assert_int_gt(counters().lag_bytes, 0);
    ck_assert_uint_eq(stage.events, 1);
    stage.silent = false;
    stage_settle(&stage);
    ck_assert(!counters().waiting_for_ledger);
    ck_assert_int_eq(counters().lag_bytes, 0);
    ck_assert_uint_eq(stage.events, 2 * LIMIT_TALLY_ROWS + 501);
}
END_TEST

START_TEST(the_lag_grows_while_reading_has_stopped)
{
    int64_t before;

    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    stage.silent = true;
    for (int i = 0; i < 2 * LIMIT_TALLY_ROWS + 500; i++) {
        stage.wall_ms += 60000;
        stage_log(&stage, "access.log", 1);
    }
    for (int i = 0; i < 10; i++)
        (void)stage_turn(&stage);
    before = counters().lag_bytes;
    stage_log(&stage, "access.log", 100);
    (void)stage_turn(&stage);
    ck_assert(counters().waiting_for_ledger);
    ck_assert_int_gt(counters().lag_bytes, before + 100 * 150);
}
END_TEST

START_TEST(a_position_that_went_back_is_read_again_from_there)
{
    int64_t half;

    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    half = stage.files[0].offset;
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_rewind(&stage, 0, half, 10); /* a failover lost the second commit */
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 25);
    ck_assert_int_eq(stage.rewinds, 1);
}
END_TEST

START_TEST(a_position_that_a_rival_moved_on_is_taken_over)
{
    struct stat status;

    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 10);
    ck_assert_int_eq(stat(stage.path, &status), 0);
    stage.files[0].offset = status.st_size; /* the rival has counted them */
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 10);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_uint_eq(stage.events, 11);
}
END_TEST

START_TEST(killed_at_any_point_of_the_handover_every_line_counts_once)
{
    uint64_t expected = 0;

    for (int point = 0; point < 12; point++) {
        stage_log(&stage, "access.log", 5);
        expected += 5;
        stage.silent = true;
        for (int turn = 0; turn < point / 2 + 1; turn++) {
            (void)stage_turn(&stage);
            if (turn < point / 2)
                stage_write(&stage);
        }
        if (point % 2 != 0)
            stage_write(&stage); /* committed, but nobody hears of it */
        stage_kill(&stage);
        stage_start(&stage);
        stage.silent = false;
        stage_settle(&stage);
        ck_assert_uint_eq(stage.events, expected);
    }
}
END_TEST

START_TEST(quiet_is_covered_and_what_is_not_read_is_not)
{
    int64_t from_ms = stage.wall_ms + 1;

    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_int_eq(stage.files[0].watched_from_ms, from_ms);
    for (int i = 0; i < 200; i++)
        (void)stage_turn(&stage);
    ck_assert_int_gt(stage.files[0].watched_until_ms, stage.wall_ms - TRAIL_WATCH_MS - 1000);
    ck_assert_int_lt(stage.commits, 12);
    stage.silent = true;
    from_ms = stage.files[0].watched_until_ms;
    stage_log(&stage, "access.log", 1);
    for (int i = 0; i < 200; i++)
        (void)stage_turn(&stage);
    ck_assert_int_eq(stage.files[0].watched_until_ms, from_ms);
}
END_TEST

/* As idle.c's own tests: the pause is judged at a time when nobody has asked for long. */
static void begin_pause(void)
{
    ck_assert(idle_judge(stage.idle, idle_look(stage.idle).asked_at_ms + 60000));
}

START_TEST(a_pause_hands_over_once_more_and_then_nothing)
{
    int64_t began_ms;
    int commits;

    stage.idle = idle_new(60000, NULL);
    stage_kill(&stage);
    stage_start(&stage);
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    for (int i = 0; i < 10; i++)
        (void)stage_turn(&stage);
    began_ms = stage.wall_ms;
    begin_pause();
    for (int i = 0; i < 5; i++)
        (void)stage_turn(&stage);
    ck_assert_int_ge(stage.files[0].watched_until_ms, began_ms);
    commits = stage.commits;
    for (int i = 0; i < 200; i++)
        (void)stage_turn(&stage);
    ck_assert_int_eq(stage.commits, commits);
    ck_assert(idle_is_paused(stage.idle)); /* what it reads itself is no request */

    /* A line ends it, and what was not told of the pause is told. */
    stage_log(&stage, "access.log", 1);
    (void)stage_turn(&stage);
    ck_assert(!idle_is_paused(stage.idle));
    stage_settle(&stage);
    ck_assert_int_gt(stage.files[0].watched_until_ms, began_ms + 200 * 300 - 1000);
    ck_assert_uint_eq(stage.lines, 4);
}
END_TEST

START_TEST(a_rotation_in_a_pause_is_no_request_and_no_question)
{
    int commits;

    stage.idle = idle_new(60000, NULL);
    stage_kill(&stage);
    stage_start(&stage);
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    begin_pause();
    for (int i = 0; i < 5; i++)
        (void)stage_turn(&stage);
    commits = stage.commits;
    stage_rename(&stage, "access.log", "access.log.1");
    stage_append(&stage, "access.log", "");
    for (int i = 0; i < 10; i++)
        (void)stage_turn(&stage);
    ck_assert(idle_is_paused(stage.idle));
    ck_assert_int_eq(stage.commits, commits);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert(!idle_is_paused(stage.idle));
    ck_assert_uint_eq(stage.lines, 4);
}
END_TEST

START_TEST(a_request_is_noticed_though_nothing_can_be_read)
{
    stage.idle = idle_new(60000, NULL);
    stage_kill(&stage);
    stage.silent = true; /* not even the position comes */
    stage_start(&stage);
    stage_log(&stage, "access.log", 1);
    for (int i = 0; i < 5; i++)
        (void)stage_turn(&stage);
    begin_pause();
    (void)stage_turn(&stage);
    ck_assert(idle_is_paused(stage.idle));
    stage_log(&stage, "access.log", 1);
    (void)stage_turn(&stage);
    ck_assert(!idle_is_paused(stage.idle));
}
END_TEST

START_TEST(what_follows_a_rotation_is_watched_without_a_gap)
{
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    stage_rename(&stage, "access.log", "access.log.1");
    for (int i = 0; i < 100; i++)
        (void)stage_turn(&stage); /* the rotated file goes on saying that nothing happened */
    ck_assert_int_gt(stage.files[0].watched_until_ms, stage.wall_ms - TRAIL_WATCH_MS - 1000);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_int_eq(stage.file_count, 2);
    ck_assert_int_le(stage.files[1].watched_from_ms, stage.files[0].watched_until_ms);
}
END_TEST

START_TEST(the_last_flush_does_not_wait)
{
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 4);
    stage.follower->room.finishing = true;
    (void)follower_turn(stage.follower, stage.wall_ms, stage.boot_ms);
    ck_assert(!follower_settled(stage.follower));
    stage_write(&stage);
    (void)follower_turn(stage.follower, stage.wall_ms, stage.boot_ms);
    ck_assert(follower_settled(stage.follower));
    ck_assert_uint_eq(stage.events, 5);
}
END_TEST

/* A generator of our own, so that a failing seed fails again. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* One random thing that happens to a log or to those who read and write it. */
static void random_step(uint64_t *state, int *generation, uint64_t *logged)
{
    char name[32];
    int count = (int)(next_random(state) % 20);

    switch (next_random(state) % 10) {
    case 0:
        (void)snprintf(name, sizeof(name), "access.log.%d", ++*generation);
        stage_log(&stage, "access.log", 1);
        stage_rename(&stage, "access.log", name);
        stage_log(&stage, name, count);
        *logged += (uint64_t)count + 1;
        break;
    case 1:
        (void)snprintf(name, sizeof(name), "access.log.%d", ++*generation);
        stage_log(&stage, "access.log", 1);
        *logged += 1;
        stage_copy(&stage, "access.log", name);
        stage_truncate(&stage, "access.log", 0);
        break;
    case 2:
        stage_kill(&stage);
        stage_start(&stage);
        break;
    case 3:
        stage.silent = !stage.silent;
        break;
    case 4:
        stage_write(&stage);
        break;
    default:
        stage_log(&stage, "access.log", count);
        *logged += (uint64_t)count;
        for (int i = 0; i < count % 4; i++)
            (void)stage_turn(&stage);
    }
}

START_TEST(whatever_happens_every_surviving_line_counts_once)
{
    for (uint64_t seed = 1; seed <= 25; seed++) {
        uint64_t state = seed;
        uint64_t logged = 1;
        int generation = 0;

        stage_done(&stage);
        stage_init(&stage);
        stage_log(&stage, "access.log", 1);
        stage_settle(&stage);
        for (int step = 0; step < 60 && generation < 20; step++)
            random_step(&state, &generation, &logged);
        stage.silent = false;
        stage_log(&stage, "access.log", 1);
        stage_settle(&stage);
        ck_assert_msg(stage.events == logged + 1, "seed %u: %u counted, %u logged", (unsigned)seed,
                      (unsigned)stage.events, (unsigned)logged + 1);
        ck_assert_uint_eq(stage.rejected_lines, 0);
    }
}
END_TEST

TCase *follow_cases(void)
{
    TCase *cases = tcase_create("follow");

    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_line_without_its_newline_waits_for_it);
    tcase_add_test(cases, a_log_without_a_whole_first_line_has_no_name_yet);
    tcase_add_test(cases, lines_that_are_no_events_are_counted_by_reason_and_stop_nothing);
    tcase_add_test(cases, a_mebibyte_of_garbage_is_one_rejected_line);
    tcase_add_test(cases, garbage_without_an_end_is_given_up);
    tcase_add_test(cases, a_writer_that_is_silent_stops_the_reading_and_loses_nothing);
    tcase_add_test(cases, the_lag_grows_while_reading_has_stopped);
    tcase_add_test(cases, a_position_that_went_back_is_read_again_from_there);
    tcase_add_test(cases, a_position_that_a_rival_moved_on_is_taken_over);
    tcase_add_test(cases, killed_at_any_point_of_the_handover_every_line_counts_once);
    tcase_add_test(cases, quiet_is_covered_and_what_is_not_read_is_not);
    tcase_add_test(cases, a_pause_hands_over_once_more_and_then_nothing);
    tcase_add_test(cases, a_rotation_in_a_pause_is_no_request_and_no_question);
    tcase_add_test(cases, a_request_is_noticed_though_nothing_can_be_read);
    tcase_add_test(cases, what_follows_a_rotation_is_watched_without_a_gap);
    tcase_add_test(cases, the_last_flush_does_not_wait);
    tcase_add_test(cases, whatever_happens_every_surviving_line_counts_once);
    return cases;
}
