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

/* Milliseconds as seconds with one decimal, rounded up: it is never shown shorter. */
static int64_t tenths_of_s(int64_t duration_ms)
{
    return duration_ms < 0 ? -1 : (duration_ms + 99) / 100;
}

static void render_http(const struct http_facts *facts, struct json_writer *writer)
{
    json_int_or_null(writer, "http_status", facts->http_status > 0 ? facts->http_status : -1);
    if (facts->reported[0] == '\0')
        return;
    json_key(writer, "reported");
    json_put_raw(writer, slice_of(facts->reported));
}

static void render_database(const struct database_facts *facts, const struct check_state *state,
                            struct json_writer *writer)
{
    json_int_or_null(writer, "pool_size", state->config->pool_size);
    json_int_or_null(writer, "pool_checked_out", facts->pool_checked_out);
    json_int_or_null(writer, "server_connections", facts->server_connections);
    json_int_or_null(writer, "server_max_connections", facts->server_max_connections);
    put_tenths(writer, "longest_query_seconds",
               facts->may_see_queries ? tenths_of_s(facts->longest_query_ms) : -1);
    if (facts->in_recovery < 0)
        json_null_at(writer, "in_recovery");
    else
        json_bool(writer, "in_recovery", facts->in_recovery != 0);
    put_text_or_null(writer, "server_version", facts->server_version);
    json_us_as_ms_or_null(writer, "connect_latency_ms",
                          state->has_last && state->last.connect_us > 0 ? state->last.connect_us
                                                                        : -1);
    json_us_as_ms_or_null(writer, "query_latency_ms", facts->query_us);
    put_tenths(writer, "replication_lag_seconds", tenths_of_s(facts->replication_lag_ms));
    json_int_or_null(writer, "replicas", facts->replicas);
}

static void render_redis(const struct redis_facts *facts, struct json_writer *writer)
{
    put_tenths(writer, "memory_used_mb", tenths_of_mb(facts->memory_used_bytes));
    /* Redis says 0 where there is no limit; as a number that would be a false one. */
    put_tenths(writer, "memory_max_mb",
               facts->memory_max_bytes > 0 ? tenths_of_mb(facts->memory_max_bytes) : -1);
    json_int_or_null(writer, "connected_clients", facts->connected_clients);
    put_text_or_null(writer, "role", facts->role);
    json_int_or_null(writer, "max_clients", facts->max_clients);
    json_int_or_null(writer, "blocked_clients", facts->blocked_clients);
    json_int_or_null(writer, "rejected_connections", facts->rejected_connections);
    json_int_or_null(writer, "evicted_keys", facts->evicted_keys);
    json_int_or_null(writer, "evicted_per_minute", facts->evicted_per_minute);
    put_text_or_null(writer, "eviction_policy", facts->eviction_policy);
    put_tenths(writer, "replication_lag_seconds", tenths_of_s(facts->replication_lag_ms));
    put_text_or_null(writer, "master_link", facts->master_link);
    put_text_or_null(writer, "last_save", facts->last_save);
    put_text_or_null(writer, "last_append", facts->last_append);
}

/* Beside the depths, which alone stand in `queues`. */
static void put_queue_details(const struct celery_facts *facts, struct json_writer *writer)
{
    json_key(writer, "queue_details");
    json_open_object(writer);
    for (int i = 0; i < facts->queue_count && i < LIMIT_CELERY_QUEUES; i++) {
        const struct celery_queue *queue = &facts->queues[i];

        json_key(writer, queue->name);
        json_open_object(writer);
        json_int_or_null(writer, "depth", queue->depth);
        json_int_or_null(writer, "consumers", queue->consumers);
        json_time(writer, "growing_since", queue->growing_since_s * 1000);
        json_close_object(writer);
    }
    json_close_object(writer);
}

static void put_more_celery(const struct celery_facts *facts, struct json_writer *writer)
{
    json_int_or_null(writer, "subscribed_workers", facts->subscribed);
    json_int_or_null(writer, "workers_heard", facts->heard_workers);
    json_int_or_null(writer, "unacked_tasks", facts->unacked_tasks);
}

static void render_celery(const struct celery_facts *facts, const struct check_config *check,
                          bool known, struct json_writer *writer)
{
    json_int_or_null(writer, "active_workers", facts->active_workers);
    json_int_or_null(writer, "expected_workers", check->celery.expected_workers);
    json_int_or_null(writer, "queued_tasks", facts->queued_tasks);
    json_int_or_null(writer, "active_tasks", facts->active_tasks);
    if (!known) {
        json_null_at(writer, "queues");
        json_null_at(writer, "queue_details");
        put_more_celery(facts, writer);
        return;
    }
    json_key(writer, "queues");
    json_open_object(writer);
    for (int i = 0; i < facts->queue_count && i < LIMIT_CELERY_QUEUES; i++)
        json_int_or_null(writer, facts->queues[i].name, facts->queues[i].depth);
    json_close_object(writer);
    put_queue_details(facts, writer);
    put_more_celery(facts, writer);
}

void render_facts(const struct check_state *state, bool known, struct json_writer *writer)
{
    static const struct http_facts no_http = { .http_status = 0 };

    switch (state->config->kind) {
    case CHECK_HTTP:
        render_http(known ? &state->last.facts.http : &no_http, writer);
        return;
    case CHECK_POSTGRES:
        render_database(known ? &state->last.facts.database : &database_facts_unknown, state,
                        writer);
        return;
    case CHECK_REDIS:
    case CHECK_UPSTASH:
        render_redis(known ? &state->last.facts.redis : &redis_facts_unknown, writer);
        return;
    case CHECK_CELERY:
        render_celery(known ? &state->last.facts.celery : &celery_facts_unknown, state->config,
                      known, writer);
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
        return "longest_query_seconds, and what is not known of replicas, is null because the role "
               "may not see what others do: GRANT pg_monitor TO the role in its address";
    return NULL;
}

/* Whole days, rounded down, also below zero. */
static int64_t days_until(int64_t expires_at_s, int64_t now_wall_ms)
{
    const int64_t day_s = 86400;
    int64_t left_s = expires_at_s - now_wall_ms / 1000;

    return left_s >= 0 ? left_s / day_s : -((-left_s + day_s - 1) / day_s);
}

void render_tls(const struct check_state *state, bool known, int64_t now_wall_ms,
                struct json_writer *writer)
{
    const struct tls_facts *tls = &state->last.tls;

    if (!state->config->target.tls.wanted && !known)
        return;
    json_time(writer, "certificate_expires_at", known ? tls->expires_at_s * 1000 : 0);
    if (known)
        json_int(writer, "certificate_days_left", days_until(tls->expires_at_s, now_wall_ms));
    else
        json_null_at(writer, "certificate_days_left");
    put_text_or_null(writer, "tls_version", known ? tls->protocol : NULL);
}
