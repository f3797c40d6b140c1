/* outcome.h - what one look at a dependency has found: data, not an error.
 *
 * Plain values, copied through a queue from a prober to the monitor.  A number that is not known is
 * negative, a text that is not known is empty; a false 0 is never written.
 */
#ifndef HEALTH_OUTCOME_H
#define HEALTH_OUTCOME_H

#include "base/limits.h"
#include "health/reason.h"

#include <stdbool.h>
#include <stdint.h>

/* The verdict of one look. */
enum outcome_status { OUTCOME_OK, OUTCOME_DEGRADED, OUTCOME_ERROR };

/* A certificate that the other side has shown, where it spoke TLS. */
struct tls_facts {
    int64_t expires_at_s; /* wall clock; 0: none was shown */
    char protocol[16];    /* "TLSv1.3" */
};

struct database_facts {
    int64_t query_us;           /* of the question alone; -1 unknown */
    int64_t replication_lag_ms; /* a replica's own, or a primary's worst replica; -1 unknown */
    int64_t replicas;           /* that stream from here; -1 unknown: the role may not see them */
    int64_t server_connections;
    int64_t server_max_connections;
    int64_t pool_checked_out;
    int64_t longest_query_ms; /* -1 unknown: the role may not see it */
    bool may_see_queries;     /* else the answer carries the GRANT as a hint */
    int in_recovery;          /* 0, 1, -1 unknown */
    char server_version[32];
};

struct redis_command {
    char name[32]; /* "" for a place that is free */
    uint64_t calls;
};

struct redis_facts {
    int64_t memory_used_bytes;
    int64_t memory_max_bytes; /* 0: no limit set */
    int64_t connected_clients;
    int64_t max_clients;
    int64_t blocked_clients;
    int64_t evicted_keys;       /* since the server started */
    int64_t evicted_per_minute; /* over the last looks; -1 until there are two */
    int64_t rejected_connections;
    int64_t replication_lag_ms; /* a replica: since it last heard of its master */
    char role[16];
    char master_link[16];     /* a replica's: "up" or "down" */
    char last_save[16];       /* rdb_last_bgsave_status */
    char last_append[16];     /* aof_last_write_status */
    char eviction_policy[24]; /* maxmemory_policy */
    int command_count;        /* with a place of their own; the last place is "other" */
    struct redis_command commands[LIMIT_REDIS_COMMANDS];
};

struct celery_queue {
    char name[64];
    int64_t depth;
    int64_t consumers;       /* workers that said they consume it; -1 unknown */
    int64_t growing_since_s; /* wall clock: since then it has only grown; 0: it has not */
};

struct celery_facts {
    int64_t subscribed;     /* who would get a message: the reply of PUBLISH */
    int64_t active_workers; /* nodes that answered */
    int64_t queued_tasks;
    int64_t active_tasks;  /* from heartbeats */
    int64_t heard_workers; /* that sent heartbeats lately; -1 unknown */
    int64_t unacked_tasks; /* handed to workers and not done; -1 unknown */
    struct celery_queue queues[LIMIT_CELERY_QUEUES];
    int queue_count;
};

struct http_facts {
    int http_status; /* 0: none came */
    /* What the application says of itself, as compact JSON; "" for nothing. */
    char reported[LIMIT_REPORT_BYTES];
};

struct outcome {
    uint64_t check; /* config.checks[].id */
    enum outcome_status status;
    enum health_reason reason; /* HEALTH_REASON_NONE when ok */
    int64_t number;            /* for the reason's phrase */
    int64_t observed_at_ms;    /* boot clock, when the look ended */
    int64_t observed_at_wall_ms;
    int64_t latency_us; /* of this look; the wait for the broker's workers included */
    int64_t connect_us; /* until the connection in use could be asked; 0: there never was one */
    bool fresh;         /* made over a connection opened for it */
    char detail[160];   /* the driver's own words: for the log only */
    struct tls_facts tls;
    bool has_facts; /* the member of the check's kind is filled */
    union {
        struct http_facts http;
        struct database_facts database;
        struct redis_facts redis; /* of Upstash too */
        struct celery_facts celery;
    } facts;
};

/* What is known before a look, and where it brought nothing. */
extern const struct database_facts database_facts_unknown;
extern const struct redis_facts redis_facts_unknown;
extern const struct celery_facts celery_facts_unknown;

/* Sets status and reason, keeping the first that was set to something worse than ok. */
void outcome_set(struct outcome *outcome, enum outcome_status status, enum health_reason reason,
                 int64_t number);

#endif
