/* render_ietf.c - application/health+json (draft-inadarei-api-health-check-06). */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/summary.h"

#include <stdio.h>

/* What is measured, as the draft has it in `checks`: "database:responseTime". */
struct measurement {
    const char *name;
    const char *id; /* componentId, where there are several; or NULL */
    const char *unit;
    int64_t value; /* below 0: not known, and then not told */
};

struct ietf {
    const struct summary *summary;
    const struct view *view;
    struct json_writer json;
};

static const char *component_type(enum check_kind kind)
{
    switch (kind) {
    case CHECK_POSTGRES:
    case CHECK_REDIS:
    case CHECK_UPSTASH:
        return "datastore";
    case CHECK_HTTP:
    case CHECK_CELERY:
    case CHECK_TCP:
    case CHECK_TLS:
        break;
    }
    return "component";
}

/* Three words are all that there are: what has no verdict yet is no pass. */
static const char *status_word(const struct check_verdict *verdict)
{
    return verdict->status == CHECK_OK         ? "pass"
           : verdict->status == CHECK_DEGRADED ? "warn"
                                               : "fail";
}

static void open_measurements(struct ietf *ietf, const char *component, const char *name)
{
    char key[128];

    (void)snprintf(key, sizeof(key), "%s:%s", component, name);
    json_key(&ietf->json, key);
    json_open_array(&ietf->json);
}

/* Of the check's own status: the draft wants one for each measurement. */
static void put_end(struct ietf *ietf, int check)
{
    const struct check_state *state = &ietf->view->overview->checks[check];
    struct check_verdict verdict = render_verdict(ietf->view, check);
    char why[CHECK_WORD_BYTES];

    json_text(&ietf->json, "status", status_word(&verdict));
    if (state->has_last)
        json_time(&ietf->json, "time", state->last.observed_at_wall_ms);
    check_verdict_why(&verdict, why);
    if (why[0] != '\0')
        json_text(&ietf->json, "output", why);
    json_close_object(&ietf->json);
}

static void put_measurement(struct ietf *ietf, int check, const struct measurement *measurement)
{
    const struct check_config *config = ietf->view->overview->checks[check].config;

    json_open_object(&ietf->json);
    if (measurement->id != NULL)
        json_text(&ietf->json, "componentId", measurement->id);
    json_text(&ietf->json, "componentType", component_type(config->kind));
    json_int(&ietf->json, "observedValue", measurement->value);
    json_text(&ietf->json, "observedUnit", measurement->unit);
    put_end(ietf, check);
}

static void put_alone(struct ietf *ietf, int check, const struct measurement *measurement)
{
    if (measurement->value < 0)
        return;
    open_measurements(ietf, ietf->view->overview->checks[check].config->name, measurement->name);
    put_measurement(ietf, check, measurement);
    json_close_array(&ietf->json);
}

/* The one that every check has, also before its first look. */
static void put_response_time(struct ietf *ietf, int check)
{
    const struct check_state *state = &ietf->view->overview->checks[check];

    open_measurements(ietf, state->config->name, "responseTime");
    json_open_object(&ietf->json);
    json_text(&ietf->json, "componentType", component_type(state->config->kind));
    if (state->has_last) {
        json_key(&ietf->json, "observedValue");
        json_put_us_as_ms(&ietf->json, state->last.latency_us);
        json_text(&ietf->json, "observedUnit", "ms");
    }
    put_end(ietf, check);
    json_close_array(&ietf->json);
}

static int64_t percent(int64_t part, int64_t whole)
{
    return part < 0 || whole <= 0 ? -1 : (part * 100 + whole - 1) / whole;
}

static void put_database(struct ietf *ietf, int check, const struct database_facts *facts)
{
    const struct measurement measurements[] = {
        { "connections", NULL, "connections", facts->server_connections },
        { "utilization", NULL, "percent",
          percent(facts->server_connections, facts->server_max_connections) },
        { "replicationLag", NULL, "ms", facts->replication_lag_ms },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(measurements); i++)
        put_alone(ietf, check, &measurements[i]);
}

