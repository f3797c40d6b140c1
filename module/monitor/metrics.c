/* metrics.c - the families of the checks.  What is not known is left out, never a false 0. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

typedef void (*sample_fn)(struct metrics_writer *writer, const struct metrics_label labels[],
                          const struct overview *overview, const struct check_state *state);

static void sample_up(struct metrics_writer *writer, const struct metrics_label labels[],
                      const struct overview *overview, const struct check_state *state)
{
    enum check_status status = state->verdict.status;

    (void)overview;
    if (status != CHECK_STARTING)
        metrics_uint(writer, labels, status == CHECK_OK || status == CHECK_DEGRADED);
}

static void sample_duration(struct metrics_writer *writer, const struct metrics_label labels[],
                            const struct overview *overview, const struct check_state *state)
{
    (void)overview;
    if (state->has_last)
        metrics_seconds_from_us(writer, labels, state->last.latency_us);
}

static void sample_age(struct metrics_writer *writer, const struct metrics_label labels[],
                       const struct overview *overview, const struct check_state *state)
{
    if (state->has_last)
        metrics_seconds_from_ms(writer, labels, check_state_age_ms(state, overview->now.boot_ms));
}

static void sample_transitions(struct metrics_writer *writer, const struct metrics_label labels[],
                               const struct overview *overview, const struct check_state *state)
{
    (void)overview;
    metrics_uint(writer, labels, state->transitions);
}

/* One family with a sample for every check. */
static void check_families(struct metrics_writer *writer, const struct overview *overview)
{
    static const struct {
        const char *name;
        enum metrics_type type;
        const char *help;
        sample_fn sample;
    } families[] = {
        { "probity_check_up", METRICS_GAUGE, "Whether the check is ok or degraded.", sample_up },
        { "probity_check_duration_seconds", METRICS_GAUGE, "How long the last look took.",
          sample_duration },
        { "probity_check_age_seconds", METRICS_GAUGE, "Time since the last look ended.",
          sample_age },
        { "probity_check_transitions_total", METRICS_COUNTER, "Changes of the check's status.",
          sample_transitions },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
        metrics_family(writer, families[i].name, families[i].type, families[i].help);
        for (int check = 0; check < overview->config->check_count; check++) {
            const struct check_state *state = &overview->checks[check];

            families[i].sample(writer,
                               (struct metrics_label[]){ { "check", state->config->name }, { 0 } },
                               overview, state);
        }
    }
}

/* The check of that kind whose last look brought facts that are not stale, or NULL. */
static const struct check_state *known_facts(const struct overview *overview, enum check_kind kind)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        const struct check_state *state = &overview->checks[i];

        if (state->config->kind == kind && state->has_last && state->last.has_facts
            && state->verdict.status != CHECK_STALE)
            return state;
    }
    return NULL;
}

static void gauge(struct metrics_writer *writer, const char *name, const char *help, int64_t value)
{
    static const struct metrics_label none[] = { { NULL, NULL } };

    if (value < 0)
        return;
    metrics_family(writer, name, METRICS_GAUGE, help);
    metrics_int(writer, none, value);
}

static void counter(struct metrics_writer *writer, const char *name, const char *help,
                    uint64_t value)
{
    static const struct metrics_label none[] = { { NULL, NULL } };

    metrics_family(writer, name, METRICS_COUNTER, help);
    metrics_uint(writer, none, value);
}

static void command_family(struct metrics_writer *writer, const struct redis_facts *facts)
{
    if (facts->command_count == 0)
        return;
    metrics_family(writer, "redis_operations_total", METRICS_COUNTER,
                   "Commands that Redis has run, for all its clients.");
    for (int i = 0; i < LIMIT_REDIS_COMMANDS; i++) {
        const struct redis_command *command = &facts->commands[i];

        if (command->name[0] != '\0')
            metrics_uint(
                writer,
                (const struct metrics_label[]){ { "command", command->name }, { NULL, NULL } },
                command->calls);
    }
}

static void fact_families(struct metrics_writer *writer, const struct overview *overview)
{
    const struct check_state *state = known_facts(overview, CHECK_POSTGRES);

    if (state != NULL) {
        const struct database_facts *facts = &state->last.facts.database;

        gauge(writer, "database_connections", "Connections that the database server holds.",
              facts->server_connections);
        gauge(writer, "database_max_connections", "Connections that it allows.",
              facts->server_max_connections);
    }
    state = known_facts(overview, CHECK_REDIS);
    if (state != NULL) {
        const struct redis_facts *facts = &state->last.facts.redis;

        gauge(writer, "redis_memory_used_bytes", "Memory that Redis uses.",
              facts->memory_used_bytes);
        /* Without a limit there is no sample: a division by 0 would look full. */
        gauge(writer, "redis_memory_max_bytes", "Redis's maxmemory, absent without one.",
              facts->memory_max_bytes > 0 ? facts->memory_max_bytes : -1);
        command_family(writer, facts);
    }
}

void render_metrics(const struct overview *overview, enum metrics_format format, struct buf *body)
{
    struct metrics_writer writer;

    metrics_init(&writer, body, format);
    gauge(&writer, "probity_ready", "Whether /health/ready answers 200.", overview->ready);
    if (overview->config->check_count > 0)
        check_families(&writer, overview);
    fact_families(&writer, overview);
    counter(&writer, "probity_outcomes_refused_total",
            "Results of checks that found the monitor's queue full.", overview->outcomes_refused);
    counter(&writer, "probity_health_publications_failed_total",
            "Health pages that could not be built, for want of memory.",
            overview->publications_failed);
}
