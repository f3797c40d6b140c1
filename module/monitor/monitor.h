/* monitor.h - owns all health state: takes outcomes and orders, ticks, publishes health pages.
 *
 * Orders (health/order.h) count in the order in which they were given, before anything is judged,
 * and are published within 100 ms.
 *
 * Pages (keys in its slot): "health", "ready", "startup", "detailed", "detailed/NAME" for every
 * check, "metrics" and "metrics/openmetrics" (a fragment each).  Published on every change and once
 * a second; too old after 3 s.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "base/error.h"
#include "base/idle.h"
#include "base/queue.h"
#include "config/config.h"
#include "health/order.h"
#include "page/slot.h"

#include <stdatomic.h>

struct monitor;

struct monitor_settings {
    const struct config *config; /* held by the monitor, until another one is ordered */
    struct queue *outcomes;      /* of struct outcome; an order wakes who waits for one */
    struct orders *orders;
    struct slot *slot;
    const _Atomic int64_t *front_beat_ms; /* boot clock of the front's last turn; 0: not to turn */
    struct idle *idle;                    /* says when nobody need look; NULL: never */
};

/* Publishes `starting`, then starts the thread. */
int monitor_start(const struct monitor_settings *settings, struct monitor **ret,
                  struct error *err) MUST_CHECK;
void monitor_stop(struct monitor **monitor);

/* Since when it drains, by the boot clock; 0: it doesn't.  Any thread. */
int64_t monitor_draining_since_ms(const struct monitor *monitor);

/* Whether the first round of all checks is done and published.  Any thread. */
bool monitor_first_round_done(const struct monitor *monitor);

#endif
