/* redis_info.c - one table of INFO's fields, and the verdict over them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/redis_info.h"

#include "base/auto.h"

#include <stdio.h>
#include <string.h>

struct field {
    const char *name;
    size_t offset;
    size_t text_bytes; /* 0: a number */
};

#define NUMBER(name)                                \
    {                                               \
#name, offsetof(struct redis_info, name), 0 \
    }
#define TEXT(name)                                                                          \
    {                                                                                       \
#name, offsetof(struct redis_info, name), sizeof(((struct redis_info *)NULL)->name) \
    }

static const struct field fields[] = {
    NUMBER(loading),
    NUMBER(used_memory),
    NUMBER(maxmemory),
    NUMBER(mem_not_counted_for_evict),
    NUMBER(connected_clients),
    NUMBER(maxclients),
    NUMBER(blocked_clients),
    NUMBER(evicted_keys),
    NUMBER(rejected_connections),
    NUMBER(slave_read_only),
    NUMBER(master_last_io_seconds_ago),
    NUMBER(cluster_enabled),
    TEXT(role),
    TEXT(master_link_status),
    TEXT(maxmemory_policy),
    TEXT(rdb_last_bgsave_status),
    TEXT(aof_last_write_status),
    TEXT(aof_last_bgrewrite_status),
};

/* Numbers above are taken for none: of any other a percentage, or milliseconds, can be computed. */
static const uint64_t number_max = INT64_MAX / 1024;

static void set_field(const struct field *field, struct slice value, struct redis_info *info)
{
    char *at = (char *)info + field->offset;
    uint64_t number;

    if (field->text_bytes > 0) {
        (void)snprintf(at, field->text_bytes, "%.*s", (int)value.length, value.data);
    } else if (slice_parse_uint(value, number_max, &number)) {
        int64_t known = (int64_t)number;

        memcpy(at, &known, sizeof(known));
    }
}

/* "slave0:ip=10.0.0.7,port=6379,state=online,offset=1234,lag=0": seconds since that replica last
 * said how far it is, which each one does every second. */
static bool take_replica(struct slice name, struct slice values, struct redis_info *info)
{
    bool online = false;
    uint64_t lag_s = 0;

    if (!slice_starts_with(name, SLICE("slave")) || name.length == 5 || name.data[5] < '0'
        || name.data[5] > '9')
        return false;
    while (values.length > 0) {
        struct slice value = slice_cut(&values, ',');
        struct slice key = slice_cut(&value, '=');

        if (slice_equals_text(key, "state"))
            online = slice_equals_text(value, "online");
        if (slice_equals_text(key, "lag") && !slice_parse_uint(value, number_max, &lag_s))
            return true;
    }
    if (online && (int64_t)lag_s > info->worst_replica_lag_s)
        info->worst_replica_lag_s = (int64_t)lag_s;
    return true;
}

static bool take_line(struct slice line, struct redis_info *info)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (!slice_equals_text(name, fields[i].name))
            continue;
        set_field(&fields[i], value, info);
        return true;
    }
    return take_replica(name, value, info);
}

/* Takes a line off the front of `text`, without its end. */
static struct slice cut_line(struct slice *text)
{
    struct slice line = slice_cut(text, '\n');

    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

void redis_info_parse(struct slice text, struct redis_info *ret)
{
    *ret = (struct redis_info){ .loading = -1,
                                .used_memory = -1,
                                .maxmemory = -1,
                                .mem_not_counted_for_evict = -1,
                                .connected_clients = -1,
                                .maxclients = -1,
                                .blocked_clients = -1,
                                .evicted_keys = -1,
                                .rejected_connections = -1,
                                .slave_read_only = -1,
                                .master_last_io_seconds_ago = -1,
                                .worst_replica_lag_s = -1,
                                .cluster_enabled = -1 };
    while (text.length > 0)
        ret->known_fields += take_line(cut_line(&text), ret);
}

/* What counts against maxmemory leaves replication and AOF buffers out (redis 7.0 src/evict.c,
 * getMaxmemoryState). */
static int64_t counted_memory(const struct redis_info *info)
{
    int64_t apart = info->mem_not_counted_for_evict > 0 ? info->mem_not_counted_for_evict : 0;

    return info->used_memory - apart;
}

static bool is_full(const struct redis_info *info)
{
    return info->maxmemory > 0 && counted_memory(info) >= info->maxmemory
           && strcmp(info->maxmemory_policy, "noeviction") == 0;
}

static bool is_bad(const char *status)
{
    return status[0] != '\0' && strcmp(status, "ok") != 0;
}

static bool is_replica(const struct redis_info *info)
{
    return strcmp(info->role, "slave") == 0;
}

/* A replica's own: since it last heard of its master, which speaks every 10 s at least
 * (repl-ping-replica-period).  A master's: of the replica that is worst off. */
static int64_t replication_lag_ms(const struct redis_info *info)
{
    int64_t lag_s = is_replica(info) ? info->master_last_io_seconds_ago : info->worst_replica_lag_s;

    return lag_s < 0 ? -1 : lag_s * 1000;
}

/* Percent, rounded up: what is nearly full is not shown as less. */
static int64_t percent_of(int64_t part, int64_t whole)
{
    return (part * 100 + whole - 1) / whole;
}

static void judge_limits(const struct redis_info *info, const struct check_limits *limits,
                         struct outcome *outcome)
{
    int64_t lag_ms = replication_lag_ms(info);
    int64_t memory = -1;
    int64_t connections = -1;

