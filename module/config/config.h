/* config.h - what the environment asked for, as one immutable snapshot.
 *
 * Every key is a row of one table (keys.c): type, default, bounds, help.  docs/config.md and
 * `probity check-config` are printed from it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "config/check.h"
#include "config/sources.h"

#include <stdbool.h>
#include <stdint.h>

/* What `probity serve` is asked for; probityd ignores it. */
struct container_config {
    int64_t port;               /* PORT, 8080 */
    const char *upstream;       /* PROBITY_UPSTREAM as it stands; NULL: not set */
    const char *path_prefix;    /* PROBITY_PATH_PREFIX as it stands; NULL: none */
    const char *nginx_template; /* PROBITY_NGINX_TEMPLATE; NULL: the one that is installed */
    const char *log_dir;        /* PROBITY_LOG_DIR, /var/log/probity */
    int64_t log_max_mib;        /* PROBITY_LOG_MAX_MIB, 64 */
    int64_t log_keep;           /* PROBITY_LOG_KEEP, 2 */
    int64_t shutdown_ms;        /* PROBITY_SHUTDOWN_SECONDS, 10 s */
    bool migrate;               /* PROBITY_MIGRATE, on */
};

/* All strings are owned by the snapshot; one that is not set is NULL, unless a default is named. */
struct config {
    const char *service;     /* PROBITY_SERVICE, "app" */
    const char *app_version; /* APP_VERSION, else the platform's commit variable, else "unknown" */
    const char *listen_path; /* PROBITY_LISTEN, the FastCGI socket */
    const char *access_log;  /* PROBITY_ACCESS_LOG as it stands; NULL: not set */
    const char *state_dir;  /* PROBITY_STATE_DIR, /var/lib/probity: what has to survive a restart */
    int64_t drain_ms;       /* PROBITY_DRAIN_SECONDS, 5 s */
    int64_t ready_after_ms; /* PROBITY_READY_AFTER, 0 s */
    int idle_pauses;        /* 0 or 1: PROBITY_IDLE */
    int64_t idle_after_ms;  /* PROBITY_IDLE_AFTER, 5 min */

    enum log_level log_level;
    enum log_format log_format;
    bool log_format_set; /* else JSON, and text on a terminal */

    struct check_config checks[LIMIT_CHECKS]; /* app, database, redis, celery: those that apply;
                                                 then those of the file, in its order */
    int check_count;
    bool require_none;                /* PROBITY_REQUIRE=none: ready without any check */
    const char *groups[LIMIT_GROUPS]; /* names by enum check_group, then those of the file */
    int group_count;                  /* GROUP_NAMED at least */

    const char *ledger_conninfo; /* PROBITY_LEDGER_URL, else DATABASE_URL, for libpq; or NULL */
    const char *ledger_misconfigured; /* why there is none, in words, or NULL */
    const char *objectives_path;      /* PROBITY_OBJECTIVES: a file or a folder; NULL: not set */
    int objectives_strict;            /* 0 or 1: PROBITY_OBJECTIVES_MODE */
    int64_t slo_max_age_ms;           /* figures older than this are stale */

    const struct source_config *sources; /* the logs that are read */
    int source_count;                    /* 0: no ingest */

    /* Who may (auth/): raw values; auth/ judges their lengths and algorithms. */
    const char *jwt_secret;
    const char *jwt_public_key;
    const char *jwt_algorithm;
    const char *jwt_issuer;
    const char *jwt_audience;
    const char *jwt_require; /* PROBITY_JWT_REQUIRE, "claim=value" */
    const char *admin_claim; /* PROBITY_ADMIN_CLAIM, "role=admin,…" */
    const char *admin_token;
    const char *read_token;
    const char *ingest_token;

    struct container_config container;
};

/* Looks a variable up; getenv() in the daemon, a table in tests. */
typedef const char *(*config_lookup_fn)(void *context, const char *name);

/* Reads the whole environment and the file that it names.  A scalar that can't be read
 * (PROBITY_DRAIN_SECONDS=abc) fails; a dependency's address that can't be used does not: its check
 * says so (misconfigured).  The result is held once.
 * Returns 0, or -EINVAL with `err` naming variable, value and what is accepted; or -ENOMEM. */
int config_load(config_lookup_fn lookup, void *context, const struct config **ret,
                struct error *err) MUST_CHECK;

/* The same while `before` is in force: a check whose row is the same in both keeps its id. */
int config_reload(config_lookup_fn lookup, void *context, const struct config *before,
                  const struct config **ret, struct error *err) MUST_CHECK;

/* Counted: whoever keeps a configuration holds it, and gives it back.  Any thread. */
const struct config *config_acquire(const struct config *config);
void config_release(const struct config **config);

/* The check of that name, or NULL; and the index of the one with that id, or -1. */
const struct check_config *config_check(const struct config *config, const char *name);
int config_check_of_id(const struct config *config, uint64_t id);

/* Where the address of a check (by its index), or of the ledger, was read from, for people:
 * "DATABASE_URL", "url (probity.yaml:7:10)".  NULL: nothing sets it. */
const char *config_check_origin(const struct config *config, int check);
const char *config_ledger_origin(const struct config *config);

/* Calls `say` for everything a person should know about this configuration, one clear sentence
 * each: what is misconfigured, what was not understood, what is missing and what that costs.
 * Only for what config_load() gave out, like config_hide_secrets(). */
typedef void (*config_say_fn)(void *context, enum log_level level, const char *sentence);
void config_diagnose(const struct config *config, config_say_fn say, void *context);

/* The same for each variable of an environment ("NAME=value", ends with NULL) whose name begins
 * with PROBITY_ and is not in the table: a misspelt one would silently have no effect. */
void config_diagnose_names(const char *const *environment, config_say_fn say, void *context);

/* Hands every secret of the configuration to log_hide(). */
void config_hide_secrets(const struct config *config);

#endif
