/* metrics_facts.c - what the dependencies tell of themselves.
 *
 * The samples of the four built-in checks carry no name, as outside of Probity: who has one
 * database asks for database_connections.  Those of further checks are told apart by `check`.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include <string.h>

/* The facts of one check. */
struct facts {
    const struct check_state *state;
    const char *check; /* the label, NULL for a built-in one */
};

typedef int64_t (*value_fn)(const struct check_state *state);
typedef void (*sample_fn)(struct metrics_writer *writer, const struct facts *facts);

static bool is_built_in(const struct check_config *check)
{
    static const char *const names[] = {
        [CHECK_HTTP] = "app",      [CHECK_POSTGRES] = "database", [CHECK_REDIS] = "redis",
        [CHECK_CELERY] = "celery", [CHECK_UPSTASH] = "redis",
    };

    return (size_t)check->kind < ARRAY_LENGTH(names)
           && strcmp(names[check->kind], check->name) == 0;
}

/* The last look brought facts, and they are not stale. */
static bool has_facts(const struct check_state *state)
{
    return state->has_last && state->last.has_facts && state->verdict.status != CHECK_STALE
           && state->verdict.status != CHECK_PAUSED;
}

/* --- one number of each check --- */

#define DATABASE(member)                                          \
    static int64_t database_##member(const struct check_state *s) \
    {                                                             \
        return s->last.facts.database.member;                     \
    }
#define REDIS(member)                                          \
    static int64_t redis_##member(const struct check_state *s) \
    {                                                          \
        return s->last.facts.redis.member;                     \
    }
#define CELERY(member)                                          \
    static int64_t celery_##member(const struct check_state *s) \
    {                                                           \
        return s->last.facts.celery.member;                     \
    }

DATABASE(server_connections)
DATABASE(server_max_connections)
DATABASE(replication_lag_ms)
REDIS(memory_used_bytes)
REDIS(connected_clients)
REDIS(blocked_clients)
REDIS(evicted_keys)
REDIS(rejected_connections)
CELERY(active_workers)
CELERY(active_tasks)

/* Without a limit there is no sample: a division by 0 would look full. */
static int64_t redis_memory_max(const struct check_state *state)
{
    int64_t bytes = state->last.facts.redis.memory_max_bytes;

    return bytes > 0 ? bytes : -1;
}

static int64_t celery_expected(const struct check_state *state)
{
    return state->config->celery.expected_workers;
}

enum unit { UNIT_COUNT, UNIT_MS };

static const struct number_family {
    const char *name;
    enum metrics_type type;
    enum check_kind kind; /* of Redis: Upstash too */
    enum unit unit;
    value_fn value; /* below 0: not known */
    const char *help;
} numbers[] = {
    { "database_connections", METRICS_GAUGE, CHECK_POSTGRES, UNIT_COUNT,
      database_server_connections, "Connections that the database server holds." },
    { "database_max_connections", METRICS_GAUGE, CHECK_POSTGRES, UNIT_COUNT,
      database_server_max_connections, "Connections that it allows." },
    { "database_replication_lag_seconds", METRICS_GAUGE, CHECK_POSTGRES, UNIT_MS,
      database_replication_lag_ms, "How far a replica is behind, or a primary's worst replica." },
    { "redis_memory_used_bytes", METRICS_GAUGE, CHECK_REDIS, UNIT_COUNT, redis_memory_used_bytes,
      "Memory that Redis uses." },
    { "redis_memory_max_bytes", METRICS_GAUGE, CHECK_REDIS, UNIT_COUNT, redis_memory_max,
      "Redis's maxmemory, absent without one." },
    { "redis_connected_clients", METRICS_GAUGE, CHECK_REDIS, UNIT_COUNT, redis_connected_clients,
      "Clients that are connected to Redis." },
    { "redis_blocked_clients", METRICS_GAUGE, CHECK_REDIS, UNIT_COUNT, redis_blocked_clients,
      "Of these, those that wait in a blocking command." },
    { "redis_evicted_keys_total", METRICS_COUNTER, CHECK_REDIS, UNIT_COUNT, redis_evicted_keys,
      "Keys that Redis has thrown away to stay below maxmemory." },
    { "redis_rejected_connections_total", METRICS_COUNTER, CHECK_REDIS, UNIT_COUNT,
      redis_rejected_connections, "Connections that Redis has refused for want of room." },
    { "celery_workers", METRICS_GAUGE, CHECK_CELERY, UNIT_COUNT, celery_active_workers,
      "Workers that answered when they were asked last." },
    { "celery_workers_expected", METRICS_GAUGE, CHECK_CELERY, UNIT_COUNT, celery_expected,
      "Workers that should, absent where nobody has said it." },
    { "celery_tasks_active", METRICS_GAUGE, CHECK_CELERY, UNIT_COUNT, celery_active_tasks,
      "Tasks that workers were busy with, by their heartbeats." },
};

