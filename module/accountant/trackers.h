/* trackers.h - the percentiles of all latency objectives: one tracker for each selection of events
 * and window, within a bound of memory.
 *
 * What is missing is read in slices, a little every turn, and changes once a minute.  Selections
 * beyond the bound, and calendar windows, have no percentiles: their objectives are judged by
 * counts all the same.
 */
#ifndef ACCOUNTANT_TRACKERS_H
#define ACCOUNTANT_TRACKERS_H

#include "accountant/book.h"
#include "accountant/latency.h"

#include <stdbool.h>
#include <stdint.h>

struct tracker {
    int indicator; /* whose rows are read: those with the same selection hold the same histograms */
    int track;
    int32_t window_minutes;
    struct latency *latency; /* NULL: given up for want of room */
    struct latency_percentiles percentiles;
    bool changed; /* since the percentiles were computed */
};

struct trackers {
    const struct book *book; /* borrowed */
    struct tracker *list;
    int count;
    int *of_objective;   /* -1: none */
    bool following;      /* changes are handed out from a moment before the first reading */
    int64_t next_at_ms;  /* boot clock: the next look for changes */
    int64_t retry_at_ms; /* boot clock: after a failure */
    int slice_hours;     /* how much one reading takes of what is missing */
    int turn;            /* whose turn it is */
    bool read_much;      /* in the last turn: memory to be given back */
};

/* Returns 0 or -ENOMEM; trackers_done() either way. */
int trackers_init(struct trackers *trackers, const struct book *book) MUST_CHECK;
void trackers_done(struct trackers *trackers);

/* Nothing is known any more: before a reload. */
void trackers_forget(struct trackers *trackers);

struct trackers_time {
    int64_t boot_ms;
    int32_t minute;
};

/* Reads on, for a part of a turn. */
void trackers_turn(struct trackers *trackers, struct ledger_reader *reader,
                   struct trackers_time now);

/* An objective's percentiles; NULL unless it is about latency. */
const struct latency_percentiles *trackers_of(const struct trackers *trackers, int objective);

/* Rows so far whose bytes were no histogram. */
uint64_t trackers_unreadable(const struct trackers *trackers);

#endif
