/* entry_text.h - the texts of a check's YAML, with the environment put into them. */
#ifndef CONFIG_ENTRY_TEXT_H
#define CONFIG_ENTRY_TEXT_H

#include "config/entry.h"

/* A map that was read into a struct by a table. */
struct entry_text {
    const struct node *node;
    const struct node_key *keys;
    void *to;
};

/* Replaces ${NAME} in every text that the map says; a variable that is not set makes
 * `entry->unset`.  Returns 0, -EINVAL with `err` naming the place, or -ENOMEM. */
int entry_put_texts(struct snapshot *snapshot, struct check_entry *entry,
                    const struct entry_text *text, struct error *err) MUST_CHECK;

#endif
