/* test_meter.c - module/ingest/meter.c and tail.c: each line once, whatever becomes of the ledger.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/meter.h"

#include "stage.h"
#include "suite.h"

#include <stdlib.h>

static struct stage stage;

/* A stage whose follower tells of requests. */
static void set_up(void)
{
    stage_init(&stage);
    stage_kill(&stage);
    stage.requests = requests_new();
    ck_assert_ptr_nonnull(stage.requests);
    stage_start(&stage);
}

static void tear_down(void)
{
    stage_done(&stage);
}

static uint64_t counted(void)
{
    AUTO(requests_view_done) struct requests_view view = { 0 };
    uint64_t listed = 0;
    uint64_t timed = 0;

    ck_assert(requests_look(stage.requests, &view));
    for (int i = 0; i < view.series_count; i++)
        listed += view.series[i].count;
    for (int i = 0; i <= REQUESTS_BOUNDS; i++)
        timed += view.durations[0].counts[i];
    ck_assert_uint_eq(listed, timed);
    return listed;
}

START_TEST(meter_tells_route_status_and_duration)
{
    AUTO(requests_view_done) struct requests_view view = { 0 };

    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 60); /* 0 to 59 ms, the first and the fiftieth a 503 */
    stage_settle(&stage);
    ck_assert(requests_look(stage.requests, &view));
    ck_assert_int_eq(view.series_count, 2);
    ck_assert_str_eq(view.series[0].path, "/items/{id}");
    ck_assert_str_eq(view.series[0].method, "GET");
    ck_assert_str_eq(view.series[0].status, "200");
    ck_assert_uint_eq(view.series[0].count, 58);
    ck_assert_str_eq(view.series[1].status, "503");
    ck_assert_uint_eq(view.series[1].count, 2);
    ck_assert_str_eq(view.durations[0].service, "app");
    ck_assert_uint_eq(view.durations[0].counts[0], 11);
    ck_assert_uint_eq(view.durations[0].counts[1], 40);
    ck_assert_uint_eq(view.durations[0].counts[2], 9);
    ck_assert_uint_eq(view.durations[0].sum_ms, 59 * 60 / 2);
}
END_TEST

START_TEST(meter_leaves_what_was_logged_before_the_start)
{
    stage_log(&stage, "access.log", 20);
    stage_append(&stage, "access.log", "{\"time\":179526");
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 0);
    stage_append(&stage, "access.log", "2400.000,\"the rest of a line that had begun\":1}\n");
    stage_log(&stage, "access.log", 5);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 5);
    ck_assert_uint_eq(stage.events, 25);
}
END_TEST

START_TEST(meter_counts_once_what_is_read_again)
{
    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 30);
    stage_settle(&stage);
    stage_rewind(&stage, 0, 0, 30);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_int_gt(stage.rewinds, 0);
    ck_assert_uint_eq(stage.events, 31);
    ck_assert_uint_eq(counted(), 31);
}
END_TEST

START_TEST(meter_goes_on_while_the_ledger_does_not_answer)
{
    stage.silent = true;
    ck_assert(!stage_turn(&stage));
    for (int i = 0; i < 5; i++) {
        stage_log(&stage, "access.log", 10);
        (void)stage_turn(&stage);
    }
    ck_assert_uint_eq(counted(), 50);
    ck_assert_uint_eq(stage.events, 0);
}
END_TEST

START_TEST(meter_is_all_that_reads_without_a_ledger)
{
    struct follow_counters counters;
    struct flush *flush;

    stage_kill(&stage);
    stage.offline = true;
    stage_start(&stage);
    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 10);
    ck_assert(!follower_turn(stage.follower, stage.wall_ms, stage.boot_ms));
    ck_assert_uint_eq(counted(), 10);
    ck_assert(!queue_pop(stage.flushes, &flush, 0));
    follower_counters(stage.follower, &counters);
    ck_assert_uint_eq(counters.lines, 0);
    ck_assert(follower_settled(stage.follower));
}
END_TEST

/* Without a ledger as with one: whoever logs a request has asked. */
START_TEST(meter_ends_a_pause_with_a_line_and_with_nothing_else)
{
    stage_kill(&stage);
    stage.idle = idle_new(60000, NULL);
    stage.offline = true;
    stage_log(&stage, "access.log", 1);
    stage_start(&stage);
    ck_assert(!stage_turn(&stage));
    ck_assert(idle_judge(stage.idle, idle_look(stage.idle).asked_at_ms + 60000));
    ck_assert(!stage_turn(&stage));
    stage_rename(&stage, "access.log", "access.log.1");
    stage_append(&stage, "access.log", "");
    ck_assert(!stage_turn(&stage));
    ck_assert(idle_is_paused(stage.idle));
    stage_log(&stage, "access.log", 1);
    (void)stage_turn(&stage);
    ck_assert(!idle_is_paused(stage.idle));
    ck_assert_uint_eq(counted(), 1);
}
END_TEST

