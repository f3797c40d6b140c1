/* entry.h - one check as the YAML says it, before it is put onto a row. */
#ifndef CONFIG_ENTRY_H
#define CONFIG_ENTRY_H

#include "config/node.h"
#include "config/snapshot.h"

enum {
    ENTRY_KIND_UNSAID = -1,
    ENTRY_NAME_BYTES = 40,
    ENTRY_QUEUE_BYTES = 63, /* as long as the name of a queue may be on its way to a page */
};

/* What is not said is NULL, -1, or has no `yaml`. */
struct check_entry {
    struct node node;
    const char *name;
    int kind;
    const char *url;
    const char *token;
    int64_t interval_ms;
    int64_t timeout_ms;
    int64_t fresh_interval_ms;
    int64_t max_age_ms;
    int64_t fall;
    int64_t rise;
    const char *policy;
    struct node_texts groups;
    struct node degraded;
    struct node tls;
    struct node http;
    struct node celery;
    const char *unset; /* a variable that the address needs and that is not set, in words */
};

struct check_entries {
    struct check_entry *items;
    int count;
};

/* Appends the checks of a list.  Returns 0, -EINVAL with `err` naming the place, or -ENOMEM. */
int entries_read(struct snapshot *snapshot, const struct node *list, struct check_entries *entries,
                 struct error *err) MUST_CHECK;

/* The entry of that name, or NULL. */
struct check_entry *entry_find(const struct check_entries *entries, const char *name);

/* What is wrong with a name of a check or a group, or NULL. */
const char *entry_judge_name(struct slice name);

/* The place of one of the entry's values, "url (probity.yaml:7:10)", for sentences.  NULL when out
 * of memory. */
const char *entry_place(struct snapshot *snapshot, const struct check_entry *entry,
                        const char *key);

/* What may stand under degraded: keys of struct check_limits (ends with a NULL name), and whether a
 * kind of check looks at that one. */
extern const struct node_key entry_limit_keys[];
bool entry_limit_applies(int limit, enum check_kind kind);

/* Fills `check` with what stands under degraded, http and celery.  Returns as above. */
int entry_fill_limits(struct snapshot *snapshot, const struct check_entry *entry,
                      struct check_config *check, struct error *err) MUST_CHECK;
int entry_fill_http(struct snapshot *snapshot, struct check_entry *entry, struct check_http *http,
                    struct error *err) MUST_CHECK;
int entry_fill_celery(struct snapshot *snapshot, struct check_entry *entry,
                      struct check_celery *celery, struct error *err) MUST_CHECK;

/* Fills what stands under tls. */
int entry_fill_tls(struct snapshot *snapshot, struct check_entry *entry, struct check_tls *tls,
                   struct error *err) MUST_CHECK;

#endif
