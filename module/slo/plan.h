/* plan.h - how events have to be kept so that every indicator of a catalogue can be counted
 * exactly.
 *
 * Events are kept by service, route, method and status, and by the buckets of duration whose bounds
 * are the durations that the service's selectors name.  Built once from a catalogue, then immutable
 * and read by any thread.  The catalogue outlives the plan, and the plan every tally.  Pure.
 */
#ifndef SLO_PLAN_H
#define SLO_PLAN_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/limits.h"
#include "slo/catalogue.h"

#include <stdbool.h>
#include <stdint.h>

struct plan;

/* Rising.  Bucket 0 is below the first bound, bucket i at least bound i - 1 and below bound i. */
struct plan_bounds {
    int count;
    int64_t at_ms[LIMIT_THRESHOLDS];
};

/* How many status codes are counted side by side: more than most routes ever answer with. */
enum { PLAN_STATUSES = 8 };

/* Events of one row by status code and bucket of duration: a link of a list that holds each status
 * once. */
struct plan_cells {
    uint16_t statuses[PLAN_STATUSES]; /* 0 behind the last one */
    struct plan_cells *next;
    uint16_t status_count;
    uint16_t bucket_count;
    uint32_t counts[]; /* bucket_count of each of PLAN_STATUSES */
};

/* Whose events they are. */
struct plan_series {
    int service;       /* index into the catalogue's services */
    const char *route; /* a template, or "other" */
    enum event_method method;
};

/* An indicator that looks at a series. */
struct plan_view {
    int indicator; /* index into the catalogue's indicators */
    bool marked;   /* the series is also among what the indicator calls bad (or good) */
};

struct plan_share {
    uint64_t total; /* events that the indicator looks at; 499 is never among them */
    uint64_t bad;
};

/* Returns 0, -E2BIG when a service's selectors name more than LIMIT_THRESHOLDS durations, or
 * -ENOMEM, with `err`. */
int plan_new(const struct catalogue *catalogue, struct plan **ret, struct error *err) MUST_CHECK;
void plan_free(struct plan **plan);

const struct catalogue *plan_catalogue(const struct plan *plan);
/* Of one service. */
const struct plan_bounds *plan_bounds(const struct plan *plan, int service);
int plan_indicator_count(const struct plan *plan, int service);

/* Inline, because every line of a log comes by here. */
static inline int plan_bucket(const struct plan_bounds *bounds, uint64_t duration_ms)
{
    int bucket = 0;

    for (int i = 0; i < bounds->count; i++)
        bucket += duration_ms >= (uint64_t)bounds->at_ms[i];
    return bucket;
}

/* All events of the status at this place of one link. */
uint64_t plan_cells_sum(const struct plan_cells *cells, int at);

/* Lists the indicators that look at a series, rising, into the arena.  Returns how many, or -1 when
 * the arena is full. */
int plan_views(const struct plan *plan, const struct plan_series *series, struct arena *arena,
               struct plan_view **ret) MUST_CHECK;

/* What the indicator makes of the events of a series that it looks at. */
struct plan_share plan_count(const struct plan *plan, const struct plan_view *view,
                             const struct plan_cells *cells);

#endif
