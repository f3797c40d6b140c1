/* snapshot.h - what reader.c and details.c share: the connection, the ids, and a snapshot of the
 * positions. */
#ifndef LEDGER_SNAPSHOT_H
#define LEDGER_SNAPSHOT_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/feed.h"
#include "ledger/registry.h"
#include "ledger/session.h"
#include "ledger/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger_reader {
    struct ledger_settings settings;
    struct session session;
    struct registry registry;
    bool registered;        /* every objective has its id */
    struct feed minutes;    /* seen by ledger_reader_read() */
    struct feed histograms; /* seen by ledger_reader_histograms() */
};

/* The positions as one snapshot shows them; its transaction is open until snapshot_end(). */
struct snapshot {
    PGresult *positions;
    struct feed now;
};

/* Frees what a snapshot holds; a destructor for AUTO(). */
void snapshot_done(struct snapshot *snapshot);

/* 0, or -errno as ledger_reader_read() has it, with `err` in words for people; the connection is
 * closed then. */
int snapshot_begin(struct ledger_reader *reader, int64_t deadline_ms, struct snapshot *ret,
                   struct error *err) MUST_CHECK;

/* Ends the transaction.  `code` is what the reading between came to, `cause` its own error: both
 * become words for people.  Returns the first failure of the two, or 0. */
int snapshot_end(struct ledger_reader *reader, int code, const struct error *cause,
                 struct error *err) MUST_CHECK;

/* One statement within the snapshot.  $1 is the service, $2 and up are `values`. */
int snapshot_run(struct ledger_reader *reader, const char *sql, const char *const *values,
                 int count, PGresult **ret, struct error *err) MUST_CHECK;

/* The objective of an id, or -1. */
int snapshot_objective(const struct ledger_reader *reader, int64_t id);

/* The ids as an array parameter. */
void snapshot_ids(const struct ledger_reader *reader, struct buf *array);

#endif
