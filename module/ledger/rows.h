/* rows.h - a flush's tally as the rows that the ledger's tables take, by service and in the order
 * of their keys.  Pure; everything lives in the arena or in the tally, which outlive the rows. */
#ifndef LEDGER_ROWS_H
#define LEDGER_ROWS_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/slice.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct rows_source; /* a row of the tally, and who looks at it */

/* An indicator's events of one minute, over all routes and methods.  A minute without an event that
 * the indicator looks at has no row. */
struct indicator_row {
    int indicator; /* index into the catalogue's indicators */
    int id;        /* the ledger's */
    int32_t minute;
    uint64_t total;
    uint64_t bad;
    bool timed;                       /* has a histogram: see rows_merge_durations() */
    const struct rows_source *source; /* the first of the minute */
    int source_count;
};

/* What happened on a route by one method in one minute. */
struct route_row {
    const char *route;
    enum event_method method;
    int32_t minute;
    struct tally_totals totals;
    const struct tally_row *counts; /* its durations */
    struct slice statuses;          /* as slo/status_counts.h encodes them */
};

/* Bad events of an indicator on a route in one minute, over all methods; none without any. */
struct bad_row {
    int indicator;
    int id;
    const char *route;
    int32_t minute;
    uint64_t bad;
};

struct service_rows {
    int service;                      /* index into the catalogue's services */
    struct indicator_row *indicators; /* by id, minute */
    int indicator_count;
    struct route_row *routes; /* by route, method's text, minute */
    int route_count;
    struct bad_row *bads; /* by id, route, minute */
    int bad_count;
};

struct rows {
    struct service_rows *services; /* those that the tally has events of, rising */
    int service_count;
    int32_t *minutes; /* over all services, each once, rising */
    int minute_count;
};

/* Takes the tally apart; `tally` may be NULL: no rows.  `ids` are the ledger's, by the index of the
 * catalogue's indicators; no two of one service are equal.  Returns 0, or -ENOMEM when the arena is
 * full. */
int rows_build(struct rows *rows, const struct tally *tally, const int *ids,
               struct arena *arena) MUST_CHECK;

/* Adds the durations of a timed indicator's row.  They are kept by series, not by status: all that
 * are neither 499 nor 5xx in the series that the indicator looks at.  False when the histogram's
 * arena is full. */
bool rows_merge_durations(const struct indicator_row *row, struct histogram *into) MUST_CHECK;

/* Events of one minute, 499 included. */
uint64_t rows_events_in(const struct service_rows *rows, int32_t minute);

/* How many rows of all three kinds belong to one minute, and how many there are. */
int rows_in(const struct service_rows *rows, int32_t minute);
int rows_count(const struct service_rows *rows);

#endif
