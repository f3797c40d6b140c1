/* steward.c - waits for signals, and looks after what nobody else does. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/steward.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "config/changes.h"
#include "daemon/settings.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    TAKE_OVER_WAIT_MS = 3000, /* for the first round, before a living socket is replaced */
    HANDED_WAIT_MS = 800,     /* before the first answer at one where somebody may wait already */
    LOOK_MS = 500,            /* how often we look whether somebody has replaced us */
    CHANGES_BYTES = 2048,     /* all of LIMIT_CHECKS, by names of usual length */
    ORDER_WAIT_MS = 2000,     /* for a place in the queue of orders, where nothing else bounds it */
};

static bool is_end(int number)
{
    return number == SIGTERM || number == SIGINT;
}

/* The queue is full only while orders pour in, and the monitor takes them at once: this order waits
 * for its place, but not for longer than draining would take anyway. */
static void order_drain(struct orders *orders, const struct drain *drain)
{
    struct order order = { .kind = ORDER_DRAIN, .of.drain = *drain };
    int64_t deadline_ms =
        drain->until_boot_ms == 0 ? clock_boot_ms() + ORDER_WAIT_MS : drain->until_boot_ms;

    while (!orders_give(orders, &order) && clock_left_ms(deadline_ms) > 0)
        clock_sleep_ms(10);
}

/* For who stops what stands in front of it before it stops probityd itself.  Returns the signal. */
static int heed_drain(const struct house *house, const struct monitor *monitor, int number)
{
    static const struct drain drain = { .reason = "told to drain (SIGUSR1)" };

    if (number == SIGUSR1 && monitor_draining_since_ms(monitor) == 0) {
        log_info("draining until it is told to end (SIGUSR1)");
        order_drain(house->orders, &drain);
    }
    return number;
}

int steward_listen(const struct house *house, const struct monitor *monitor,
                   struct front_socket *socket, bool *ret_ended, struct error *err)
{
    const char *path = house->config->listen_path;
    bool handed = front_is_handed_socket();
    int64_t deadline_ms = clock_boot_ms() + (handed ? HANDED_WAIT_MS : TAKE_OVER_WAIT_MS);
    bool ended = is_end(heed_drain(house, monitor, signals_wait(0)));

    while (!ended && (handed || front_path_is_live(path)) && !monitor_first_round_done(monitor)
           && clock_left_ms(deadline_ms) > 0)
        ended = is_end(heed_drain(house, monitor, signals_wait(20)));
    *ret_ended = ended;
    return ended ? 0 : front_listen(path, socket, err);
}

/* Starts what could not be started before, and frees what has ended since a reload. */
static void tend_checks(struct steward *steward, int code, const struct error *err)
{
    if (code != 0 && !steward->lacks_checks)
        log_error("a check can't be started, which is tried again until it can: %s", err->text);
    steward->lacks_checks = code != 0;
}

static void tend(struct steward *steward)
{
    struct error err = { 0 };
    int code = probers_tend(steward->probers, &err);

    tend_checks(steward, code, &err);
    if (!idle_is_paused(steward->house->idle))
        slo_side_tend(steward->slo_side);
}

static void say_changes(const struct config *before, const struct config *after)
{
    AUTO(buf_done) struct buf changes;

    buf_init(&changes, CHANGES_BYTES);
    changes_describe(before, after, &changes);
    log_info("checks loaded: %s%s", buf_text(&changes), buf_ok(&changes) ? "" : "…");
}

/* The monitor hears of it first: a result of a check that it doesn't know would be lost.  Returns
 * false when it takes no orders, and then nothing has happened. */
static bool change_checks(struct steward *steward, const struct config *next)
{
    struct order order = { .kind = ORDER_CONFIG, .of.config = config_acquire(next) };
    struct error err = { 0 };
    int code;

    if (!orders_give(steward->house->orders, &order)) {
        config_release(&order.of.config);
        return false;
    }
    code = probers_reload(steward->probers, next, &err);
    tend_checks(steward, code, &err);
    return true;
}

