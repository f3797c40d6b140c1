/* test_chronicle.c - module/monitor/chronicle.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/chronicle.h"

#include "scene.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct chronicle chronicle;
static struct buf bytes;

/* Two checks with everything that there can be. */
static void begin(void)
{
    static const struct check_verdict failing = { .status = CHECK_ERROR,
                                                  .reason = HEALTH_REASON_TIMEOUT,
                                                  .number = 1000 };
    static const struct check_verdict well = { .status = CHECK_OK };
    struct history *redis;

    chronicle = (struct chronicle){
        .saved = scene_moment(90000),
        .boot_id = "8a5b6c7d-0000-4000-8000-123456789abc",
        .maintenance = { .on = true,
                         .drain = true,
                         .since_wall_ms = SCENE_WALL_MS,
                         .until_wall_ms = SCENE_WALL_MS + 60000,
                         .id = "17",
                         .reason = "new disks",
                         .who = "ada" },
    };
    redis = annals_open(&chronicle.annals, "redis", SCENE_BOOT_MS);
    (void)annals_open(&chronicle.annals, "database", SCENE_BOOT_MS);
    for (int i = 0; i < 90; i++) {
        struct outcome outcome =
            scene_look(0, i % 3 == 0 ? OUTCOME_ERROR : OUTCOME_OK, HEALTH_REASON_REFUSED, i * 1000);

        history_take(redis, &outcome);
        (void)history_judge(redis, i / 20 % 2 == 0 ? &well : &failing, "0badcafe",
                            scene_moment(i * 1000));
    }
    buf_init(&bytes, 65536);
    chronicle_write(&chronicle, &bytes);
    ck_assert(buf_ok(&bytes));
}

static void end(void)
{
    buf_done(&bytes);
    annals_done(&chronicle.annals);
}

START_TEST(chronicle_read_again_is_the_same)
{
    AUTO(chronicle_free) struct chronicle *again = chronicle_read(buf_slice(&bytes));
    const struct history *redis = chronicle.annals.items[0];
    const struct history *same;

    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(again->saved.wall_ms, SCENE_WALL_MS + 90000);
    ck_assert(again->maintenance.on && again->maintenance.drain);
    ck_assert_int_eq(again->maintenance.until_wall_ms, SCENE_WALL_MS + 60000);
    ck_assert_str_eq(again->maintenance.reason, "new disks");
    ck_assert_str_eq(again->maintenance.who, "ada");
    ck_assert_int_eq(again->annals.count, 2);
    same = again->annals.items[0];
    ck_assert_str_eq(same->name, "redis");
    ck_assert_int_eq(same->status, redis->status);
    ck_assert_int_eq(same->lasted_ms, redis->lasted_ms);
    ck_assert_int_eq(history_result_count(same), 60);
    for (int age = 0; age < 60; age++)
        ck_assert_mem_eq(history_result(same, age), history_result(redis, age),
                         sizeof(struct history_result));
    ck_assert_int_eq(history_transition_count(same), history_transition_count(redis));
    for (int age = 0; age < history_transition_count(redis); age++) {
        ck_assert_int_eq(history_transition(same, age)->at_wall_ms,
                         history_transition(redis, age)->at_wall_ms);
        ck_assert_int_eq(history_transition(same, age)->lasted_ms,
                         history_transition(redis, age)->lasted_ms);
        ck_assert_int_eq(history_transition(same, age)->from, history_transition(redis, age)->from);
        ck_assert_int_eq(history_transition(same, age)->reason,
                         history_transition(redis, age)->reason);
        ck_assert_str_eq(history_transition(same, age)->error_id, "0badcafe");
    }
    ck_assert_int_eq(history_uptime(same, 720).up_ms, history_uptime(redis, 720).up_ms);
    ck_assert_int_eq(history_uptime(same, 720).known_ms, history_uptime(redis, 720).known_ms);
}
END_TEST

START_TEST(chronicle_of_a_month_stays_small)
{
    static const struct check_verdict well = { .status = CHECK_OK };
    struct buf month;

    for (int64_t at_ms = 0; at_ms < (int64_t)31 * 24 * UPTIME_HOUR_MS; at_ms += HISTORY_GAP_MS)
        (void)history_judge(chronicle.annals.items[1], &well, "", scene_moment(at_ms));
    buf_init(&month, 65536);
    chronicle_write(&chronicle, &month);
    ck_assert(buf_ok(&month));
    ck_assert_uint_lt(month.length, 4096);
    buf_done(&month);
}
END_TEST

