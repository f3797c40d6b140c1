/* registry.h - which id the ledger knows an objective's definition by. */
#ifndef LEDGER_REGISTRY_H
#define LEDGER_REGISTRY_H

#include "base/auto.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/session.h"
#include "ledger/settings.h"

#include <stdbool.h>

struct registry {
    int ids[LIMIT_OBJECTIVES]; /* by the objective's index in the settings; 0: not registered */
};

/* Finds the ids within the caller's transaction.  With `add`, an objective whose definition (type,
 * target, threshold, window) isn't there becomes a new version; what is there is never rewritten.
 * 0, or -errno as session_run. */
int registry_load(struct session *session, const struct ledger_settings *settings, bool add,
                  struct registry *ret, struct error *err) MUST_CHECK;

#endif
