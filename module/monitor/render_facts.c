/* render_facts.c - what a look brought beside its verdict, kind by kind. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include <inttypes.h>
#include <stdio.h>

/* A number with one decimal; null below zero. */
static void put_tenths(struct json_writer *writer, const char *key, int64_t tenths)
{
    char text[32];

    if (tenths < 0) {
        json_null_at(writer, key);
        return;
    }
    (void)snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
    json_key(writer, key);
    json_put_raw(writer, slice_of(text));
}

/* Bytes as tenths of a megabyte of 1,048,576 bytes, rounded up: used memory is never shown smaller.
 */
static int64_t tenths_of_mb(int64_t bytes)
{
    const int64_t mb = 1048576;

    return bytes < 0 ? -1 : bytes / mb * 10 + (bytes % mb * 10 + mb - 1) / mb;
}

static void put_text_or_null(struct json_writer *writer, const char *key, const char *text)
{
    json_text(writer, key, text == NULL || *text == '\0' ? NULL : text);
}

static void render_http(const struct http_facts *facts, struct json_writer *writer)
{
    json_int_or_null(writer, "http_status", facts->http_status > 0 ? facts->http_status : -1);
}

static void render_database(const struct database_facts *facts, int64_t pool_size,
                            struct json_writer *writer)
{
    json_int_or_null(writer, "pool_size", pool_size);
    json_int_or_null(writer, "pool_checked_out", facts->pool_checked_out);
    json_int_or_null(writer, "server_connections", facts->server_connections);
    json_int_or_null(writer, "server_max_connections", facts->server_max_connections);
    put_tenths(writer, "longest_query_seconds",
               facts->may_see_queries && facts->longest_query_ms >= 0
                   ? (facts->longest_query_ms + 99) / 100
                   : -1);
    if (facts->in_recovery < 0)
        json_null_at(writer, "in_recovery");
    else
        json_bool(writer, "in_recovery", facts->in_recovery != 0);
    put_text_or_null(writer, "server_version", facts->server_version);
}

static void render_redis(const struct redis_facts *facts, struct json_writer *writer)
{
    put_tenths(writer, "memory_used_mb", tenths_of_mb(facts->memory_used_bytes));
    /* Redis says 0 where there is no limit; as a number that would be a false one. */
    put_tenths(writer, "memory_max_mb",
               facts->memory_max_bytes > 0 ? tenths_of_mb(facts->memory_max_bytes) : -1);
    json_int_or_null(writer, "connected_clients", facts->connected_clients);
    put_text_or_null(writer, "role", facts->role);
}

static void render_celery(const struct celery_facts *facts, const struct config *config, bool known,
                          struct json_writer *writer)
{
    json_int_or_null(writer, "active_workers", facts->active_workers);
    json_int_or_null(writer, "expected_workers", config->celery_expected_workers);
    json_int_or_null(writer, "queued_tasks", facts->queued_tasks);
    json_int_or_null(writer, "active_tasks", facts->active_tasks);
    if (!known) {
        json_null_at(writer, "queues");
        return;
    }
    json_key(writer, "queues");
    json_open_object(writer);
    for (int i = 0; i < facts->queue_count && i < LIMIT_CELERY_QUEUES; i++)
        json_int_or_null(writer, facts->queues[i].name, facts->queues[i].depth);
    json_close_object(writer);
}

void render_facts(const struct overview *overview, const struct check_state *state, bool known,
                  struct json_writer *writer)
{
    static const struct http_facts no_http = { .http_status = 0 };
    static const struct database_facts no_database = { .query_us = -1,
                                                       .replication_lag_ms = -1,
                                                       .replicas = -1,
                                                       .server_connections = -1,
                                                       .server_max_connections = -1,
                                                       .pool_checked_out = -1,
                                                       .longest_query_ms = -1,
                                                       .in_recovery = -1 };
    static const struct redis_facts no_redis = { .memory_used_bytes = -1,
                                                 .memory_max_bytes = -1,
                                                 .connected_clients = -1 };
    static const struct celery_facts no_celery = {
        .subscribed = -1, .active_workers = -1, .queued_tasks = -1, .active_tasks = -1
    };

    switch (state->config->kind) {
    case CHECK_HTTP:
        render_http(known ? &state->last.facts.http : &no_http, writer);
        return;
    case CHECK_POSTGRES:
        render_database(known ? &state->last.facts.database : &no_database,
                        overview->config->database_pool_size, writer);
        return;
    case CHECK_REDIS:
    case CHECK_UPSTASH:
        render_redis(known ? &state->last.facts.redis : &no_redis, writer);
        return;
    case CHECK_CELERY:
        render_celery(known ? &state->last.facts.celery : &no_celery, overview->config, known,
                      writer);
        return;
    case CHECK_TCP:
    case CHECK_TLS:
        return;
    }
}

const char *render_facts_hint(const struct check_state *state, bool known)
{
    if (known && state->config->kind == CHECK_POSTGRES
        && !state->last.facts.database.may_see_queries)
        return "longest_query_seconds is null because the role may not see the queries of others: "
               "GRANT pg_monitor TO the role of DATABASE_URL";
    return NULL;
}
