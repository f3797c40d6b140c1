/* place.h - of which kind a check is and where it looks, by its YAML or by the environment. */
#ifndef CONFIG_PLACE_H
#define CONFIG_PLACE_H

#include "config/address.h"
#include "config/rules.h"

/* Sets check.kind.  Returns 0, or -EINVAL with `err` where neither the YAML nor the address tells
 * it or they contradict each other. */
int place_kind(struct draft *draft, struct error *err) MUST_CHECK;

/* Fills check.target, or check.misconfigured.  `address->variable` stays NULL where nothing
 * configures the check.  Returns 0, -EINVAL with `err`, or -ENOMEM. */
int place_find(struct draft *draft, struct address *address, struct error *err) MUST_CHECK;

#endif