static bool is_of_kind(const struct check_state *state, enum check_kind kind)
{
    enum check_kind own = state->config->kind;

    return (own == CHECK_UPSTASH ? CHECK_REDIS : own) == kind;
}

static void put_number(struct metrics_writer *writer, const struct number_family *family,
                       const struct facts *facts)
{
    const struct metrics_label labels[] = { { "check", facts->check }, { NULL, NULL } };
    int64_t value = family->value(facts->state);

    if (family->unit == UNIT_MS)
        metrics_seconds_from_ms(writer, labels, value);
    else
        metrics_int(writer, labels, value);
}

static struct facts facts_of(const struct overview *overview, int check)
{
    const struct check_state *state = &overview->checks[check];

    return (struct facts){ state, is_built_in(state->config) ? NULL : state->config->name };
}

/* A family without a sample is left out. */
static void put_numbers(const struct overview *overview, const struct number_family *family,
                        struct metrics_writer *writer)
{
    bool begun = false;

    for (int i = 0; i < overview->config->check_count; i++) {
        struct facts facts = facts_of(overview, i);

        if (!is_of_kind(facts.state, family->kind) || !has_facts(facts.state)
            || family->value(facts.state) < 0)
            continue;
        if (!begun)
            metrics_family(writer, family->name, family->type, family->help);
        begun = true;
        put_number(writer, family, &facts);
    }
}

/* --- several of each check --- */

static void put_commands(struct metrics_writer *writer, const struct facts *facts)
{
    const struct redis_facts *redis = &facts->state->last.facts.redis;

    for (int i = 0; i < LIMIT_REDIS_COMMANDS; i++) {
        const struct metrics_label labels[] = { { "check", facts->check },
                                                { "command", redis->commands[i].name },
                                                { NULL, NULL } };

        if (redis->commands[i].name[0] != '\0')
            metrics_uint(writer, labels, redis->commands[i].calls);
    }
}

static void put_lengths(struct metrics_writer *writer, const struct facts *facts)
{
    const struct celery_facts *celery = &facts->state->last.facts.celery;

    for (int i = 0; i < celery->queue_count && i < LIMIT_CELERY_QUEUES; i++) {
        const struct metrics_label labels[] = { { "check", facts->check },
                                                { "queue", celery->queues[i].name },
                                                { NULL, NULL } };

        if (celery->queues[i].depth >= 0)
            metrics_int(writer, labels, celery->queues[i].depth);
    }
}

static bool has_commands(const struct check_state *state)
{
    return state->last.facts.redis.command_count > 0;
}

static bool has_queues(const struct check_state *state)
{
    return state->last.facts.celery.queue_count > 0;
}

static const struct list_family {
    const char *name;
    enum metrics_type type;
    enum check_kind kind;
    bool (*any)(const struct check_state *state);
    sample_fn put;
    const char *help;
} lists[] = {
    { "redis_operations_total", METRICS_COUNTER, CHECK_REDIS, has_commands, put_commands,
      "Commands that Redis has run, for all its clients." },
    { "celery_queue_length", METRICS_GAUGE, CHECK_CELERY, has_queues, put_lengths,
      "Tasks that wait in a queue." },
};

static void put_list(const struct overview *overview, const struct list_family *family,
                     struct metrics_writer *writer)
{
    bool begun = false;

    for (int i = 0; i < overview->config->check_count; i++) {
        struct facts facts = facts_of(overview, i);

        if (!is_of_kind(facts.state, family->kind) || !has_facts(facts.state)
            || !family->any(facts.state))
            continue;
        if (!begun)
            metrics_family(writer, family->name, family->type, family->help);
        begun = true;
        family->put(writer, &facts);
    }
}

void render_fact_families(const struct overview *overview, struct metrics_writer *writer)
{
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        put_numbers(overview, &numbers[i], writer);
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        put_list(overview, &lists[i], writer);
}
