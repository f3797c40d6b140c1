/* render_public.c - what everybody may see: liveness, readiness, startup, named groups. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include "monitor/rule.h"
#include "monitor/summary.h"

/* Nothing of a host, an address or a user: those are for admins. */
static void put_verbose_check(const struct summary *summary, const struct view *view, int check,
                              struct json_writer *writer)
{
    const struct check_state *state = &view->overview->checks[check];
    struct check_verdict verdict = render_verdict(view, check);
    char word[CHECK_WORD_BYTES];
    char rule[RULE_TEXT_BYTES];

    check_verdict_word(&verdict, word);
    rule_text(view, check, summary->group, rule);
    json_open_object(writer);
    json_text(writer, "status", word);
    json_time(writer, "since", state->since.wall_ms);
    json_int_or_null(writer, "age_ms", check_state_age_ms(state, view->overview->now.boot_ms));
    json_int(writer, "max_age_ms", state->config->max_age_ms);
    json_us_as_ms_or_null(writer, "latency_ms", state->has_last ? state->last.latency_us : -1);
    json_bool(writer, "critical", state->config->critical);
    json_text(writer, "rule", rule);
    json_close_object(writer);
}

static void put_checks(const struct summary *summary, const struct view *view,
                       struct json_writer *writer)
{
    json_key(writer, "checks");
    json_open_object(writer);
    for (int i = 0; i < view->overview->config->check_count; i++) {
        struct check_verdict verdict = render_verdict(view, i);
        char word[CHECK_WORD_BYTES];

        if (!summary_shows(summary, view, i))
            continue;
        json_key(writer, view->overview->config->checks[i].name);
        if (view->shape == RENDER_VERBOSE) {
            put_verbose_check(summary, view, i, writer);
        } else {
            check_verdict_word(&verdict, word);
            json_put_text(writer, word);
        }
    }
    json_close_object(writer);
}

/* How long it drains already, and how long the process stays; until when the maintenance is. */
static void put_orders(const struct view *view, struct json_writer *writer)
{
    const struct overview *overview = view->overview;
    const struct maintenance *maintenance = &overview->maintenance;

    if (overview->draining) {
        json_int(writer, "drain_elapsed_ms",
                 overview->now.boot_ms - overview->draining_since.boot_ms);
        json_int_or_null(writer, "drain_remaining_ms", render_drain_left_ms(overview));
    } else if (overview_maintenance_drains(overview)) {
        json_time(writer, "since", maintenance->since_wall_ms);
        json_time(writer, "until", maintenance->until_wall_ms);
    } else if (overview->pause.on && !view->too_old) {
        json_time(writer, "since", overview->pause.since.wall_ms);
    } else if (overview->maintenance_in_force && view->shape == RENDER_VERBOSE) {
        json_key(writer, "maintenance");
        json_open_object(writer);
        json_text(writer, "reason", maintenance->reason);
        json_time(writer, "since", maintenance->since_wall_ms);
        json_time(writer, "until", maintenance->until_wall_ms);
        json_close_object(writer);
    }
}

static void open_page(const struct summary *summary, const struct view *view,
                      struct json_writer *writer, struct buf *body)
{
    json_writer_init(writer, body);
    json_open_object(writer);
    json_text(writer, "status", summary->status);
    if (summary->reason[0] != '\0')
        json_text(writer, "reason", summary->reason);
    if (view->shape == RENDER_VERBOSE && summary->rule[0] != '\0')
        json_text(writer, "rule", summary->rule);
}

static void close_page(const struct view *view, struct json_writer *writer)
{
    json_time(writer, "timestamp", view->overview->now.wall_ms);
    json_close_object(writer);
}

/* Whether the page is to be JSON; otherwise it stands already. */
static bool wants_json(const struct summary *summary, const struct view *view,
                       struct page_text *text, struct buf *body)
{
    summary_head(summary, text);
    if (view->shape == RENDER_TEXT)
        summary_write_text(summary, view, text, body);
    else if (view->shape == RENDER_IETF)
        summary_write_ietf(summary, view, text, body);
    else
        return true;
    return false;
}

/* What is looked at has its words on the other pages: here it is shown to who asks for it. */
void render_health(const struct view *view, struct page_text *text, struct buf *body)
{
    const struct overview *overview = view->overview;
    struct json_writer writer;
    struct summary summary;

    summary_of_health(view, &summary);
    if (!wants_json(&summary, view, text, body))
        return;
    open_page(&summary, view, &writer, body);
    json_text(&writer, "version", overview->config->app_version);
    json_text(&writer, "probity_version", PACKAGE_VERSION);
    json_int(&writer, "uptime_seconds", (overview->now.boot_ms - overview->started.boot_ms) / 1000);
    if (overview_app(overview) == NULL)
        json_text(&writer, "covers", "probity only");
    if (view->shape == RENDER_VERBOSE)
        put_checks(&summary, view, &writer);
    close_page(view, &writer);
}

void render_ready(const struct view *view, struct page_text *text, struct buf *body)
{
    struct json_writer writer;
    struct summary summary;

    summary_of_ready(view, &summary);
    if (!wants_json(&summary, view, text, body))
        return;
    open_page(&summary, view, &writer, body);
    put_orders(view, &writer);
    put_checks(&summary, view, &writer);
    close_page(view, &writer);
}

void render_startup(const struct view *view, struct page_text *text, struct buf *body)
{
    struct json_writer writer;
    struct summary summary;

    summary_of_startup(view, &summary);
    if (!wants_json(&summary, view, text, body))
        return;
    open_page(&summary, view, &writer, body);
    put_checks(&summary, view, &writer);
    close_page(view, &writer);
}

void render_group(const struct view *view, struct page_text *text, struct buf *body)
{
    struct json_writer writer;
    struct summary summary;

    summary_of_group(view, &summary);
    if (!wants_json(&summary, view, text, body))
        return;
    open_page(&summary, view, &writer, body);
    json_text(&writer, "group", view->overview->config->groups[view->which]);
    put_checks(&summary, view, &writer);
    close_page(view, &writer);
}
