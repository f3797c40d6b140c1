/* test_keeper.c - module/monitor/keeper.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "health/outcome.h"
#include "scene.h"
#include "scratch.h"
#include "suite.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct keeper_settings settings;
static struct keeper *keeper;

static void begin(void)
{
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_JSON, "test");
    settings = (struct keeper_settings){ .state_dir = scratch_make(),
                                         .service = "app",
                                         .wake = queue_new(sizeof(struct outcome), 1) };
    keeper = NULL;
}

static void end(void)
{
    keeper_stop(&keeper);
    queue_free(&settings.wake);
    scratch_remove();
}

/* Starts it, and waits until it has read the file. */
static struct chronicle *start(void)
{
    struct chronicle *chronicle = NULL;
    struct outcome none;
    int64_t deadline_ms = clock_boot_ms() + 10000;

    ck_assert_int_eq(keeper_start(&settings, &keeper, NULL), 0);
    ck_assert_str_eq(keeper_boot_id(keeper), "");
    while (!keeper_take(keeper, &chronicle))
        ck_assert(!queue_pop(settings.wake, &none, deadline_ms) && clock_left_ms(deadline_ms) > 0);
    ck_assert(!keeper_take(keeper, &chronicle));
    return chronicle;
}

static void give(int64_t boot_ms)
{
    const struct chronicle chronicle = { .saved = { boot_ms, SCENE_WALL_MS } };
    struct buf content;

    buf_init(&content, 4096);
    chronicle_write(&chronicle, &content);
    ck_assert(buf_ok(&content));
    keeper_give(keeper, &content);
    ck_assert_ptr_null(content.data);
}

START_TEST(keeper_writes_what_it_was_given_last_before_it_ends)
{
    AUTO(chronicle_free) struct chronicle *chronicle = start();

    ck_assert_ptr_null(chronicle);
    for (int i = 1; i <= 100; i++)
        give(i);
    keeper_stop(&keeper);
    ck_assert_ptr_null(keeper);
    chronicle = start();
    ck_assert_ptr_nonnull(chronicle);
    ck_assert_uint_eq(strlen(keeper_boot_id(keeper)), 36);
    ck_assert_int_gt(chronicle->saved.boot_ms, 0); /* moved to today */
}
END_TEST

START_TEST(keeper_that_was_given_nothing_writes_nothing)
{
    ck_assert_ptr_null(start());
    keeper_stop(&keeper);
    ck_assert_int_ne(access(scratch_path("app"), F_OK), 0);
}
END_TEST

START_TEST(keeper_counts_what_it_could_not_write)
{
    struct keeping keeping = { 0 };
    int64_t deadline_ms = clock_boot_ms() + 10000;

    ck_assert_ptr_null(start());
    (void)mkdir(scratch_path(NULL), 0700);
    ck_assert_int_eq(mkdir(scratch_path(".app.new"), 0700), 0);
    give(1);
    while (keeping.failures == 0 && clock_left_ms(deadline_ms) > 0)
        keeper_count(keeper, &keeping);
    ck_assert_uint_eq(keeping.failures, 1);
    ck_assert(keeping.wanted && keeping.writes == 0 && keeping.written_at_ms == 0);
    ck_assert_int_eq(rmdir(scratch_path(".app.new")), 0);
    give(2);
    while (keeping.writes == 0 && clock_left_ms(deadline_ms) > 0)
        keeper_count(keeper, &keeping);
    ck_assert_uint_eq(keeping.writes, 1);
    ck_assert_int_gt(keeping.written_at_ms, 0);
    ck_assert_int_gt(keeping.file_bytes, 0);
}
END_TEST

START_TEST(keeper_at_a_disk_that_hangs_stops_nobody)
{
    struct keeping keeping = { 0 };
    int64_t began_ms;

    ck_assert_ptr_null(start());
    (void)mkdir(scratch_path(NULL), 0700);
    ck_assert_int_eq(mkfifo(scratch_path(".app.new"), 0600), 0); /* open(2) waits for a reader */
    began_ms = clock_boot_ms();
    for (int i = 0; i < 50; i++)
        give(i);
    ck_assert_int_lt(clock_boot_ms() - began_ms, 900);
    while (keeping.busy_since_ms == 0 && clock_boot_ms() - began_ms < 10000)
        keeper_count(keeper, &keeping);
    ck_assert_int_gt(keeping.busy_since_ms, 0);
    keeper_stop(&keeper); /* leaves it behind, with its memory */
    ck_assert_int_lt(clock_boot_ms() - began_ms, 15000);
    ck_assert(thread_left_behind());
}
END_TEST

START_TEST(keeper_without_memory_does_not_start_or_begins_anew)
{
    int failed = 0;

    for (int n = 0; n < 12; n++) {
        malloc_fail_at(n); /* later ones hit the thread, which goes on without a history */
        failed += keeper_start(&settings, &keeper, NULL) != 0;
        keeper_stop(&keeper);
    }
    malloc_fail_at(-1);
    ck_assert_int_gt(failed, 1);
}
END_TEST

TCase *keeper_cases(void)
{
    TCase *cases = tcase_create("keeper");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, keeper_writes_what_it_was_given_last_before_it_ends);
    tcase_add_test(cases, keeper_that_was_given_nothing_writes_nothing);
    tcase_add_test(cases, keeper_counts_what_it_could_not_write);
    tcase_add_test(cases, keeper_at_a_disk_that_hangs_stops_nobody);
    tcase_add_test(cases, keeper_without_memory_does_not_start_or_begins_anew);
    return cases;
}
