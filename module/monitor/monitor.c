/* monitor.c - the thread that owns all health state. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/monitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "monitor/keeper.h"
#include "monitor/recollection.h"
#include "monitor/render.h"
#include "monitor/report.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    TICK_MS = 1000,
    STOP_WITHIN_MS = 1000,
    /* After a publication the next change waits for nine times as long as that took, and no longer
     * than this: sixty checks whose words change every second cost a tenth of a core at most. */
    PUBLICATION_SHARE = 9,
    PUBLICATION_WAIT_MS = 50,
    KEEP_EVERY_MS = 30 * 1000, /* what a process that is killed may forget of what is no change */
    KEEP_AFTER_CHANGE_MS = 500,
    KEEP_APART_MS = 1000,
};

static const char thread_name[] = "monitor";

struct monitor {
    /* set before the start, read-only afterwards */
    struct monitor_settings settings;
    struct thread thread;
    /* the monitor's thread only, once it runs */
    const struct config *config; /* in force; held */
    struct overview overview;
    struct report report;
    bool owes_publication; /* something has changed since the last one */
    int64_t quiet_until_us;
    struct keeper *keeper; /* NULL: no directory is named */
    bool has_recalled;     /* what the keeper has read */
    uint64_t changes_kept; /* as of what it was handed last */
    int64_t kept_at_ms;
    int64_t keep_at_ms;
    /* any thread */
    atomic_bool stopping;
    _Atomic int64_t draining_since_ms;
    atomic_bool first_round_done;
};

static struct moment moment_now(void)
{
    return (struct moment){ clock_boot_ms(), clock_wall_ms() };
}

/* Before the first publication the slot is empty, and so is every answer: that one must succeed. */
static bool publish(struct monitor *monitor)
{
    struct page_set *pages = render_pages(&monitor->overview);

    if (pages == NULL) {
        if (monitor->overview.publications_failed++ == 0)
            log_error("monitor: the health pages could not be built: out of memory?");
        return false;
    }
    slot_publish(monitor->settings.slot, &pages);
    return true;
}

/* When the loop has to turn, should nothing come before. */
static int64_t next_turn_ms(const struct monitor *monitor, int64_t tick_ms)
{
    int64_t due_ms = (monitor->quiet_until_us + 999) / 1000;
    int64_t steady_ms = overview_steady_at_ms(&monitor->overview);

    if (monitor->owes_publication && due_ms < tick_ms)
        tick_ms = due_ms;
    return steady_ms < tick_ms ? steady_ms : tick_ms;
}

static void publish_if_due(struct monitor *monitor, bool tick)
{
    int64_t began_us = clock_boot_us();
    int64_t wait_us;

    if (!tick && (!monitor->owes_publication || began_us < monitor->quiet_until_us))
        return;
    (void)publish(monitor); /* what fails is tried again with the tick */
    monitor->owes_publication = false;
    wait_us = PUBLICATION_SHARE * (clock_boot_us() - began_us);
    if (wait_us > PUBLICATION_WAIT_MS * 1000)
        wait_us = PUBLICATION_WAIT_MS * 1000;
    monitor->quiet_until_us = clock_boot_us() + wait_us;
}

/* Who waits for the first round wants to hand its pages out. */
static void tell_first_round(struct monitor *monitor)
{
    if (!monitor->owes_publication)
        atomic_store(&monitor->first_round_done, monitor->overview.first_round_done);
}

static bool judge(struct monitor *monitor)
{
    monitor->overview.outcomes_refused = queue_refused(monitor->settings.outcomes);
    return overview_judge(&monitor->overview, moment_now());
}

static void follow_idle(struct monitor *monitor)
{
    struct idle_view view = idle_look(monitor->settings.idle);

    overview_rest(&monitor->overview, &view, moment_now());
}

/* Takes what has come until `deadline_ms`: one result, and those that queue behind it. */
static void take_outcomes(struct monitor *monitor, int64_t deadline_ms)
{
    struct outcome outcome;
    int taken = 0;

    assert(thread_is(thread_name));
    while (taken++ < LIMIT_OUTCOMES
           && queue_pop(monitor->settings.outcomes, &outcome, deadline_ms)) {
        follow_idle(monitor); /* it may be the first one behind a pause */
        overview_take(&monitor->overview, &outcome);
        deadline_ms = 0;
    }
    follow_idle(monitor);
}

/* The order's hold on the configuration becomes the monitor's. */
static void put_in_force(struct monitor *monitor, const struct config *config)
{
    overview_reload(&monitor->overview, config, moment_now());
    config_release(&monitor->config);
    monitor->config = config;
}

static void take_orders(struct monitor *monitor)
{
    struct order order;

    assert(thread_is(thread_name));
    while (orders_take(monitor->settings.orders, &order)) {
        switch (order.kind) {
        case ORDER_DRAIN:
            overview_drain(&monitor->overview, &order.of.drain, moment_now());
            atomic_store(&monitor->draining_since_ms, monitor->overview.draining_since.boot_ms);
            break;
        case ORDER_MAINTENANCE:
            overview_maintain(&monitor->overview, &order.of.maintenance);
            break;
        case ORDER_CONFIG:
            put_in_force(monitor, order.of.config);
            break;
        }
    }
}

/* What the file should tell soon. */
static uint64_t changes(const struct overview *overview)
{
    uint64_t sum = overview->reloads + overview->maintenances;

    for (int i = 0; i < overview->config->check_count; i++)
        sum += overview->checks[i].transitions;
    return sum;
}

