/* apply.h - puts definitions into the ledger: what differs becomes a new version.
 *
 * One transaction, under the lock that whoever registers objectives takes.  Nothing that is there
 * is rewritten: an objective that goes is marked as retired.
 */
#ifndef LEDGER_APPLY_H
#define LEDGER_APPLY_H

#include "ledger/definitions.h"

enum apply_change { APPLY_SAME, APPLY_NEW, APPLY_CHANGED, APPLY_RETIRED };

/* What happens to one objective. */
struct apply_step {
    enum apply_change change;
    const char *service;
    const char *name;
    const struct definition *before;   /* NULL: there was none */
    const struct objective *after;     /* NULL: retired, or only kept */
    const struct kept_objective *kept; /* NULL: retired, or evaluated */
    const char *indicator;             /* what `after` counts; "" for others */
};

typedef void (*apply_say_fn)(void *context, const struct apply_step *step);

struct apply {
    const char *conninfo;
    const struct catalogue *catalogue;
    int64_t effective_from_ms; /* wall; 0: from now on */
    const char *author;
    bool prune;   /* retire what is applied for the same services and not in the catalogue */
    bool dry_run; /* say the steps, change nothing */
    apply_say_fn say;
    void *context;
};

/* Says every step, in the order of services and names, and takes them.  Returns 0, -EINVAL where
 * the ledger holds what contradicts them, or -errno as session_begin, with `err`. */
int definitions_apply(const struct apply *apply, struct error *err) MUST_CHECK;

#endif
