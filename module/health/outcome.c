/* outcome.c - the first trouble is the cause, and what nobody has told is unknown. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "health/outcome.h"

const struct database_facts database_facts_unknown = {
    .query_us = -1,
    .replication_lag_ms = -1,
    .replicas = -1,
    .server_connections = -1,
    .server_max_connections = -1,
    .pool_checked_out = -1,
    .longest_query_ms = -1,
    .in_recovery = -1,
};

const struct redis_facts redis_facts_unknown = {
    .memory_used_bytes = -1,
    .memory_max_bytes = -1,
    .connected_clients = -1,
    .max_clients = -1,
    .blocked_clients = -1,
    .evicted_keys = -1,
    .evicted_per_minute = -1,
    .rejected_connections = -1,
    .replication_lag_ms = -1,
};

const struct celery_facts celery_facts_unknown = {
    .subscribed = -1,
    .active_workers = -1,
    .queued_tasks = -1,
    .active_tasks = -1,
    .heard_workers = -1,
    .unacked_tasks = -1,
};

void outcome_set(struct outcome *outcome, enum outcome_status status, enum health_reason reason,
                 int64_t number)
{
    /* An error still outweighs a degradation that was noticed earlier in the same look. */
    if (status <= outcome->status)
        return;
    outcome->status = status;
    outcome->reason = reason;
    outcome->number = number;
}
