/* position.h - moves a file's position: the row of its home service by compare-and-set, and the
 * copies that other services have of it. */
#ifndef LEDGER_POSITION_H
#define LEDGER_POSITION_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/counted.h"
#include "ledger/rows.h"
#include "ledger/session.h"
#include "ledger/settings.h"
#include "slo/tally.h"

#include <stdbool.h>

struct move {
    struct session *session;
    const struct ledger_settings *settings;
    const struct counted *counted;
    const struct flush *flush;
    const struct rows *rows;
    struct counted_file *file; /* out: what is counted in this file's rows from now on */
};

/* Within the caller's transaction; locks the row until it ends.  `*ret_moved`: the position was not
 * at from_offset, and nothing has changed.  0, or -errno as session_run. */
int position_move(const struct move *move, bool *ret_moved, struct error *err) MUST_CHECK;

/* Moves the copies behind it, and makes those that the rows need.  Nothing where the catalogue has
 * one service. */
int position_move_copies(const struct move *move, struct error *err) MUST_CHECK;

#endif