/* The parts that read nothing but the environment go on with the configuration of the start: it
 * can't change within a process. */
static void reload(struct steward *steward)
{
    const struct config *next = NULL;
    struct error err = { 0 };
    int code;

    /* Whoever has changed something wants to see what comes of it. */
    idle_ask(steward->house->idle);
    code = settings_load(steward->config, &next, &err);
    if (code != 0) {
        log_error("the configuration stays as it was: %s", err.text);
        return;
    }
    if (change_checks(steward, next)) {
        say_changes(steward->config, next);
        config_diagnose(next, settings_say, NULL);
        slo_side_reload(steward->slo_side, next);
        config_release(&steward->config);
        steward->config = config_acquire(next);
    } else {
        log_error("the configuration stays as it was: the monitor takes no orders");
    }
    config_release(&next);
}

static const char *end_words(int signal_number)
{
    return signal_number == SIGINT ? "told to end (SIGINT)" : "told to end (SIGTERM)";
}

static void order_end(struct orders *orders, int signal_number, int64_t until_ms)
{
    struct drain drain = { .until_boot_ms = until_ms };

    (void)snprintf(drain.reason, sizeof(drain.reason), "%s", end_words(signal_number));
    order_drain(orders, &drain);
}

/* Only a second order to end shortens it, no SIGHUP and no SIGCONT; or a successor. */
static void wait_drained(struct steward *steward, int64_t deadline_ms)
{
    int left_ms;

    while ((left_ms = clock_left_ms(deadline_ms)) > 0 && !front_replaced(steward->front)) {
        herald_look(&steward->herald);
        if (is_end(signals_wait(left_ms < LOOK_MS ? left_ms : LOOK_MS)))
            return;
    }
}

static void drain(struct steward *steward, int signal_number)
{
    int64_t drain_ms = steward->house->config->drain_ms;
    int64_t since_ms = monitor_draining_since_ms(steward->monitor);
    int left_ms;

    /* Who was drained by hand before has let that time pass already. */
    since_ms = since_ms == 0 ? clock_boot_ms() : since_ms;
    left_ms = clock_left_ms(since_ms + drain_ms);
    if (left_ms > 0)
        log_info("%s: draining for %d ms; a second signal ends it now", end_words(signal_number),
                 left_ms);
    else
        log_info("%s: nothing is left to drain", end_words(signal_number));
    order_end(steward->house->orders, signal_number, since_ms + drain_ms);
    wait_drained(steward, since_ms + drain_ms);
}

void steward_serve(struct steward *steward)
{
    struct house *house = steward->house;
    const struct config *config = house->config;
    int number = 0;

    steward->config = config_acquire(config);
    steward->herald = (struct herald){ .notify = &house->notify,
                                       .health = house->health,
                                       .front_beat_ms = &house->front_beat_ms };
    while (!is_end(number) && !front_replaced(steward->front)) {
        herald_look(&steward->herald);
        number = signals_wait(herald_pause_ms(&steward->herald, LOOK_MS));
        number = heed_drain(house, steward->monitor, number);
        if (number == SIGHUP) {
            herald_reloading(&steward->herald);
            reload(steward);
            herald_reloaded(&steward->herald);
        }
        if (number == 0)
            tend(steward);
    }
    config_release(&steward->config);
    herald_stopping(&steward->herald);
    if (front_replaced(steward->front)) {
        /* The successor speaks for the application now: a last "draining" would be a lie. */
        log_info("replaced by another process at %s: ending", config->listen_path);
    } else if (config->drain_ms == 0 && front_inherited(steward->front)) {
        /* So it would where the service manager keeps the socket for the next one. */
        log_info("%s: the socket stays the service manager's", end_words(number));
    } else {
        drain(steward, number);
    }
}
