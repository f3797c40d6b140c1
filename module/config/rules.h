/* rules.h - by which rules a check is looked at and judged, and whether they fit together. */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config/builtin.h"
#include "config/entry.h"

/* A row on its way into the configuration. */
struct draft {
    struct snapshot *snapshot;
    const struct builtin *builtin; /* NULL: not one of the four */
    struct check_entry *entry;     /* NULL: the YAML says nothing of it */
    struct check_config *check;    /* name and kind are set */
};

enum rule { RULE_INTERVAL, RULE_TIMEOUT, RULE_FRESH, RULE_MAX_AGE, RULE_FALL, RULE_RISE, RULES };

/* How the YAML calls it, and its value in a row: milliseconds, or a count. */
const char *rule_name(enum rule rule);
int64_t rule_value(const struct check_config *check, enum rule rule);
bool rule_is_duration(enum rule rule);

/* The variable that holds for checks of this kind that say nothing themselves. */
const char *rule_variable(enum check_kind kind, enum rule rule);

/* What it says, or its default; and whether it is set, so that the default does not stand. */
int64_t rule_general(const struct snapshot *snapshot, enum check_kind kind, enum rule rule);
bool rule_is_set(const struct snapshot *snapshot, enum check_kind kind, enum rule rule);

/* Fills all of the row but its target.  Returns 0; -EINVAL with `err` for rules that can't be or
 * contradict each other; or -ENOMEM. */
int rules_fill(struct draft *draft, struct error *err) MUST_CHECK;

#endif
