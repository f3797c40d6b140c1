/* derived.h - the rows of new indicators for some minutes of one file, out of its route_minutes.
 * Pure, but for reading a result's cells; everything lives in the arena. */
#ifndef LEDGER_DERIVED_H
#define LEDGER_DERIVED_H

#include "base/arena.h"
#include "base/auto.h"
#include "ledger/columns.h"
#include "slo/catalogue.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Columns of the evidence, in any order of the rows. */
enum {
    EVIDENCE_ROUTE,
    EVIDENCE_METHOD,
    EVIDENCE_MINUTE,
    EVIDENCE_TOTAL,
    EVIDENCE_ERRORS,
    EVIDENCE_STATUSES,
    EVIDENCE_HISTOGRAM,
};

struct derived_minute {
    uint64_t total;
    uint64_t bad;
    struct histogram *durations; /* timed indicators; NULL without any */
};

struct derived {
    const struct indicator *const *indicators;
    const int *ids; /* the ledger's */
    int count;
    int32_t from_minute;
    int32_t until_minute;
    struct arena *arena;
    struct derived_minute *minutes; /* by indicator, then minute - from_minute */
    int32_t *inexact_from;          /* by indicator; widened by what is not exact */
    int32_t *inexact_until;
    struct columns bads; /* id, route, minute, bad: one for each series */
    struct arena *scratch;
};

/* 0, or -ENOMEM. */
int derived_init(struct derived *derived) MUST_CHECK;
void derived_done(struct derived *derived);

/* Adds one row of evidence.  A cell that can't be read counts as not kept.  0, or -ENOMEM. */
int derived_add(struct derived *derived, const PGresult *evidence, int row) MUST_CHECK;

/* Fills four arrays: id, minute, total, bad, and a fifth with the histograms. */
int derived_fill(const struct derived *derived, struct columns *columns) MUST_CHECK;

#endif
