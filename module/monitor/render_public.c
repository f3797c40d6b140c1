/* render_public.c - what everybody may see: liveness, readiness, startup. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    RETRY_STARTING_SECONDS = 1, /* a first round takes about that */
    RETRY_FAILING_SECONDS = 5,  /* `rise` looks after a dependency is back */
};

static const char too_old_reason[] =
    "the thread that judges health has stopped: nothing is known since the time in timestamp";

struct check_verdict render_verdict(const struct overview *overview, int check, bool too_old)
{
    if (too_old)
        return (struct check_verdict){ .status = CHECK_STALE, .silent_ms = OVERVIEW_MAX_AGE_MS };
    return overview->checks[check].verdict;
}

/* Why liveness fails; "" when it doesn't. */
static void write_liveness_reason(const struct overview *overview, bool too_old, char text[256])
{
    const struct check_state *app = overview_app(overview);
    char why[REASON_TEXT_BYTES] = "";

    text[0] = '\0';
    if (too_old) {
        (void)snprintf(text, 256, "%s", too_old_reason);
    } else if (overview->liveness == LIVENESS_FRONT_STALLED) {
        (void)snprintf(text, 256, "the thread that answers requests has stopped");
    } else if (overview->liveness == LIVENESS_APP_FAILED && app != NULL) {
        reason_text(app->last.reason, app->last.number, why);
        (void)snprintf(text, 256, "the application failed %" PRId64 " times in a row: %s",
                       app->consecutive_failures, why);
    }
}

void render_health(const struct overview *overview, bool too_old, struct page_text *text,
                   struct buf *body)
{
    struct json_writer writer;
    char reason[256];
    bool starting = !too_old && overview->liveness == LIVENESS_STARTING;
    bool ok = !too_old && overview->liveness == LIVENESS_OK;

    text->status = ok ? 200 : 503;
    text->retry_after_seconds = ok ? 0 : starting ? RETRY_STARTING_SECONDS : RETRY_FAILING_SECONDS;
    write_liveness_reason(overview, too_old, reason);
    json_writer_init(&writer, body);
    json_open_object(&writer);
    json_text(&writer, "status", ok ? "ok" : starting ? "starting" : "fail");
    if (reason[0] != '\0')
        json_text(&writer, "reason", reason);
    json_text(&writer, "version", overview->config->app_version);
    json_text(&writer, "probity_version", PACKAGE_VERSION);
    json_int(&writer, "uptime_seconds", (overview->now.boot_ms - overview->started.boot_ms) / 1000);
    if (overview_app(overview) == NULL)
        json_text(&writer, "covers", "probity only");
    json_time(&writer, "timestamp", overview->now.wall_ms);
    json_close_object(&writer);
}

static void render_checks(const struct overview *overview, bool too_old, struct json_writer *writer)
{
    json_key(writer, "checks");
    json_open_object(writer);
    for (int i = 0; i < overview->config->check_count; i++) {
        struct check_verdict verdict = render_verdict(overview, i, too_old);
        char word[CHECK_WORD_BYTES];

        check_verdict_word(&verdict, word);
        json_text(writer, overview->config->checks[i].name, word);
    }
    json_close_object(writer);
}

static void render_summary(const struct overview *overview, bool too_old, const char *status,
                           const char *reason, struct buf *body)
{
    struct json_writer writer;

    json_writer_init(&writer, body);
    json_open_object(&writer);
    json_text(&writer, "status", status);
    if (reason != NULL)
        json_text(&writer, "reason", reason);
    render_checks(overview, too_old, &writer);
    json_time(&writer, "timestamp", overview->now.wall_ms);
    json_close_object(&writer);
}

/* Draining ends with the process, and what is configured wrong waits for a person. */
static int retry_ready(const struct overview *overview)
{
    if (overview->draining || overview->config->check_count == 0)
        return 0;
    for (int i = 0; i < overview->config->check_count; i++) {
        const struct check_state *state = &overview->checks[i];

        if ((state->config->not_configured || state->config->misconfigured != NULL)
            && !check_state_passes(state, overview->now.boot_ms))
            return 0;
    }
    return overview->first_round_done ? RETRY_FAILING_SECONDS : RETRY_STARTING_SECONDS;
}

void render_ready(const struct overview *overview, bool too_old, struct page_text *text,
                  struct buf *body)
{
    bool ready = overview->ready && !too_old;
    const char *reason = NULL;

    text->status = ready ? 200 : 503;
    text->retry_after_seconds = ready ? 0 : retry_ready(overview);
    if (too_old)
        reason = too_old_reason;
    else if (overview->config->check_count == 0 && !overview->config->require_none)
        reason = "no check is configured: set DATABASE_URL, REDIS_URL, CELERY_BROKER_URL or "
                 "PROBITY_APP, or PROBITY_REQUIRE=none if that is meant";
    render_summary(overview, too_old,
                   overview->draining ? "draining"
                   : ready            ? "ready"
                                      : "not_ready",
                   reason, body);
}

void render_startup(const struct overview *overview, bool too_old, struct page_text *text,
                    struct buf *body)
{
    bool started = overview->started_up && !too_old;

    text->status = started ? 200 : 503;
    text->retry_after_seconds = started ? 0 : RETRY_STARTING_SECONDS;
    render_summary(overview, too_old, started ? "started" : "starting",
                   too_old ? too_old_reason : NULL, body);
}
