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
    int64_t heard_at_ms;    /* boot clock, like all here */
    int64_t valid_until_ms; /* arrival + 2 × its frequency, as Celery itself counts */
    int64_t active_tasks;
    int64_t processed_tasks; /* since it started */
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

/* Workers heard of, the tasks that they run and those that they have begun so far: sums are -1 when
 * some workers did not fit. */
int64_t heartbeats_workers(const struct heartbeats *heartbeats);
int64_t heartbeats_workers_since(const struct heartbeats *heartbeats, int64_t since_ms);
int64_t heartbeats_active_tasks(const struct heartbeats *heartbeats);
int64_t heartbeats_processed_tasks(const struct heartbeats *heartbeats);

#endif
