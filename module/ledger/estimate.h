/* estimate.h - what an indicator would have counted, from what is kept by route and minute.  Pure.
 *
 * Statuses are exact.  Durations are known by the buckets of a histogram (0.8 %), and only of what
 * is neither 499 nor a server error; which of them had which status is not known.  Wherever the
 * truth lies between two bounds the estimate takes the worse one: fewer events, more of them bad.
 */
#ifndef LEDGER_ESTIMATE_H
#define LEDGER_ESTIMATE_H

#include "slo/catalogue.h"
#include "slo/histogram.h"
#include "slo/status_counts.h"

#include <stdbool.h>
#include <stdint.h>

struct estimate_status {
    int status;
    uint64_t count;
};

/* A row of route_minutes. */
struct evidence {
    const struct estimate_status *statuses; /* that occurred; NULL where they were not kept */
    int status_count;
    uint64_t total;                    /* everything but 499 */
    uint64_t errors;                   /* 5xx */
    const struct histogram *durations; /* NULL where they were not kept */
};

struct estimate {
    uint64_t total;
    uint64_t bad;
    bool known; /* false: statuses would be needed that were not kept; nothing is counted then */
    bool exact; /* the bounds meet */
};

/* Lists the statuses that occurred; returns how many. */
int estimate_statuses(const struct status_counts *counts,
                      struct estimate_status ret[STATUS_COUNTS]);

/* For a series that the indicator looks at; `marked`: it is also among what the indicator calls bad
 * (or good). */
struct estimate estimate_share(const struct indicator *indicator, bool marked,
                               const struct evidence *evidence);

#endif
