/* render_history.c - what became of a component: uptime, transitions, its last results. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include "monitor/history.h"

#include <inttypes.h>
#include <stdio.h>

/* A share as a decimal, rounded down: 0.999999 of what is known is not 1. */
static void put_share(struct json_writer *writer, const char *key, struct uptime_share share)
{
    const int64_t whole = 1000000;
    int64_t millionths = share.known_ms > 0 ? share.up_ms * whole / share.known_ms : -1;
    char text[32];

    if (millionths < 0) {
        json_null_at(writer, key);
        return;
    }
    (void)snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64, millionths / whole,
                   millionths % whole);
    json_key(writer, key);
    json_put_raw(writer, slice_of(text));
}

static void put_uptime(const struct history *history, struct json_writer *writer)
{
    static const struct {
        const char *name;
        int hours;
    } spans[] = { { "1h", 1 }, { "24h", 24 }, { "7d", 168 }, { "30d", 720 } };

    json_key(writer, "uptime");
    json_open_object(writer);
    for (size_t i = 0; i < ARRAY_LENGTH(spans); i++)
        put_share(writer, spans[i].name, history_uptime(history, spans[i].hours));
    json_close_object(writer);
}

static void put_reason(struct json_writer *writer, enum health_reason reason, int64_t number)
{
    char text[REASON_TEXT_BYTES];

    if (reason == HEALTH_REASON_NONE)
        return;
    reason_text(reason, number, text);
    json_text(writer, "reason", text);
}

static void put_transitions(const struct history *history, struct json_writer *writer)
{
    json_key(writer, "transitions");
    json_open_array(writer);
    for (int i = 0; i < history_transition_count(history); i++) {
        const struct history_transition *transition = history_transition(history, i);

        json_open_object(writer);
        json_time(writer, "at", transition->at_wall_ms);
        json_text(writer, "from", check_status_text(transition->from));
        json_text(writer, "to", check_status_text(transition->to));
        put_reason(writer, transition->reason, transition->number);
        json_int(writer, "lasted_ms", transition->lasted_ms);
        if (transition->error_id[0] != '\0')
            json_text(writer, "error_id", transition->error_id);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void put_results(const struct history *history, struct json_writer *writer)
{
    static const char *const words[] = {
        [OUTCOME_OK] = "ok",
        [OUTCOME_DEGRADED] = "degraded",
        [OUTCOME_ERROR] = "error",
    };

    json_key(writer, "history");
    json_open_array(writer);
    for (int i = 0; i < history_result_count(history); i++) {
        const struct history_result *result = history_result(history, i);

        json_open_object(writer);
        json_time(writer, "at", result->at_wall_ms);
        json_text(writer, "status", words[result->status]);
        json_us_as_ms_or_null(writer, "latency_ms", result->latency_us);
        put_reason(writer, result->reason, result->number);
        json_close_object(writer);
    }
    json_close_array(writer);
}

void render_history(const struct check_state *state, struct json_writer *writer)
{
    put_uptime(state->history, writer);
    json_int(writer, "changes_last_hour", history_changes(state->history));
    put_transitions(state->history, writer);
    put_results(state->history, writer);
}
