/* columns.h - the parameters of a statement over many rows: an array per column, filled row by row,
 * for unnest(). */
#ifndef LEDGER_COLUMNS_H
#define LEDGER_COLUMNS_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "ledger/session.h"

#include <stdbool.h>

enum { COLUMNS_MAX = 12, COLUMNS_FIXED_MAX = 8 };

struct columns {
    struct buf arrays[COLUMNS_MAX]; /* append with array_put_…(), in the rows' order */
    int count;
};

void columns_open(struct columns *columns, int count);
void columns_done(struct columns *columns); /* a destructor for AUTO() */

/* Whether the first array has no element. */
bool columns_are_empty(const struct columns *columns);

/* Runs the statement with the fixed parameters ($1 …, at most COLUMNS_FIXED_MAX) and the arrays
 * behind them.  0, or -errno as session_run; -E2BIG when the rows don't fit one statement. */
int columns_run(struct columns *columns, struct session *session, const char *sql,
                const struct pq_params *fixed, PGresult **ret, struct error *err) MUST_CHECK;

#endif