START_TEST(chronicle_of_the_worst_month_fits_its_file)
{
    static const struct check_verdict verdicts[] = {
        { .status = CHECK_OK },
        { .status = CHECK_ERROR, .reason = HEALTH_REASON_TIMEOUT, .number = INT64_MAX },
    };
    struct history *worst = chronicle.annals.items[1];
    const struct chronicle alone = { .annals = { { worst }, 1 } };
    struct buf month;
    struct outcome outcome = scene_look(0, OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 0);

    outcome.number = INT64_MAX;
    outcome.latency_us = INT64_MAX;
    for (int i = 0; i < HISTORY_RESULTS; i++)
        history_take(worst, &outcome);
    for (int i = 0; i < UPTIME_HOURS; i++) {
        uptime_pass(&worst->uptime, UPTIME_UP, 1234567 + i);
        uptime_pass(&worst->uptime, UPTIME_DOWN, UPTIME_HOUR_MS - 1234567 - i);
    }
    for (int i = 0; i < HISTORY_TRANSITIONS; i++)
        (void)history_judge(worst, &verdicts[i % 2], "0badcafe",
                            scene_moment((int64_t)i * 24 * UPTIME_HOUR_MS));
    buf_init(&month, 65536);
    chronicle_write(&alone, &month);
    ck_assert(buf_ok(&month));
    ck_assert_uint_lt(month.length * LIMIT_HISTORIES, LIMIT_HISTORY_FILE_BYTES);
    buf_done(&month);
}
END_TEST

/* In memory of its own, so that the sanitizer sees every step beyond.  What is read must be good
 * enough to go on with, and to be written again. */
static bool read_copy(const char *data, size_t length)
{
    AUTO(chronicle_free) struct chronicle *again = NULL;
    struct annals live = { 0 };
    struct buf rewritten;
    char *copy = malloc(length > 0 ? length : 1);

    memcpy(copy, data, length);
    again = chronicle_read((struct slice){ copy, length });
    free(copy);
    if (again == NULL)
        return false;
    (void)annals_open(&live, "redis", SCENE_BOOT_MS + 200000);
    chronicle_move(again, "", scene_moment(200000));
    for (int i = 0; i < again->annals.count; i++)
        ck_assert_int_eq(annals_continue(&live, again->annals.items[i]), 0);
    (void)history_changes(live.items[0]);
    buf_init(&rewritten, 1024 * 1024);
    chronicle_write(again, &rewritten);
    buf_done(&rewritten);
    annals_done(&live);
    return true;
}

START_TEST(chronicle_that_is_cut_anywhere_is_refused)
{
    for (size_t length = 0; length < bytes.length; length++)
        ck_assert(!read_copy(bytes.data, length));
    buf_append_char(&bytes, '\0');
    ck_assert(!read_copy(bytes.data, bytes.length));
}
END_TEST

START_TEST(chronicle_with_any_bit_turned_hurts_nobody)
{
    for (size_t bit = 0; bit < bytes.length * 8; bit++) {
        bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ 1 << bit % 8);
        (void)read_copy(bytes.data, bytes.length);
        bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ 1 << bit % 8);
    }
}
END_TEST

START_TEST(chronicle_of_noise_hurts_nobody)
{
    uint64_t state = 88172645463325252ULL;

    for (int round = 0; round < 3000; round++) {
        size_t from = (size_t)(state >> 20) % bytes.length;

        for (size_t i = from; i < bytes.length && i < from + 8; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.data[i] = (char)(state >> 33);
        }
        (void)read_copy(bytes.data, bytes.length);
        if (round % 20 == 19) {
            buf_clear(&bytes);
            chronicle_write(&chronicle, &bytes);
        }
    }
}
END_TEST

START_TEST(chronicle_moves_by_the_boot_clock_as_long_as_the_machine_runs)
{
    struct moment now = scene_moment(100000);

    now.wall_ms += 3600000; /* somebody has set the clock meanwhile */
    chronicle_move(&chronicle, chronicle.boot_id, now);
    ck_assert_int_eq(chronicle.annals.items[0]->judged_at_ms, SCENE_BOOT_MS + 89000);
}
END_TEST

START_TEST(chronicle_moves_by_the_wall_clock_after_a_reboot)
{
    struct moment now = { .boot_ms = 5000, .wall_ms = SCENE_WALL_MS + 150000 };

    chronicle_move(&chronicle, "another", now);
    ck_assert_int_eq(chronicle.annals.items[0]->judged_at_ms, 5000 - 60000 - 1000);
    now.wall_ms = 0; /* no clock yet: it was saved just now, for all that is known */
    chronicle_move(&chronicle, "another", now);
    ck_assert_int_le(chronicle.annals.items[0]->judged_at_ms, now.boot_ms);
}
END_TEST

START_TEST(chronicle_without_memory_is_none)
{
    for (int n = 0; n < 3; n++) {
        malloc_fail_at(n);
        ck_assert_ptr_null(chronicle_read(buf_slice(&bytes)));
    }
    malloc_fail_at(-1);
}
END_TEST

TCase *chronicle_cases(void)
{
    TCase *cases = tcase_create("chronicle");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, chronicle_read_again_is_the_same);
    tcase_add_test(cases, chronicle_of_a_month_stays_small);
    tcase_add_test(cases, chronicle_of_the_worst_month_fits_its_file);
    tcase_add_test(cases, chronicle_that_is_cut_anywhere_is_refused);
    tcase_add_test(cases, chronicle_with_any_bit_turned_hurts_nobody);
    tcase_add_test(cases, chronicle_of_noise_hurts_nobody);
    tcase_add_test(cases, chronicle_moves_by_the_boot_clock_as_long_as_the_machine_runs);
    tcase_add_test(cases, chronicle_moves_by_the_wall_clock_after_a_reboot);
    tcase_add_test(cases, chronicle_without_memory_is_none);
    return cases;
}
