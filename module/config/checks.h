/* checks.h - makes the rows of checks out of what the keys and the YAML said. */
#ifndef CONFIG_CHECKS_H
#define CONFIG_CHECKS_H

#include "config/file.h"
#include "config/snapshot.h"

/* Fills config.checks, groups, require_none and the ledger's conninfo.  Returns 0; -EINVAL with
 * `err` for a policy, a list of required checks, rules that contradict each other or YAML that
 * can't be; or -ENOMEM. */
int checks_build(struct snapshot *snapshot, const struct config_parts *parts,
                 struct error *err) MUST_CHECK;

#endif
