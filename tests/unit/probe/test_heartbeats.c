/* test_heartbeats.c - module/probe/heartbeats.c */
/* SPDX-License-Identifier: MIT */
#include "probe/heartbeats.h"

#include "fixture.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct heartbeats *new_heartbeats(void)
{
    struct heartbeats *heartbeats = calloc(1, sizeof(*heartbeats));

    ck_assert_ptr_nonnull(heartbeats);
    return heartbeats;
}

/* kombu sends bodies that are not base64, too. */
static void take(struct heartbeats *heartbeats, const char *node, const char *type, int active,
                 int64_t now_ms)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"body\": \"{\\\"hostname\\\": \\\"%s\\\", \\\"type\\\": \\\"%s\\\", "
                   "\\\"freq\\\": 2.0, \\\"active\\\": %d, \\\"processed\\\": %d}\"}",
                   node, type, active, active * 100);
    heartbeats_take(heartbeats, slice_of(text), now_ms);
}

START_TEST(a_recorded_heartbeat_is_understood)
{
    struct heartbeats *heartbeats = new_heartbeats();
    struct buf envelope;

    fixture_read("pidbox/heartbeat.json", &envelope);
    heartbeats_take(heartbeats, buf_slice(&envelope), 1000);
    ck_assert_int_eq(heartbeats_workers(heartbeats), 1);
    ck_assert_str_eq(heartbeats->workers[0].node, "w1@vm");
    ck_assert_int_eq(heartbeats->workers[0].valid_until_ms, 5000);
    buf_done(&envelope);
    free(heartbeats);
}
END_TEST

START_TEST(running_tasks_are_summed_over_the_last_heartbeat_of_each_worker)
{
    struct heartbeats *heartbeats = new_heartbeats();

    take(heartbeats, "a", "worker-heartbeat", 1, 0);
    take(heartbeats, "b", "worker-heartbeat", 2, 0);
    take(heartbeats, "a", "worker-heartbeat", 4, 1);
    take(heartbeats, "c", "task-received", 9, 1);
    ck_assert_int_eq(heartbeats_workers(heartbeats), 2);
    ck_assert_int_eq(heartbeats_active_tasks(heartbeats), 6);
    ck_assert_int_eq(heartbeats_processed_tasks(heartbeats), 600);
    free(heartbeats);
}
END_TEST

START_TEST(a_worker_is_gone_when_it_says_so_or_falls_silent)
{
    struct heartbeats *heartbeats = new_heartbeats();

    take(heartbeats, "a", "worker-online", 0, 0);
    take(heartbeats, "b", "worker-heartbeat", 0, 1000);
    take(heartbeats, "a", "worker-offline", 0, 1500);
    ck_assert_int_eq(heartbeats_workers(heartbeats), 1);
    ck_assert_int_eq(heartbeats_workers_since(heartbeats, 1000), 1);
    ck_assert_int_eq(heartbeats_workers_since(heartbeats, 1001), 0);
    heartbeats_expire(heartbeats, 4999);
    ck_assert_int_eq(heartbeats_workers(heartbeats), 1);
    heartbeats_expire(heartbeats, 5000);
    ck_assert_int_eq(heartbeats_workers(heartbeats), 0);
    free(heartbeats);
}
END_TEST

START_TEST(a_sum_over_some_of_the_workers_is_unknown)
{
    struct heartbeats *heartbeats = new_heartbeats();
    char node[16];

    for (int i = 0; i <= LIMIT_CELERY_NODES; i++) {
        (void)snprintf(node, sizeof(node), "w%d", i);
        take(heartbeats, node, "worker-heartbeat", 1, 0);
    }
    ck_assert_int_eq(heartbeats_workers(heartbeats), LIMIT_CELERY_NODES);
    ck_assert_int_eq(heartbeats_active_tasks(heartbeats), -1);
    heartbeats_expire(heartbeats, 4000);
    take(heartbeats, "w1", "worker-heartbeat", 1, 4000);
    ck_assert_int_eq(heartbeats_active_tasks(heartbeats), 1);
    free(heartbeats);
}
END_TEST

START_TEST(garbage_changes_nothing)
{
    static const char *const cases[] = {
        "",
        "{}",
        "{\"body\": \"[]\"}",
        "{\"body\": \"{\\\"type\\\": \\\"worker-heartbeat\\\"}\"}",
        "{\"body\": \"{\\\"hostname\\\": 1, \\\"type\\\": 2}\"}",
    };
    struct heartbeats *heartbeats = new_heartbeats();

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        heartbeats_take(heartbeats, slice_of(cases[i]), 0);
    ck_assert_int_eq(heartbeats_workers(heartbeats), 0);
    free(heartbeats);
}
END_TEST

TCase *heartbeats_cases(void)
{
    TCase *cases = tcase_create("heartbeats");

    tcase_add_test(cases, a_recorded_heartbeat_is_understood);
    tcase_add_test(cases, running_tasks_are_summed_over_the_last_heartbeat_of_each_worker);
    tcase_add_test(cases, a_worker_is_gone_when_it_says_so_or_falls_silent);
    tcase_add_test(cases, a_sum_over_some_of_the_workers_is_unknown);
    tcase_add_test(cases, garbage_changes_nothing);
    return cases;
}
