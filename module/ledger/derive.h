/* derive.h - gives a new indicator its history: from what is kept by route, a portion at a time,
 * between two flushes.
 *
 * A job is one file in one service and a few of the indicators that its position does not name yet.
 * Each portion is a short transaction under the position's row lock; the last one does again what
 * flushes have changed meanwhile and names the indicators in the position, from which moment on
 * flushes count them.  Slices are built from minutes in the same way.  Nothing is lost when a job
 * is dropped at any point: the next one writes the same rows again.
 */
#ifndef LEDGER_DERIVE_H
#define LEDGER_DERIVE_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/counted.h"
#include "ledger/session.h"
#include "ledger/settings.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DERIVE_INDICATORS = 32,       /* in one job: what a portion writes stays small */
    DERIVE_PORTION_MINUTES = 180, /* a day has eight, a week's partition has whole ones */
    DERIVE_TOUCHED = 64,          /* portions that flushes change during one job */
};

struct derive {
    /* what it works with; borrowed */
    struct session *session;
    const struct ledger_settings *settings;
    const struct counted *counted;
    /* the job */
    bool active;
    bool finished; /* the last one was done, not dropped */
    struct file_id file;
    int service;
    int64_t offset; /* of the position: another one means that somebody else has the file */
    int indicators[DERIVE_INDICATORS]; /* indexes in the catalogue */
    int indicator_count;               /* 0: slices are built */
    int slicing;                       /* index of what is built then */
    int32_t next_portion;
    int32_t last_portion;
    int32_t touched[DERIVE_TOUCHED];
    int touched_count;
    int32_t inexact_from[DERIVE_INDICATORS]; /* minutes that are within 0.8 % only */
    int32_t inexact_until[DERIVE_INDICATORS];
};

void derive_init(struct derive *derive, struct session *session,
                 const struct ledger_settings *settings, const struct counted *counted);

/* Drops the job: after trouble, or when what is counted has changed. */
void derive_drop(struct derive *derive);

/* Looks for something to do: files that this instance holds, and those that nobody has touched for
 * a minute (who watches one commits it every ten seconds).  Sets `active` when there is one.  0,
 * or -errno as session_run. */
int derive_seek(struct derive *derive, struct error *err) MUST_CHECK;

/* Does one portion.  0, or -errno as session_run. */
int derive_step(struct derive *derive, struct error *err) MUST_CHECK;

/* A flush was committed: what it changed in the job's file has to be done again. */
void derive_note(struct derive *derive, const struct flush *flush);

#endif
