/* latency.h - the percentiles of a window, merged from the minutes' encoded histograms.  Pure.
 *
 * Hours inside the window are kept merged; minute by minute only the newest ones, which still
 * change, and the one at the window's far edge, of which minutes fall out.  A late change in a
 * merged hour makes that hour unknown: it is read again, alone.
 */
#ifndef ACCOUNTANT_LATENCY_H
#define ACCOUNTANT_LATENCY_H

#include "base/auto.h"
#include "ledger/reader.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

struct latency;

struct latency_percentiles {
    bool known; /* false: nothing measured, or not all of it read yet */
    uint64_t p50_ms;
    uint64_t p95_ms;
    uint64_t p99_ms;
};

/* The rows that a read brought; those of other indicators are left aside. */
struct latency_rows {
    const struct ledger_histogram *rows;
    int count;
    int indicator;
};

/* NULL when out of memory. */
struct latency *latency_new(int32_t window_minutes) MUST_CHECK;
void latency_free(struct latency **latency);

/* Nothing is known any more: before a reload. */
void latency_forget(struct latency *latency);

/* The clock has come to `now_minute`: hours leave, come in, are merged, or become the edge. */
void latency_advance(struct latency *latency, int32_t now_minute);

/* Takes minutes that changed, each with all its rows.  Returns 0 or -ENOMEM (then forget). */
int latency_change(struct latency *latency, const struct latency_rows *rows) MUST_CHECK;

/* Which minutes have to be read whole next: the newest run of unknown hours, `max_hours` at most.
 * Hours in which `events` (may be NULL) has none are known without reading.  False: nothing is
 * missing. */
bool latency_wants(struct latency *latency, const struct window *events, int max_hours,
                   int32_t *ret_from_minute, int32_t *ret_to_minute);

/* Takes everything that lies in the wanted minutes.  Returns 0 or -ENOMEM (then forget). */
int latency_fill(struct latency *latency, int32_t from_minute, int32_t to_minute,
                 const struct latency_rows *rows) MUST_CHECK;

/* Whether no hour of the window is unknown. */
bool latency_is_whole(const struct latency *latency);

/* How much memory the histograms take. */
uint64_t latency_bytes(const struct latency *latency);

/* The upper edges of the percentiles' buckets.  Returns 0 or -ENOMEM. */
int latency_compute(struct latency *latency, struct latency_percentiles *ret) MUST_CHECK;

/* Rows so far whose bytes were no histogram; they are left out and counted. */
uint64_t latency_unreadable(const struct latency *latency);

#endif
