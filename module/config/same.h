/* same.h - which rows of a new configuration are those of the old one.
 *
 * A row that is equal in every field keeps its id, and with it its connection and its history.
 */
#ifndef CONFIG_SAME_H
#define CONFIG_SAME_H

#include "config/config.h"

/* Whether two rows would be looked at and judged alike: every field but the id. */
bool check_is_same(const struct check_config *a, const struct check_config *b);

/* Gives every row of `config` its id: that of the same row in `before` (NULL: there is none), else
 * one that no row of this process has had.  Any thread. */
void checks_give_ids(struct config *config, const struct config *before);

#endif