START_TEST(meter_reads_a_rotated_log_to_its_end_and_the_next_from_its_beginning)
{
    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 3); /* unread when it is rotated */
    stage_rename(&stage, "access.log", "access.log.1");
    stage_log(&stage, "access.log.1", 2); /* before nginx has reopened its log */
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 15);
    stage_log(&stage, "access.log", 7);
    stage_log(&stage, "access.log.1", 4); /* a slow worker */
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 26);
    stage_rename(&stage, "access.log", "access.log.2");
    stage_log(&stage, "access.log", 1);
    stage_log(&stage, "access.log.2", 1);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 28);
}
END_TEST

START_TEST(meter_begins_again_in_a_log_that_was_cut)
{
    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_copy(&stage, "access.log", "access.log.1");
    stage_truncate(&stage, "access.log", 0);
    stage_log(&stage, "access.log", 3);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 13);
}
END_TEST

START_TEST(meter_goes_on_where_the_generation_before_it_was)
{
    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 10);
    stage_settle(&stage);
    stage_kill(&stage);
    stage_log(&stage, "access.log", 4); /* while nobody reads */
    stage_start(&stage);
    stage_settle(&stage);
    stage_log(&stage, "access.log", 1);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 15);
    stage_kill(&stage);
    stage_rename(&stage, "access.log", "access.log.1");
    stage_log(&stage, "access.log", 2);
    stage_start(&stage);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 17);
}
END_TEST

START_TEST(meter_steps_over_a_line_without_an_end)
{
    enum { LONG_BYTES = FILE_CHUNK_BYTES + 5000 };
    AUTO(auto_free) char *line = malloc(LONG_BYTES + 2);

    ck_assert_ptr_nonnull(line);
    memset(line, 'x', LONG_BYTES);
    memcpy(line + LONG_BYTES, "\n", 2);
    ck_assert(!stage_turn(&stage));
    stage_log(&stage, "access.log", 1);
    stage_append(&stage, "access.log", line);
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 3);
}
END_TEST

START_TEST(meter_counts_what_objectives_count)
{
    static const char *const others[] = {
        "{\"time\":1795262400.000,\"service\":\"app\",\"method\":\"OPTIONS\",\"path\":\"/a\","
        "\"status\":200,\"request_time\":0.001}\n",
        "{\"time\":1795262400.000,\"service\":\"app\",\"method\":\"GET\",\"path\":\"/health\","
        "\"status\":200,\"request_time\":0.001}\n",
        "{\"time\":1795262400.000,\"service\":\"app\",\"method\":\"GET\",\"path\":\"/ws\","
        "\"status\":101,\"request_time\":9.001}\n",
        "{\"time\":1795262400.000,\"service\":\"another\",\"method\":\"GET\",\"path\":\"/a\","
        "\"status\":200,\"request_time\":0.001}\n",
        "no line\n",
    };

    ck_assert(!stage_turn(&stage));
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        stage_append(&stage, "access.log", others[i]);
    stage_log(&stage, "access.log", 2);
    stage_settle(&stage);
    ck_assert_uint_eq(counted(), 2);
    ck_assert_uint_eq(stage.events, 2);
}
END_TEST

TCase *meter_cases(void)
{
    TCase *cases = tcase_create("meter");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, meter_tells_route_status_and_duration);
    tcase_add_test(cases, meter_leaves_what_was_logged_before_the_start);
    tcase_add_test(cases, meter_counts_once_what_is_read_again);
    tcase_add_test(cases, meter_goes_on_while_the_ledger_does_not_answer);
    tcase_add_test(cases, meter_is_all_that_reads_without_a_ledger);
    tcase_add_test(cases, meter_ends_a_pause_with_a_line_and_with_nothing_else);
    tcase_add_test(cases, meter_reads_a_rotated_log_to_its_end_and_the_next_from_its_beginning);
    tcase_add_test(cases, meter_begins_again_in_a_log_that_was_cut);
    tcase_add_test(cases, meter_goes_on_where_the_generation_before_it_was);
    tcase_add_test(cases, meter_steps_over_a_line_without_an_end);
    tcase_add_test(cases, meter_counts_what_objectives_count);
    return cases;
}
