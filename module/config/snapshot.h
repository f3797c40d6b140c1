/* snapshot.h - a configuration while it is put together, and what it keeps for later questions.
 *
 * Private to config/.  Its first member is the struct config that everybody else sees; the rest is
 * what the keys said before it was understood.
 */
#ifndef CONFIG_SNAPSHOT_H
#define CONFIG_SNAPSHOT_H

#include "base/arena.h"
#include "base/yaml.h"
#include "config/config.h"
#include "config/keys.h"

enum {
    /* Sentences about one configuration: several times what the worst one seen needs. */
    SNAPSHOT_NOTES = 64,
};

struct snapshot_note {
    enum log_level level;
    const char *sentence;
};

struct snapshot {
    struct config config; /* first, so that its address is the snapshot's */
    _Atomic int holders;
    struct arena *arena; /* owns every string */
    bool is_set[CONFIG_KEY_COUNT];
    struct snapshot_note notes[SNAPSHOT_NOTES];
    int note_count;

    config_lookup_fn lookup; /* of the environment, while it is read; NULL afterwards */
    void *lookup_context;
    const char *config_file;
    const char *checks_text;                    /* PROBITY_CHECKS */
    const struct yaml_node *file;               /* what is in the file; NULL: nothing */
    const struct yaml_node *listed;             /* what is in PROBITY_CHECKS */
    const struct yaml_node *said[LIMIT_CHECKS]; /* of each check by YAML; NULL: nothing */
    const char *origins[LIMIT_CHECKS];          /* where each one's address stands, in words */
    const char *ledger_origin;
    const char *app_url;
    const char *database_url;
    const char *database_host;
    const char *database_port;
    const char *database_name;
    const char *database_user;
    const char *database_password;
    int64_t pool_size;
    int64_t max_overflow;
    const char *redis_url;
    const char *redis_host;
    const char *redis_port;
    const char *redis_password;
    bool redis_ssl;
    const char *upstash_url;
    const char *upstash_token;
    const char *broker_url;
    int celery_passive; /* 0 or 1: PROBITY_CELERY_MODE */
    const char *celery_queues;
    int64_t celery_expected_workers;
    int64_t celery_grace_ms;
    const char *ledger_url;
    const char *require;

    const char *app_policy;
    const char *database_policy;
    const char *redis_policy;
    const char *celery_policy;
    int64_t interval_ms;
    int64_t timeout_ms;
    int64_t fresh_interval_ms;
    int64_t max_age_ms;
    int64_t fall;
    int64_t rise;
    int64_t celery_interval_ms;
    int64_t celery_timeout_ms;
    int64_t celery_max_age_ms;
    int64_t patience_ms;
    const char *tls_ca;
};

/* Formats into the snapshot's memory.  NULL when out of memory. */
char *snapshot_printf(struct snapshot *snapshot, const char *format, ...)
    __attribute__((format(printf, 2, 3))) MUST_CHECK;

/* Keeps a sentence for config_diagnose().  Returns 0 or -ENOMEM. */
int snapshot_note(struct snapshot *snapshot, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4))) MUST_CHECK;

/* The variable that filled the member at `offset`, or NULL when its default stands. */
const char *snapshot_source(const struct snapshot *snapshot, size_t offset);

/* The snapshot around what config_load() gave out. */
const struct snapshot *snapshot_of(const struct config *config);

#endif
