/* heartbeats.h - what Celery's workers say about themselves unasked.  Pure.
 *
 * Necessary, not sufficient: a worker that consumes nothing any more can go on sending them.
 */
#ifndef PROBE_HEARTBEATS_H
#define PROBE_HEARTBEATS_H

#include "base/limits.h"
#include "base/slice.h"

#include <stdint.h>

struct heartbeat {
    char node[128];
    int64_t valid_until_ms; /* boot clock: arrival + 2 × its frequency, as Celery itself counts */
    int64_t active_tasks;
};

struct heartbeats {
    struct heartbeat workers[LIMIT_CELERY_NODES];
    int count;
    int64_t partial_until_ms; /* workers were left out: until then sums say nothing */
};

/* Takes one event of the exchange celeryev: heartbeat, online or offline; others mean nothing. */
void heartbeats_take(struct heartbeats *heartbeats, struct slice envelope, int64_t now_ms);

/* Forgets workers that have gone silent. */
void heartbeats_expire(struct heartbeats *heartbeats, int64_t now_ms);

/* Workers heard of, and the tasks that they run: -1 when some did not fit. */
int64_t heartbeats_workers(const struct heartbeats *heartbeats);
int64_t heartbeats_active_tasks(const struct heartbeats *heartbeats);

#endif
