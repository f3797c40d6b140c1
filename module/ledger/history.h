/* history.h - what was counted for one indicator, as sums over any span of minutes.
 *
 * Read from quarter hours or days, and from minutes only where a span may begin or end within one
 * of these: a month of budgets costs some thousand cells of sixteen bytes, however many events.
 * Everything is read in one visit to the desk; what follows is arithmetic.
 */
#ifndef LEDGER_HISTORY_H
#define LEDGER_HISTORY_H

#include "base/auto.h"
#include "ledger/desk.h"
#include "slo/histogram.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

/* The minutes [from, until); empty when both are the same. */
struct minute_span {
    int32_t from;
    int32_t until;
};

enum { HISTORY_FINE_SPANS = 3, HISTORY_QUARTER = 15, HISTORY_DAY = 1440 };

struct history_request {
    const char *service;
    int indicator_id;
    int cell_minutes;                            /* HISTORY_QUARTER or HISTORY_DAY */
    struct minute_span whole;                    /* rounded outward to cells */
    struct minute_span fine[HISTORY_FINE_SPANS]; /* where a span may begin or end within a cell */
    const struct minute_span *excluded;          /* left out; from minute_spans_merge() */
    int excluded_count;
};

struct history;

/* 0, or -errno as desk_run(); -EPROTO where the tables hold what can't be counts. */
int history_load(struct desk_visit *visit, const struct history_request *request,
                 struct history **ret) MUST_CHECK;
void history_free(struct history **history);

/* The sum over a span within `whole`, what is excluded left out. */
struct window_sum history_sum(const struct history *history, struct minute_span span);

/* Sorts the spans, joins those that overlap or touch, drops empty ones; returns how many remain. */
int minute_spans_merge(struct minute_span *spans, int count);

/* How many minutes of `within` the merged spans cover. */
int32_t minute_spans_cover(const struct minute_span *spans, int count, struct minute_span within);

/* Calls `take` for each row's histogram in [from, until), minute by minute. */
struct history_histograms {
    const char *service;
    int indicator_id;
    struct minute_span span;
    /* Returns false to stop. */
    bool (*take)(void *context, int32_t minute, struct slice encoded);
    void *context;
};

/* 0, or -errno as desk_run(). */
int history_read_histograms(struct desk_visit *visit,
                            const struct history_histograms *request) MUST_CHECK;

#endif
