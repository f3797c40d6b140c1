/* explain.h - a configuration for people: the table of keys, what is in force, and who said so. */
#ifndef CONFIG_EXPLAIN_H
#define CONFIG_EXPLAIN_H

#include "config/config.h"

/* "postgres", …; static. */
const char *check_kind_text(enum check_kind kind);

/* Appends where the check looks, without user and password: "db.internal:5432/orders". */
void check_show_target(const struct check_config *check, struct buf *buf);

/* Appends the table of keys as the Markdown of docs/config.md. */
void config_describe(struct buf *buf);

/* Appends one line per key: name, value in force (secrets as "(set)"), and where it came from. */
void config_explain(config_lookup_fn lookup, void *context, struct buf *buf);

/* Appends one line per value of PROBITY_CONFIG's file and of PROBITY_CHECKS: its way, the value,
 * and file, line and column.  Passwords and tokens are left out. */
void config_explain_file(const struct config *config, struct buf *buf);

/* Appends what the check (by its index; one that can be run) looks at, and each of its rules with
 * who said so. */
void config_explain_check(const struct config *config, int index, struct buf *buf);

#endif