static void put_redis(struct ietf *ietf, int check, const struct redis_facts *facts)
{
    const struct measurement measurements[] = {
        { "connections", NULL, "connections", facts->connected_clients },
        { "utilization", NULL, "percent",
          percent(facts->memory_used_bytes, facts->memory_max_bytes) },
        { "memoryUsed", NULL, "bytes", facts->memory_used_bytes },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(measurements); i++)
        put_alone(ietf, check, &measurements[i]);
}

static void put_celery(struct ietf *ietf, int check, const struct celery_facts *facts)
{
    const char *name = ietf->view->overview->checks[check].config->name;

    put_alone(ietf, check,
              &(struct measurement){ "workers", NULL, "workers", facts->active_workers });
    if (facts->queue_count <= 0)
        return;
    open_measurements(ietf, name, "queueLength");
    for (int i = 0; i < facts->queue_count && i < LIMIT_CELERY_QUEUES; i++) {
        if (facts->queues[i].depth >= 0)
            put_measurement(ietf, check,
                            &(struct measurement){ "queueLength", facts->queues[i].name, "tasks",
                                                   facts->queues[i].depth });
    }
    json_close_array(&ietf->json);
}

static void put_facts(struct ietf *ietf, int check)
{
    const struct check_state *state = &ietf->view->overview->checks[check];

    if (!render_facts_hold(ietf->view, check))
        return;
    switch (state->config->kind) {
    case CHECK_POSTGRES:
        put_database(ietf, check, &state->last.facts.database);
        return;
    case CHECK_REDIS:
    case CHECK_UPSTASH:
        put_redis(ietf, check, &state->last.facts.redis);
        return;
    case CHECK_CELERY:
        put_celery(ietf, check, &state->last.facts.celery);
        return;
    case CHECK_HTTP:
    case CHECK_TCP:
    case CHECK_TLS:
        return;
    }
}

static void put_uptime(struct ietf *ietf)
{
    const struct overview *overview = ietf->view->overview;

    open_measurements(ietf, "probity", "uptime");
    json_open_object(&ietf->json);
    json_text(&ietf->json, "componentType", "system");
    json_int(&ietf->json, "observedValue",
             (overview->now.boot_ms - overview->started.boot_ms) / 1000);
    json_text(&ietf->json, "observedUnit", "s");
    json_text(&ietf->json, "status", "pass");
    json_time(&ietf->json, "time", overview->now.wall_ms);
    json_close_object(&ietf->json);
    json_close_array(&ietf->json);
}

static void put_checks(struct ietf *ietf)
{
    const struct summary *summary = ietf->summary;

    json_key(&ietf->json, "checks");
    json_open_object(&ietf->json);
    for (int i = 0; i < ietf->view->overview->config->check_count; i++) {
        if (!summary_shows(summary, ietf->view, i))
            continue;
        put_response_time(ietf, i);
        if (summary->detailed)
            put_facts(ietf, i);
    }
    /* Liveness shows it without being asked, and admins may see it. */
    if (summary->group == GROUP_LIVENESS || (summary->detailed && summary->only == SUMMARY_ALL))
        put_uptime(ietf);
    json_close_object(&ietf->json);
}

static void put_notes(struct ietf *ietf)
{
    const struct overview *overview = ietf->view->overview;

    if (!overview->maintenance_in_force || ietf->summary->group != GROUP_READINESS)
        return;
    json_key(&ietf->json, "notes");
    json_open_array(&ietf->json);
    json_put_text(&ietf->json, overview->maintenance.reason);
    json_close_array(&ietf->json);
}

void summary_write_ietf(const struct summary *summary, const struct view *view,
                        struct page_text *text, struct buf *body)
{
    struct ietf ietf = { .summary = summary, .view = view };
    const struct config *config = view->overview->config;

    text->content_type = "application/health+json";
    json_writer_init(&ietf.json, body);
    json_open_object(&ietf.json);
    json_text(&ietf.json, "status",
              !summary->passes                 ? "fail"
              : summary_is_well(summary, view) ? "pass"
                                               : "warn");
    json_text(&ietf.json, "version", config->app_version);
    json_text(&ietf.json, "releaseId", config->app_version);
    json_text(&ietf.json, "serviceId", config->service);
    json_text(&ietf.json, "description", summary->status);
    put_notes(&ietf);
    if (summary->reason[0] != '\0')
        json_text(&ietf.json, "output", summary->reason);
    put_checks(&ietf);
    json_close_object(&ietf.json);
}
