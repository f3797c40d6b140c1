/* annals.h - the histories of all checks by their names, of those that are gone too.  Pure.
 *
 * Bounded: when there is no room, the one that was not looked at for longest makes way.
 */
#ifndef MONITOR_ANNALS_H
#define MONITOR_ANNALS_H

#include "base/auto.h"
#include "base/limits.h"
#include "monitor/history.h"

enum { ANNALS_KEPT_DAYS = 30 };

struct annals {
    struct history *items[LIMIT_HISTORIES];
    int count;
};

/* The history of that name, made if there is none, for a check that is looked at from now on.  It
 * stays until annals_close().  NULL when out of memory, or when the name is longer than
 * HISTORY_NAME_BYTES allows. */
struct history *annals_open(struct annals *annals, const char *name, int64_t now_ms);

/* The check is gone; what became of it is kept.  NULL is fine. */
void annals_close(struct history *history);

/* Takes in what was kept elsewhere: puts it in front of the history of that name, if there is one.
 * Returns 0 or -ENOMEM. */
int annals_continue(struct annals *annals, const struct history *before) MUST_CHECK;

/* Forgets whom nobody has looked at for ANNALS_KEPT_DAYS. */
void annals_forget(struct annals *annals, int64_t now_ms);

void annals_done(struct annals *annals);

#endif
