/* render_detailed.c - what admins see of each component, and the set of all pages. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include <stdio.h>

enum {
    PAGE_MAX_BYTES = 64 * 1024, /* 16 components with all their queues stay well below it */
    RETRY_SECONDS = 5,
};

static void put_ms(struct json_writer *writer, const char *key, int64_t duration_us)
{
    json_key(writer, key);
    if (duration_us < 0)
        json_put_null(writer);
    else
        json_put_us_as_ms(writer, duration_us);
}

static void render_times(const struct overview *overview, const struct check_state *state,
                         struct json_writer *writer)
{
    int64_t now_ms = overview->now.boot_ms;

    put_ms(writer, "latency_p95_ms", latency_p95_us(&state->latency, now_ms));
    json_time(writer, "since", state->since.wall_ms);
    json_time(writer, "checked_at", state->has_last ? state->last.observed_at_wall_ms : 0);
    json_int_or_null(writer, "age_ms", check_state_age_ms(state, now_ms));
    json_int(writer, "consecutive_failures", state->consecutive_failures);
}

void render_component(const struct overview *overview, int check, bool too_old,
                      struct json_writer *writer)
{
    const struct check_state *state = &overview->checks[check];
    struct check_verdict verdict = render_verdict(overview, check, too_old);
    bool known = state->has_last && state->last.has_facts && verdict.status != CHECK_STALE;
    const char *hint = check_verdict_hint(&verdict);
    char why[CHECK_WORD_BYTES];

    /* It names the variable and holds no part of the address but its scheme. */
    if (verdict.status == CHECK_ERROR && state->config->misconfigured != NULL)
        hint = state->config->misconfigured;
    json_open_object(writer);
    json_text(writer, "status", check_status_text(verdict.status));
    json_bool(writer, "critical", state->config->critical);
    put_ms(writer, "latency_ms", state->has_last ? state->last.latency_us : -1);
    render_facts(overview, state, known, writer);
    render_times(overview, state, writer);
    if (verdict.status != CHECK_OK) {
        check_verdict_why(&verdict, why);
        json_text(writer, "error", why);
        json_text(writer, "hint", hint);
    } else if (render_facts_hint(state, known) != NULL) {
        json_text(writer, "hint", render_facts_hint(state, known));
    }
    json_close_object(writer);
}

/* By the checks alone: a process that drains is not ill. */
static const char *overall_status(const struct overview *overview, bool too_old)
{
    bool passes = overview->first_round_done
                  && (overview->config->check_count > 0 || overview->config->require_none);

    for (int i = 0; i < overview->config->check_count; i++)
        passes = passes && check_state_passes(&overview->checks[i], overview->now.boot_ms);
    if (too_old || !passes)
        return "unhealthy";
    return overview_degraded(overview) ? "degraded" : "healthy";
}

void render_detailed(const struct overview *overview, bool too_old, struct page_text *text,
                     struct buf *body)
{
    const char *status = overall_status(overview, too_old);
    bool unhealthy = status[0] == 'u';
    struct json_writer writer;

    text->status = unhealthy ? 503 : 200;
    text->retry_after_seconds = unhealthy ? RETRY_SECONDS : 0;
    json_writer_init(&writer, body);
    json_open_object(&writer);
    json_text(&writer, "status", status);
    json_text(&writer, "version", overview->config->app_version);
    json_int(&writer, "uptime_seconds", (overview->now.boot_ms - overview->started.boot_ms) / 1000);
    json_key(&writer, "components");
    json_open_object(&writer);
    for (int i = 0; i < overview->config->check_count; i++) {
        json_key(&writer, overview->config->checks[i].name);
        render_component(overview, i, too_old, &writer);
    }
    json_close_object(&writer);
    json_time(&writer, "timestamp", overview->now.wall_ms);
    json_close_object(&writer);
}

/* Adds both variants of one page; a body that did not fit is caught by the builder's caller. */
static bool add_page(struct page_builder *builder, const char *key, render_fn render,
                     const struct overview *overview)
{
    struct page_text texts[2] = { { 0 }, { 0 } };
    struct buf bodies[2];
    bool fits;

    for (int too_old = 0; too_old < 2; too_old++) {
        buf_init(&bodies[too_old], PAGE_MAX_BYTES);
        render(overview, too_old != 0, &texts[too_old], &bodies[too_old]);
        texts[too_old].body = buf_slice(&bodies[too_old]);
    }
    fits = buf_ok(&bodies[0]) && buf_ok(&bodies[1]);
    if (fits)
        page_add(builder, key, &texts[0], &texts[1]);
    buf_done(&bodies[0]);
    buf_done(&bodies[1]);
    return fits;
}

/* One component alone: 503 where it takes health away. */
static bool add_component(struct page_builder *builder, const struct overview *overview, int check)
{
    const struct check_state *state = &overview->checks[check];
    struct page_text texts[2] = { { .status = 200 }, { .status = 503 } };
    struct buf bodies[2];
    char key[64];
    bool fits;

    if (!check_state_passes(state, overview->now.boot_ms))
        texts[0].status = 503;
    for (int too_old = 0; too_old < 2; too_old++) {
        struct json_writer writer;

        buf_init(&bodies[too_old], PAGE_MAX_BYTES);
        json_writer_init(&writer, &bodies[too_old]);
        render_component(overview, check, too_old != 0, &writer);
        texts[too_old].body = buf_slice(&bodies[too_old]);
        texts[too_old].retry_after_seconds = texts[too_old].status == 503 ? RETRY_SECONDS : 0;
    }
    (void)snprintf(key, sizeof(key), "detailed/%s", state->config->name);
    fits = buf_ok(&bodies[0]) && buf_ok(&bodies[1]);
    if (fits)
        page_add(builder, key, &texts[0], &texts[1]);
    buf_done(&bodies[0]);
    buf_done(&bodies[1]);
    return fits;
}

/* The front leaves a fragment out that is too old, so there is no other variant of it. */
static bool add_metrics(struct page_builder *builder, const char *key, enum metrics_format format,
                        const struct overview *overview)
{
    struct page_text text = { .status = 200 };
    struct buf body;
    bool fits;

    buf_init(&body, PAGE_MAX_BYTES);
    render_metrics(overview, format, &body);
    text.body = buf_slice(&body);
    fits = buf_ok(&body);
    if (fits)
        page_add(builder, key, &text, NULL);
    buf_done(&body);
    return fits;
}

struct page_set *render_pages(const struct overview *overview)
{
    static const struct {
        const char *key;
        render_fn render;
    } pages[] = {
        { "health", render_health },
        { "ready", render_ready },
        { "startup", render_startup },
        { "detailed", render_detailed },
    };
    AUTO(page_builder_free) struct page_builder *builder = page_builder_new(OVERVIEW_MAX_AGE_MS);
    bool fits = builder != NULL;

    for (size_t i = 0; i < ARRAY_LENGTH(pages) && fits; i++)
        fits = add_page(builder, pages[i].key, pages[i].render, overview);
    for (int i = 0; i < overview->config->check_count && fits; i++)
        fits = add_component(builder, overview, i);
    if (!fits || !add_metrics(builder, "metrics", METRICS_PROMETHEUS, overview)
        || !add_metrics(builder, "metrics/openmetrics", METRICS_OPENMETRICS, overview))
        return NULL;
    return page_builder_finish(&builder);
}
