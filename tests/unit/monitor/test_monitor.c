/* test_monitor.c - module/monitor/monitor.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/monitor.h"

#include "base/clock.h"
#include "health/outcome.h"
#include "scratch.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static _Atomic int64_t beat_ms;
static const struct config *config;
static struct queue *outcomes;
static struct orders *orders;
static struct slot *slot;
static struct monitor *monitor;
static const char *state_dir;

static const char *lookup(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "PROBITY_STATE_DIR") == 0)
        return state_dir;
    return strcmp(name, "REDIS_URL") == 0 ? "redis://127.0.0.1/" : NULL;
}

static struct monitor_settings settings_now(void)
{
    return (struct monitor_settings){ .config = config,
                                      .outcomes = outcomes,
                                      .orders = orders,
                                      .slot = slot,
                                      .front_beat_ms = &beat_ms };
}

static void begin(void)
{
    state_dir = scratch_make();
    ck_assert_int_eq(config_load(lookup, NULL, &config, NULL), 0);
    outcomes = queue_new(sizeof(struct outcome), 4);
    orders = orders_new(outcomes);
    slot = slot_new();
    monitor = NULL;
}

static void end(void)
{
    monitor_stop(&monitor);
    slot_free(&slot);
    orders_free(&orders);
    queue_free(&outcomes);
    config_release(&config);
    scratch_remove();
}

START_TEST(monitor_has_published_before_it_runs)
{
    const struct monitor_settings settings = settings_now();
    const struct page_set *pages;

    ck_assert_int_eq(monitor_start(&settings, &monitor, NULL), 0);
    pages = slot_acquire(slot);
    ck_assert_ptr_nonnull(pages);
    ck_assert_int_eq(page_find(pages, SLICE("ready"))->fresh.status, 503);
    slot_release(&pages);
    ck_assert(!monitor_first_round_done(monitor));
    monitor_stop(&monitor);
    ck_assert_ptr_null(monitor);
    monitor_stop(&monitor);
}
END_TEST

START_TEST(monitor_gives_back_what_its_orders_held)
{
    const struct monitor_settings settings = settings_now();
    struct order order = { .kind = ORDER_DRAIN, .of.drain.reason = "by hand" };

    ck_assert_int_eq(monitor_start(&settings, &monitor, NULL), 0);
    ck_assert(orders_give(orders, &order));
    order.kind = ORDER_MAINTENANCE;
    order.of.maintenance = (struct maintenance){ .on = true, .drain = true };
    ck_assert(orders_give(orders, &order));
    for (int i = 0; i < 3; i++) { /* taken or left behind, the sanitizer sees who forgets one */
        order.kind = ORDER_CONFIG;
        ck_assert_int_eq(config_reload(lookup, NULL, config, &order.of.config, NULL), 0);
        ck_assert(orders_give(orders, &order));
    }
}
END_TEST

START_TEST(monitor_start_fails_cleanly_when_memory_is_out)
{
    const struct monitor_settings settings = settings_now();
    int failed = 0;

    for (int n = 0; n < 40; n++) {
        int code;

        malloc_fail_at(n);
        code = monitor_start(&settings, &monitor, NULL);
        ck_assert(code == 0 ? monitor != NULL : code == -ENOMEM && monitor == NULL);
        failed += code != 0;
        monitor_stop(&monitor);
    }
    malloc_fail_at(-1);
    ck_assert_int_gt(failed, 8); /* a history that has no room is no reason */
}
END_TEST

START_TEST(monitor_leaves_to_its_successor_what_it_knew)
{
    const struct monitor_settings settings = settings_now();
    struct order order = { .kind = ORDER_MAINTENANCE };
    char file[4096];
    int length = -1;

    order.of.maintenance = (struct maintenance){ .on = true, .reason = "new disks" };
    ck_assert_int_eq(monitor_start(&settings, &monitor, NULL), 0);
    ck_assert(orders_give(orders, &order));
    for (int i = 0; i < 5000 && length < 0; i++) { /* until it has read, and then claimed, it */
        clock_sleep_ms(2);
        length = scratch_read("app", file, sizeof(file));
    }
    monitor_stop(&monitor);
    length = scratch_read("app", file, sizeof(file));
    ck_assert_int_gt(length, 0);
    ck_assert_ptr_nonnull(memmem(file, (size_t)length, "new disks", 9));
    ck_assert_ptr_nonnull(memmem(file, (size_t)length, "redis", 5));
}
END_TEST

TCase *monitor_cases(void)
{
    TCase *cases = tcase_create("monitor");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, monitor_has_published_before_it_runs);
    tcase_add_test(cases, monitor_gives_back_what_its_orders_held);
    tcase_add_test(cases, monitor_start_fails_cleanly_when_memory_is_out);
    tcase_add_test(cases, monitor_leaves_to_its_successor_what_it_knew);
    return cases;
}
