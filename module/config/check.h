/* check.h - what one health check is to do: a row of the configuration, read-only once loaded. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "base/limits.h"
#include "config/target.h"

#include <stdbool.h>
#include <stdint.h>

enum check_kind {
    CHECK_HTTP,
    CHECK_POSTGRES,
    CHECK_REDIS,
    CHECK_CELERY,
    CHECK_UPSTASH, /* Redis over Upstash's REST */
    CHECK_TCP,     /* whether it accepts a connection */
    CHECK_TLS,     /* whether its certificate holds, and for how long */
};

enum check_policy {
    CHECK_POLICY_FAIL,       /* an error makes us not ready */
    CHECK_POLICY_DEGRADE,    /* an error is shown and changes nothing */
    CHECK_POLICY_FAIL_AFTER, /* an error counts once it has lasted for fail_after_ms */
};

/* The groups that there always are; what the file names comes behind them. */
enum check_group { GROUP_LIVENESS, GROUP_READINESS, GROUP_STARTUP, GROUP_NAMED };

/* What is made of a JSON answer in which an application speaks of its own health. */
enum check_report {
    CHECK_REPORT_MERGE, /* its status counts, and its words are shown */
    CHECK_REPORT_SHOW,  /* its words are shown */
    CHECK_REPORT_IGNORE,
};

enum { CHECK_HTTP_STATUSES = 8 };

struct check_statuses {
    int low;
    int high;
};

/* CHECK_HTTP: what a well answer is. */
struct check_http {
    const char *host_header;                             /* NULL: the target's */
    struct check_statuses statuses[CHECK_HTTP_STATUSES]; /* any of them */
    int status_count;                                    /* 0: 200 to 299 */
    const char *header;                                  /* must be there, NULL: none */
    const char *header_contains;                         /* and hold this; NULL: anything */
    const char *body_contains;                           /* NULL: anything */
    const char *json_pointer;                            /* RFC 6901; must lead somewhere */
    const char *json_equals; /* to this: a text as it is, all else as JSON; NULL: anything */
    enum check_report report;
};

/* CHECK_CELERY */
struct check_celery {
    bool passive; /* never asks: heartbeats and queues alone */
    const char *queues[LIMIT_CELERY_QUEUES];
    int queue_count;          /* 0: those that workers say they consume */
    int64_t expected_workers; /* -1: not said */
    int64_t grace_ms;         /* how long `no workers` is degraded before it is an error */
    const char *key_prefix;   /* global_keyprefix; "" for none */
};

/* Beyond these a check is `degraded`; -1: never.  Each kind looks at its own. */
struct check_limits {
    int64_t latency_ms;          /* of one look: every kind */
    int64_t certificate_days;    /* fewer days left: http, tls, redis, upstash */
    int64_t connections_percent; /* used of allowed: postgres, redis */
    int64_t replication_lag_ms;  /* postgres, redis */
    int64_t longest_query_ms;    /* postgres */
    int64_t memory_percent;      /* used of maxmemory: redis, upstash */
    int64_t evicted_per_minute;  /* redis, upstash */
    int64_t blocked_clients;     /* redis */
    int64_t queued_tasks;        /* in one queue: celery */
    int64_t queue_growing_ms;    /* a queue has only grown for so long: celery */
};

struct check_config {
    /* Names this row for the life of the process: a reload that changes nothing in it keeps it, and
     * with it the connection and everything that is known. */
    uint64_t id;
    const char *name; /* "app", "database", "redis", "celery", …: the key in every answer */
    enum check_kind kind;
    struct check_target target;
    uint32_t groups; /* a bit for each group that it is a member of: 1 << GROUP_READINESS */
    bool critical;
    enum check_policy policy;
    int64_t fail_after_ms;
    int64_t interval_ms;       /* pause between two rounds */
    int64_t timeout_ms;        /* of one look */
    int64_t fresh_interval_ms; /* how often a round opens a fresh connection */
    int64_t max_age_ms;        /* an older result is stale */
    int fall;                  /* failures in a row that make an error */
    int rise;                  /* successes in a row that end one */
    struct check_limits limits;
    struct check_http http;
    struct check_celery celery;
    int64_t pool_size; /* CHECK_POSTGRES: what the application may open; -1: not said */
    /* What is wrong with the address and what to do, or NULL.  Such a check is never run: it is an
     * error from the start, because what can't be looked at can't be said to be well. */
    const char *misconfigured;
    bool not_configured; /* PROBITY_REQUIRE names it and nothing sets it */
};

/* Nothing beyond which a check would be degraded. */
extern const struct check_limits check_no_limits;

#endif