    if (info->maxmemory > 0 && counted_memory(info) >= 0)
        memory = percent_of(counted_memory(info), info->maxmemory);
    if (info->maxclients > 0 && info->connected_clients >= 0)
        connections = percent_of(info->connected_clients, info->maxclients);
    /* A cache that throws any key away is full by design: how fast it does has its own limit. */
    if (strncmp(info->maxmemory_policy, "allkeys-", 8) == 0)
        memory = -1;
    if (limits->memory_percent >= 0 && memory > limits->memory_percent)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_MEMORY_HIGH, memory);
    if (limits->connections_percent >= 0 && connections > limits->connections_percent)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_CONNECTIONS_HIGH, connections);
    if (limits->replication_lag_ms >= 0 && lag_ms > limits->replication_lag_ms)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_REPLICATION_LAG, lag_ms / 1000);
    if (limits->blocked_clients >= 0 && info->blocked_clients > limits->blocked_clients)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_BLOCKED_CLIENTS,
                    info->blocked_clients);
}

static void fill_facts(const struct redis_info *info, struct redis_facts *facts)
{
    facts->memory_used_bytes = info->used_memory;
    facts->memory_max_bytes = info->maxmemory;
    facts->connected_clients = info->connected_clients;
    facts->max_clients = info->maxclients;
    facts->blocked_clients = info->blocked_clients;
    facts->evicted_keys = info->evicted_keys;
    facts->evicted_per_minute = -1;
    facts->rejected_connections = info->rejected_connections;
    facts->replication_lag_ms = replication_lag_ms(info);
    (void)snprintf(facts->role, sizeof(facts->role), "%s", info->role);
    (void)snprintf(facts->master_link, sizeof(facts->master_link), "%s",
                   is_replica(info) ? info->master_link_status : "");
    (void)snprintf(facts->last_save, sizeof(facts->last_save), "%s", info->rdb_last_bgsave_status);
    (void)snprintf(facts->last_append, sizeof(facts->last_append), "%s",
                   info->aof_last_write_status);
    (void)snprintf(facts->eviction_policy, sizeof(facts->eviction_policy), "%s",
                   info->maxmemory_policy);
}

/* A replica that refuses writes is an error, because what REDIS_URL names is written to.  A full
 * memory and a failed save are degraded only: they are figures, not a refused command, reads go on,
 * and every instance would leave the load balancer for the one server at the same moment. */
void redis_info_judge(const struct redis_info *info, const struct check_limits *limits,
                      struct outcome *outcome)
{
    fill_facts(info, &outcome->facts.redis);
    outcome->has_facts = true;
    if (info->loading == 1)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_LOADING, 0);
    if (is_replica(info) && strcmp(info->master_link_status, "down") == 0)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_REPLICA_LINK_DOWN, 0);
    if (is_replica(info) && info->slave_read_only != 0)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_READ_ONLY, 0);
    if (is_full(info))
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_OUT_OF_MEMORY, 0);
    if (is_bad(info->rdb_last_bgsave_status) || is_bad(info->aof_last_write_status)
        || is_bad(info->aof_last_bgrewrite_status))
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_PERSISTENCE, 0);
    if (info->maxclients > 0 && info->connected_clients >= info->maxclients)
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_TOO_MANY_CONNECTIONS, 0);
    judge_limits(info, limits, outcome);
}

void redis_info_judge_cluster(struct slice text, struct outcome *outcome)
{
    while (text.length > 0) {
        if (slice_equals_text(cut_line(&text), "cluster_state:fail"))
            outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_CLUSTER_DOWN, 0);
    }
}
