/* render_detailed.c - what admins see of each component. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include "monitor/summary.h"

#include <stdio.h>

static void put_times(const struct overview *overview, const struct check_state *state,
                      struct json_writer *writer)
{
    int64_t now_ms = overview->now.boot_ms;

    json_us_as_ms_or_null(writer, "latency_p95_ms", latency_p95_us(&state->latency, now_ms));
    json_time(writer, "since", state->since.wall_ms);
    json_time(writer, "checked_at", state->has_last ? state->last.observed_at_wall_ms : 0);
    json_int_or_null(writer, "age_ms", check_state_age_ms(state, now_ms));
    json_int(writer, "consecutive_failures", state->consecutive_failures);
}

/* As the file spells it. */
static void put_policy(const struct check_config *check, struct json_writer *writer)
{
    char text[48];

    if (check->policy == CHECK_POLICY_FAIL_AFTER)
        (void)snprintf(text, sizeof(text), "fail_after=%lldms", (long long)check->fail_after_ms);
    else
        (void)snprintf(text, sizeof(text), "%s",
                       check->policy == CHECK_POLICY_DEGRADE ? "degrade" : "fail");
    json_text(writer, "policy", text);
}

static void put_rules(const struct overview *overview, int check, struct json_writer *writer)
{
    const struct check_config *config = overview->checks[check].config;

    json_int(writer, "max_age_ms", config->max_age_ms);
    put_policy(config, writer);
    json_key(writer, "groups");
    json_open_array(writer);
    for (int group = 0; group < overview->config->group_count; group++) {
        if (overview_in_group(overview, check, group))
            json_put_text(writer, overview->config->groups[group]);
    }
    json_close_array(writer);
}

static void put_trouble(const struct view *view, int check, struct json_writer *writer)
{
    const struct check_state *state = &view->overview->checks[check];
    struct check_verdict verdict = render_verdict(view, check);
    const char *hint = check_verdict_hint(&verdict);
    char why[CHECK_WORD_BYTES];

    /* It names the variable and holds no part of the address but its scheme. */
    if (verdict.status == CHECK_ERROR && state->config->misconfigured != NULL)
        hint = state->config->misconfigured;
    check_verdict_why(&verdict, why);
    json_text(writer, "error", why);
    json_text(writer, "hint", hint);
    if (state->error_id[0] != '\0')
        json_text(writer, "error_id", state->error_id);
}

static void put_component(const struct view *view, int check, struct json_writer *writer)
{
    const struct overview *overview = view->overview;
    const struct check_state *state = &overview->checks[check];
    struct check_verdict verdict = render_verdict(view, check);
    bool known = render_facts_hold(view, check);

    json_text(writer, "status", check_status_text(verdict.status));
    json_bool(writer, "critical", state->config->critical);
    json_us_as_ms_or_null(writer, "latency_ms", state->has_last ? state->last.latency_us : -1);
    render_facts(state, known, writer);
    render_tls(state, render_tls_holds(view, check), overview->now.wall_ms, writer);
    put_times(overview, state, writer);
    put_rules(overview, check, writer);
    if (verdict.status != CHECK_OK)
        put_trouble(view, check, writer);
    else if (render_facts_hint(state, known) != NULL)
        json_text(writer, "hint", render_facts_hint(state, known));
}

/* Who has ordered what, which only admins may know in full. */
static void put_orders(const struct overview *overview, struct json_writer *writer)
{
    const struct maintenance *maintenance = &overview->maintenance;

    if (overview->draining) {
        json_key(writer, "drain");
        json_open_object(writer);
        json_text(writer, "reason", overview->drain.reason);
        json_text(writer, "by", overview->drain.who[0] == '\0' ? NULL : overview->drain.who);
        json_time(writer, "since", overview->draining_since.wall_ms);
        json_int_or_null(writer, "remaining_ms", render_drain_left_ms(overview));
        json_close_object(writer);
    }
    if (overview->pause.on)
        json_time(writer, "paused_since", overview->pause.since.wall_ms);
    if (!overview->maintenance_in_force)
        return;
    json_key(writer, "maintenance");
    json_open_object(writer);
    json_text(writer, "reason", maintenance->reason);
    json_time(writer, "since", maintenance->since_wall_ms);
    json_time(writer, "until", maintenance->until_wall_ms);
    json_text(writer, "by", maintenance->who[0] == '\0' ? NULL : maintenance->who);
    json_bool(writer, "drain", maintenance->drain);
    json_close_object(writer);
}

static void write_detailed(const struct summary *summary, const struct view *view, struct buf *body)
{
    const struct overview *overview = view->overview;
    struct json_writer writer;

    json_writer_init(&writer, body);
    json_open_object(&writer);
    json_text(&writer, "status", summary->status);
    json_text(&writer, "version", overview->config->app_version);
    json_int(&writer, "uptime_seconds", (overview->now.boot_ms - overview->started.boot_ms) / 1000);
    json_key(&writer, "components");
    json_open_object(&writer);
    for (int i = 0; i < overview->config->check_count; i++) {
        json_key(&writer, overview->config->checks[i].name);
        json_open_object(&writer);
        put_component(view, i, &writer);
        json_close_object(&writer);
    }
    json_close_object(&writer);
    put_orders(overview, &writer);
    json_time(&writer, "timestamp", overview->now.wall_ms);
    json_close_object(&writer);
}

void render_detailed(const struct view *view, struct page_text *text, struct buf *body)
{
    struct summary summary;

    summary_of_detailed(view, &summary);
    summary_head(&summary, text);
    if (view->shape == RENDER_TEXT)
        summary_write_text(&summary, view, text, body);
    else if (view->shape == RENDER_IETF)
        summary_write_ietf(&summary, view, text, body);
    else
        write_detailed(&summary, view, body);
}

void render_component(const struct view *view, struct page_text *text, struct buf *body)
{
    struct json_writer writer;
    struct summary summary;

    summary_of_component(view, &summary);
    summary_head(&summary, text);
    if (view->shape == RENDER_TEXT) {
        summary_write_text(&summary, view, text, body);
        return;
    }
    if (view->shape == RENDER_IETF) {
        summary_write_ietf(&summary, view, text, body);
        return;
    }
    json_writer_init(&writer, body);
    json_open_object(&writer);
    put_component(view, view->which, &writer);
    /* What is too old is little better for being long. */
    if (!view->too_old)
        render_history(&view->overview->checks[view->which], &writer);
    json_close_object(&writer);
}
