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
    NUMBER(slave_read_only),
    TEXT(role),
    TEXT(master_link_status),
    TEXT(maxmemory_policy),
    TEXT(rdb_last_bgsave_status),
    TEXT(aof_last_write_status),
};

static void set_field(const struct field *field, struct slice value, struct redis_info *info)
{
    char *at = (char *)info + field->offset;
    uint64_t number;

    if (field->text_bytes > 0) {
        (void)snprintf(at, field->text_bytes, "%.*s", (int)value.length, value.data);
    } else if (slice_parse_uint(value, INT64_MAX, &number)) {
        int64_t known = (int64_t)number;

        memcpy(at, &known, sizeof(known));
    }
}

static void take_line(struct slice line, struct redis_info *info)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (slice_equals_text(name, fields[i].name))
            set_field(&fields[i], value, info);
    }
}

void redis_info_parse(struct slice text, struct redis_info *ret)
{
    *ret = (struct redis_info){
        .loading = -1,
        .used_memory = -1,
        .maxmemory = -1,
        .mem_not_counted_for_evict = -1,
        .connected_clients = -1,
        .slave_read_only = -1,
    };
    while (text.length > 0) {
        struct slice line = slice_cut(&text, '\n');

        if (line.length > 0 && line.data[line.length - 1] == '\r')
            line.length--;
        take_line(line, ret);
    }
}

/* What counts against maxmemory leaves replication and AOF buffers out (redis 7.0 src/evict.c,
 * getMaxmemoryState). */
static bool is_full(const struct redis_info *info)
{
    int64_t apart = info->mem_not_counted_for_evict > 0 ? info->mem_not_counted_for_evict : 0;

    return info->maxmemory > 0 && info->used_memory - apart >= info->maxmemory
           && strcmp(info->maxmemory_policy, "noeviction") == 0;
}

static bool is_bad(const char *status)
{
    return status[0] != '\0' && strcmp(status, "ok") != 0;
}

/* A replica that refuses writes is an error, because what REDIS_URL names is written to.  A full
 * memory and a failed save are degraded only: they are figures, not a refused command, reads go on,
 * and every instance would leave the load balancer for the one server at the same moment. */
void redis_info_judge(const struct redis_info *info, struct outcome *outcome)
{
    bool is_replica = strcmp(info->role, "slave") == 0;
    struct redis_facts *facts = &outcome->facts.redis;

    facts->memory_used_bytes = info->used_memory;
    facts->memory_max_bytes = info->maxmemory;
    facts->connected_clients = info->connected_clients;
    (void)snprintf(facts->role, sizeof(facts->role), "%s", info->role);
    outcome->has_facts = true;
    if (info->loading == 1)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_LOADING, 0);
    if (is_replica && strcmp(info->master_link_status, "down") == 0)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_REPLICA_LINK_DOWN, 0);
    if (is_replica && info->slave_read_only != 0)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_READ_ONLY, 0);
    if (is_full(info))
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_OUT_OF_MEMORY, 0);
    if (is_bad(info->rdb_last_bgsave_status) || is_bad(info->aof_last_write_status))
        outcome_set(outcome, OUTCOME_DEGRADED, HEALTH_REASON_PERSISTENCE, 0);
}
