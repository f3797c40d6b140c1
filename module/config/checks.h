/* checks.h - makes the rows of checks out of what the keys said. */
#ifndef CONFIG_CHECKS_H
#define CONFIG_CHECKS_H

#include "config/snapshot.h"

/* Fills config.checks, require_none and the ledger's conninfo.  Returns 0; -EINVAL with `err` for a
 * policy, a list of required checks or a combination of times that can't be; or -ENOMEM. */
int checks_build(struct snapshot *snapshot, struct error *err) MUST_CHECK;

#endif
