/* commit.h - one flush, one transaction: the position moves by compare-and-set, and only then are
 * counts added. */
#ifndef LEDGER_COMMIT_H
#define LEDGER_COMMIT_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/batches.h"
#include "ledger/counted.h"
#include "ledger/partitions.h"
#include "ledger/registry.h"
#include "ledger/session.h"
#include "ledger/settings.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct commit {
    struct session *session;
    const struct ledger_settings *settings;
    const struct registry *registry;
    const struct counted *counted;
    struct partitions *partitions;
    const struct flush *flush;
};

struct commit_result {
    bool moved; /* the position was not at from_offset: nothing was counted */
    bool whole; /* every indicator and slice is counted for this file; else derive (derive.h) */
    enum batch_verdict
        batch; /* other than BATCH_COUNTS: the flush moved the position, nothing more */
    uint64_t rows;
    uint64_t rejected_rows;
    int damaged; /* stored histograms and statuses that had to be replaced */
};

/* 0: committed, or `moved` and nothing changed.  Else -errno as session_run: whether it was
 * committed is not known; close the session and try the same flush again, the compare-and-set
 * decides.  Rows that Postgres refuses are left out by the minute and booked as rejected. */
int commit_flush(const struct commit *commit, struct commit_result *ret,
                 struct error *err) MUST_CHECK;

/* Reads a file's committed position in its home service, in a transaction of its own; fills all but
 * `committed`. */
int commit_read_position(struct session *session, const char *home, struct file_position *ret,
                         struct error *err) MUST_CHECK;

#endif