static void hand_over(struct monitor *monitor, int64_t now_ms)
{
    struct buf content;

    buf_init(&content, LIMIT_HISTORY_FILE_BYTES);
    overview_remember(&monitor->overview, keeper_boot_id(monitor->keeper), &content);
    if (buf_ok(&content))
        keeper_give(monitor->keeper, &content);
    buf_done(&content);
    monitor->kept_at_ms = now_ms;
    monitor->keep_at_ms = now_ms + KEEP_EVERY_MS;
    monitor->changes_kept = changes(&monitor->overview);
}

/* Before anything is judged: what it tells may say that no traffic should come. */
static void recall(struct monitor *monitor)
{
    AUTO(chronicle_free) struct chronicle *chronicle = NULL;

    if (monitor->keeper == NULL || monitor->has_recalled
        || !keeper_take(monitor->keeper, &chronicle))
        return;
    if (chronicle != NULL)
        overview_recall(&monitor->overview, chronicle);
    monitor->has_recalled = true;
    monitor->keep_at_ms = 0; /* whoever wrote it before knows by this that he need not */
}

/* Nothing is written before the file has been read: it would be lost. */
static void keep(struct monitor *monitor)
{
    int64_t now_ms = monitor->overview.now.boot_ms;
    int64_t soon_ms = now_ms + KEEP_AFTER_CHANGE_MS;

    if (monitor->keeper == NULL)
        return;
    keeper_count(monitor->keeper, &monitor->overview.keeping);
    if (!monitor->has_recalled)
        return;
    if (soon_ms < monitor->kept_at_ms + KEEP_APART_MS)
        soon_ms = monitor->kept_at_ms + KEEP_APART_MS;
    if (soon_ms < monitor->keep_at_ms && changes(&monitor->overview) != monitor->changes_kept)
        monitor->keep_at_ms = soon_ms;
    if (now_ms >= monitor->keep_at_ms)
        hand_over(monitor, now_ms);
}

static void run(void *context)
{
    struct monitor *monitor = context;
    int64_t tick_ms = clock_boot_ms() + TICK_MS;

    while (!atomic_load(&monitor->stopping)) {
        bool tick;

        take_outcomes(monitor, next_turn_ms(monitor, tick_ms));
        take_orders(monitor);
        recall(monitor);
        tick = clock_boot_ms() >= tick_ms;
        if (tick) {
            tick_ms = clock_boot_ms() + TICK_MS;
            overview_look_at_front(&monitor->overview, atomic_load(monitor->settings.front_beat_ms),
                                   clock_boot_ms());
            if (idle_judge(monitor->settings.idle, clock_boot_ms()))
                follow_idle(monitor);
        }
        monitor->owes_publication = judge(monitor) || monitor->owes_publication;
        publish_if_due(monitor, tick);
        tell_first_round(monitor);
        report_changes(&monitor->report, &monitor->overview);
        keep(monitor);
    }
    if (monitor->has_recalled)
        hand_over(monitor, monitor->overview.now.boot_ms);
}

/* What nobody takes any more still holds its configuration. */
static void drop_orders(struct orders *orders)
{
    struct order order;

    while (orders_take(orders, &order)) {
        if (order.kind == ORDER_CONFIG)
            config_release(&order.of.config);
    }
}

static void monitor_free(struct monitor **monitor)
{
    if (*monitor == NULL)
        return;
    keeper_stop(&(*monitor)->keeper);
    drop_orders((*monitor)->settings.orders);
    overview_done(&(*monitor)->overview);
    config_release(&(*monitor)->config);
    free(*monitor);
    *monitor = NULL;
}

/* What a restart forgets without it is no reason to start without judging health. */
static void start_keeper(struct monitor *monitor)
{
    const struct keeper_settings settings = { monitor->config->state_dir, monitor->config->service,
                                              monitor->settings.outcomes };
    struct error err = { 0 };

    if (settings.state_dir != NULL && keeper_start(&settings, &monitor->keeper, &err) != 0)
        log_warning("history lives in memory only: %s", err.text);
}

int monitor_start(const struct monitor_settings *settings, struct monitor **ret, struct error *err)
{
    AUTO(monitor_free) struct monitor *monitor = calloc(1, sizeof(*monitor));
    int code;

    if (monitor == NULL)
        return error_set(err, ENOMEM, "monitor: out of memory");
    monitor->settings = *settings;
    monitor->config = config_acquire(settings->config);
    overview_init(&monitor->overview, monitor->config, moment_now());
    report_init(&monitor->report, &monitor->overview);
    atomic_store(&monitor->first_round_done, monitor->overview.first_round_done);
    if (!publish(monitor))
        return error_set(err, ENOMEM, "monitor: first publication: out of memory");
    start_keeper(monitor);
    code = thread_start(&monitor->thread, thread_name, run, monitor, err);
    if (code != 0)
        return code;
    *ret = monitor;
    monitor = NULL;
    return 0;
}

void monitor_stop(struct monitor **monitor)
{
    if (*monitor == NULL)
        return;
    atomic_store(&(*monitor)->stopping, true);
    queue_wake((*monitor)->settings.outcomes);
    /* It never blocks; should it hang all the same, its memory must outlive it. */
    if (thread_join(&(*monitor)->thread, STOP_WITHIN_MS))
        monitor_free(monitor);
    *monitor = NULL;
}

bool monitor_first_round_done(const struct monitor *monitor)
{
    return atomic_load(&monitor->first_round_done);
}

int64_t monitor_draining_since_ms(const struct monitor *monitor)
{
    return atomic_load(&monitor->draining_since_ms);
}
