/* groups.h - which groups of checks there are, and who is in them. */
#ifndef CONFIG_GROUPS_H
#define CONFIG_GROUPS_H

#include "config/rules.h"

/* Puts the groups that there always are into the configuration. */
void groups_begin(struct config *config);

/* Fills check.groups, and adds the groups that the YAML names.  Returns 0; -EINVAL with `err`
 * beyond LIMIT_GROUPS; or -ENOMEM. */
int groups_fill(struct draft *draft, struct error *err) MUST_CHECK;

#endif
