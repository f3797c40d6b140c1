/* test_monitor.c - module/monitor/monitor.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/monitor.h"

#include "health/outcome.h"
#include "scene.h"
#include "suite.h"

#include <errno.h>

static _Atomic int64_t beat_ms;

START_TEST(monitor_has_published_before_it_runs)
{
    AUTO(queue_free) struct queue *outcomes = queue_new(sizeof(struct outcome), 4);
    AUTO(slot_free) struct slot *slot = slot_new();
    const struct page_set *pages;
    struct monitor *monitor = NULL;
    struct monitor_settings settings = {
        .config = &scene_config, .outcomes = outcomes, .slot = slot, .front_beat_ms = &beat_ms
    };

    scene_reset();
    ck_assert_int_eq(monitor_start(&settings, &monitor, NULL), 0);
    pages = slot_acquire(slot);
    ck_assert_ptr_nonnull(pages);
    ck_assert_int_eq(page_find(pages, SLICE("ready"))->fresh.status, 503);
    slot_release(&pages);
    ck_assert(!monitor_first_round_done(monitor));
    monitor_drain(monitor);
    monitor_stop(&monitor);
    ck_assert_ptr_null(monitor);
    monitor_stop(&monitor);
}
END_TEST

START_TEST(monitor_start_fails_cleanly_when_memory_is_out)
{
    AUTO(queue_free) struct queue *outcomes = queue_new(sizeof(struct outcome), 4);
    AUTO(slot_free) struct slot *slot = slot_new();
    struct monitor *monitor = NULL;
    struct monitor_settings settings = {
        .config = &scene_config, .outcomes = outcomes, .slot = slot, .front_beat_ms = &beat_ms
    };

    scene_reset();
    for (int n = 0; n < 8; n++) {
        malloc_fail_at(n);
        ck_assert_int_eq(monitor_start(&settings, &monitor, NULL), -ENOMEM);
    }
    malloc_fail_at(-1);
    ck_assert_ptr_null(monitor);
}
END_TEST

TCase *monitor_cases(void)
{
    TCase *cases = tcase_create("monitor");

    tcase_add_test(cases, monitor_has_published_before_it_runs);
    tcase_add_test(cases, monitor_start_fails_cleanly_when_memory_is_out);
    return cases;
}
