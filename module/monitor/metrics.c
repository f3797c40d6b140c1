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
    if (status != CHECK_STARTING && status != CHECK_PAUSED)
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
    if (state->has_last && state->verdict.status != CHECK_PAUSED)
        metrics_seconds_from_ms(writer, labels, check_state_age_ms(state, overview->now.boot_ms));
}

static void sample_transitions(struct metrics_writer *writer, const struct metrics_label labels[],
                               const struct overview *overview, const struct check_state *state)
{
    (void)overview;
    metrics_uint(writer, labels, state->transitions);
}

static void sample_last_success(struct metrics_writer *writer, const struct metrics_label labels[],
                                const struct overview *overview, const struct check_state *state)
{
    (void)overview;
    if (state->last_success_at_wall_ms != 0)
        metrics_seconds_from_ms(writer, labels, state->last_success_at_wall_ms);
}

static void sample_expiry(struct metrics_writer *writer, const struct metrics_label labels[],
                          const struct overview *overview, const struct check_state *state)
{
    (void)overview;
    if (state->has_last && state->last.tls.expires_at_s != 0 && state->verdict.status != CHECK_STALE
        && state->verdict.status != CHECK_PAUSED)
        metrics_int(writer, labels, state->last.tls.expires_at_s);
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
        { "probity_check_last_success_timestamp_seconds", METRICS_GAUGE,
          "When a look last found it ok or degraded.", sample_last_success },
        { "probity_check_certificate_expiry_timestamp_seconds", METRICS_GAUGE,
          "When the certificate expires that the other side has shown.", sample_expiry },
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

static void gauge(struct metrics_writer *writer, const char *name, const char *help, int64_t value)
{
    metrics_family(writer, name, METRICS_GAUGE, help);
    metrics_int(writer, NULL, value);
}

static void counter(struct metrics_writer *writer, const char *name, const char *help,
                    uint64_t value)
{
    metrics_family(writer, name, METRICS_COUNTER, help);
    metrics_uint(writer, NULL, value);
}

static void group_family(struct metrics_writer *writer, const struct overview *overview)
{
    metrics_family(writer, "probity_group_ready", METRICS_GAUGE,
                   "Whether the group's checks let it pass, drain and maintenance apart.");
    for (int group = 0; group < overview->config->group_count; group++) {
        const struct metrics_label labels[] = { { "group", overview->config->groups[group] },
                                                { NULL, NULL } };

        metrics_int(writer, labels, overview_group_passes(overview, group));
    }
}

/* Of the file that what became of the checks survives a restart in. */
static void keeping_families(struct metrics_writer *writer, const struct overview *overview)
{
    const struct keeping *keeping = &overview->keeping;

    counter(writer, "probity_history_refused_total",
            "Histories of checks that could not be kept, for want of memory.",
            overview->histories_refused);
    if (!keeping->wanted)
        return;
    counter(writer, "probity_history_writes_total",
            "How often the checks' history was written to the disk.", keeping->writes);
    counter(writer, "probity_history_write_failures_total", "How often it could not be.",
            keeping->failures);
    gauge(writer, "probity_history_file_bytes", "What it takes on the disk.", keeping->file_bytes);
    if (keeping->written_at_ms == 0)
        return;
    metrics_family(writer, "probity_history_age_seconds", METRICS_GAUGE,
                   "Time since it was written last.");
    metrics_seconds_from_ms(writer, NULL, overview->now.boot_ms - keeping->written_at_ms);
}

void render_metrics(const struct overview *overview, enum metrics_format format, struct buf *body)
{
    struct metrics_writer writer;

    metrics_init(&writer, body, format);
    gauge(&writer, "probity_ready", "Whether /health/ready answers 200.", overview->ready);
    gauge(&writer, "probity_draining", "Whether this instance has been told to drain.",
          overview->draining);
    gauge(&writer, "probity_maintenance", "Whether the service is in maintenance.",
          overview->maintenance_in_force);
    gauge(&writer, "probity_paused", "Whether nobody looks, because nobody has asked for a while.",
          overview->pause.on);
    counter(&writer, "probity_pauses_total", "How often that began.", overview->pause.count);
    group_family(&writer, overview);
    if (overview->config->check_count > 0)
        check_families(&writer, overview);
    render_fact_families(overview, &writer);
    keeping_families(&writer, overview);
    counter(&writer, "probity_outcomes_refused_total",
            "Results of checks that found the monitor's queue full.", overview->outcomes_refused);
    counter(&writer, "probity_health_publications_failed_total",
            "Health pages that could not be built, for want of memory.",
            overview->publications_failed);
}
