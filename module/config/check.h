/* check.h - what one health check is to do: a row of the configuration, read-only once loaded. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

enum check_kind { CHECK_HTTP, CHECK_POSTGRES, CHECK_REDIS, CHECK_CELERY };

enum check_policy {
    CHECK_POLICY_FAIL,       /* an error makes us not ready */
    CHECK_POLICY_DEGRADE,    /* an error is shown and changes nothing */
    CHECK_POLICY_FAIL_AFTER, /* an error counts once it has lasted for fail_after_ms */
};

/* Where a dependency is, taken apart; strings belong to the configuration. */
struct check_target {
    const char *conninfo;    /* CHECK_POSTGRES: for libpq; else NULL */
    const char *host;        /* a name, an address without brackets, or NULL for a unix socket */
    const char *socket_path; /* or NULL */
    uint16_t port;
    const char *path;     /* CHECK_HTTP: what to GET, "/" at least */
    const char *user;     /* Redis ACL user, NULL for none */
    const char *password; /* NULL for none */
    int database;         /* Redis database number */
};

struct check_config {
    const char *name; /* "app", "database", "redis", "celery": the key in every answer */
    enum check_kind kind;
    struct check_target target;
    bool critical;
    enum check_policy policy;
    int64_t fail_after_ms;
    int64_t interval_ms;       /* pause between two rounds */
    int64_t timeout_ms;        /* of one look */
    int64_t fresh_interval_ms; /* how often a round opens a fresh connection */
    int64_t max_age_ms;        /* an older result is stale */
    int fall;                  /* failures in a row that make an error */
    int rise;                  /* successes in a row that end one */
    /* What is wrong with the address and what to do, or NULL.  Such a check is never run: it is an
     * error from the start, because what can't be looked at can't be said to be well. */
    const char *misconfigured;
    bool not_configured; /* PROBITY_REQUIRE names it and nothing sets it */
};

#endif
