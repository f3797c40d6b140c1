/* cells.h - stored histograms and statuses that are merged with fresh ones on their way back. */
#ifndef LEDGER_CELLS_H
#define LEDGER_CELLS_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/buf.h"
#include "slo/histogram.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* What a statement's rows hold already: the result's first column is the row's ordinal among those
 * that were asked for, from 1, and ordinals rise. */
struct cells {
    PGresult *result; /* NULL: nothing is stored */
    int at;           /* the next row of the result */
    int damaged;      /* could not be read and were replaced: no verdict reads them */
};

struct cell {
    int row; /* -1: none */
    int column;
};

/* Whether the row with this ordinal is stored: then it stands at `*ret_row`.  Ask in rising order.
 */
bool cells_find(struct cells *cells, int ordinal, int *ret_row);

/* The bytes of a cell, or none; what is no hex is counted as damaged.  0, or -ENOMEM. */
int cells_read(struct cells *cells, struct cell cell, struct arena *arena,
               struct slice *ret) MUST_CHECK;

/* Appends fresh + stored to a bytea array, encoded; NULL for an empty histogram.  `fresh` takes the
 * sum.  0, or -ENOMEM. */
int cells_put_histogram(struct cells *cells, struct buf *column, struct histogram *fresh,
                        struct slice stored) MUST_CHECK;

/* The same for encoded statuses.  0, -ENOMEM, or -EOVERFLOW where a count would. */
int cells_put_statuses(struct cells *cells, struct buf *column, struct slice fresh,
                       struct slice stored) MUST_CHECK;

#endif
