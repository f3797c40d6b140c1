/* counted.h - which indicators and slices are counted in a file's rows.  Pure, but for reading a
 * result's cells.
 *
 * A position names them.  A new file counts everything from its first line on.  Where a file was
 * counted before an indicator existed, its history is derived first (derive.h), and until that is
 * done the indicator's rows of this file are left out.
 */
#ifndef LEDGER_COUNTED_H
#define LEDGER_COUNTED_H

#include "base/arena.h"
#include "base/auto.h"
#include "ledger/registry.h"
#include "slo/catalogue.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Slices that objectives ask for: each indicator and length once. */
struct slicing {
    int service;   /* index into the catalogue's services */
    int indicator; /* index into the catalogue's indicators */
    int id;        /* the ledger's, of the indicator */
    int32_t minutes;
};

/* What belongs to one service, in the form of the positions' columns: equal sets, equal texts. */
struct counted_columns {
    const char *indicators; /* "{1,2}": rising */
    const char *slices;     /* "{\"1/5\",\"1/60\"}": as strcmp sorts them */
};

struct counted_id {
    int service;
    int id;
    int indicator;
};

/* What this program counts. */
struct counted {
    const struct catalogue *catalogue;
    struct counted_id *ids;   /* by service, then id */
    struct slicing *slicings; /* by service, then as strcmp sorts "ID/MINUTES" */
    int slicing_count;
    struct counted_columns *services; /* by the index of the service */
};

/* What of it is counted in a file's rows. */
struct counted_file {
    bool *indicators; /* by the catalogue's index */
    bool *slicings;   /* by the index of `slicings` */
    bool whole;       /* everything */
};

/* Everything lives in the arena.  0, or -ENOMEM. */
int counted_list(struct counted *counted, const struct catalogue *catalogue,
                 const struct registry *registry, struct arena *arena) MUST_CHECK;

/* A file of which everything is counted.  0, or -ENOMEM. */
int counted_all(const struct counted *counted, struct counted_file *ret,
                struct arena *arena) MUST_CHECK;

/* Takes away what the two cells of a position of the service do not name. */
void counted_restrict(const struct counted *counted, struct counted_file *file, int service,
                      const char *indicators, const char *slices);

#endif
