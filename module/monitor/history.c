/* history.c - rings of results and transitions, and the time that passes between judgements. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/history.h"

#include <stdio.h>
#include <string.h>

enum { CHANGES_WITHIN_MS = 3600 * 1000 };

static enum uptime_state uptime_of(enum check_status status)
{
    switch (status) {
    case CHECK_OK:
    case CHECK_DEGRADED:
        return UPTIME_UP;
    case CHECK_ERROR:
    case CHECK_STALE:
        return UPTIME_DOWN;
    case CHECK_STARTING:
    case CHECK_NOT_CONFIGURED:
    case CHECK_PAUSED:
        break;
    }
    return UPTIME_UNKNOWN;
}

static void pass_minutes(struct history *history, int64_t now_ms)
{
    int64_t minute = now_ms / 60000;

    if (minute - history->changes_minute >= HISTORY_MINUTES)
        memset(history->changes, 0, sizeof(history->changes));
    else
        for (int64_t i = history->changes_minute + 1; i <= minute; i++)
            history->changes[i % HISTORY_MINUTES] = 0;
    if (minute > history->changes_minute)
        history->changes_minute = minute;
}

static void count_change(struct history *history)
{
    uint16_t *count = &history->changes[history->changes_minute % HISTORY_MINUTES];

    if (*count < UINT16_MAX)
        ++*count;
}

/* Time goes on in the state that was shown, as long as somebody can have shown it. */
static void pass_until(struct history *history, int64_t now_ms)
{
    int64_t passed_ms = history->judged ? now_ms - history->judged_at_ms : 0;
    int64_t watched_ms = passed_ms < HISTORY_GAP_MS ? passed_ms : HISTORY_GAP_MS;

    uptime_pass(&history->uptime, uptime_of(history->now), watched_ms);
    uptime_pass(&history->uptime, UPTIME_UNKNOWN, passed_ms - watched_ms);
    history->lasted_ms += passed_ms > 0 ? passed_ms : 0;
    if (!history->judged)
        history->began_at_ms = now_ms;
    history->judged = true;
    history->judged_at_ms = now_ms;
    pass_minutes(history, now_ms);
}

void history_begin(struct history *history, int64_t now_ms)
{
    if (history == NULL)
        return;
    history->now = CHECK_STARTING;
    pass_until(history, now_ms);
}

void history_add_result(struct history *history, const struct history_result *result)
{
    history->results[history->result_next] = *result;
    history->result_next = (history->result_next + 1) % HISTORY_RESULTS;
    if (history->result_count < HISTORY_RESULTS)
        history->result_count++;
}

void history_add_transition(struct history *history, const struct history_transition *transition)
{
    history->transitions[history->transition_next] = *transition;
    history->transition_next = (history->transition_next + 1) % HISTORY_TRANSITIONS;
    if (history->transition_count < HISTORY_TRANSITIONS)
        history->transition_count++;
}

void history_take(struct history *history, const struct outcome *outcome)
{
    if (history == NULL)
        return;
    history_add_result(history, &(struct history_result){
                                    .at_wall_ms = outcome->observed_at_wall_ms,
                                    .latency_us = outcome->latency_us,
                                    .number = outcome->number,
                                    .status = outcome->status,
                                    .reason = outcome->reason,
                                });
}

bool history_judge(struct history *history, const struct check_verdict *verdict,
                   const char *error_id, struct moment now)
{
    struct history_transition transition;

    if (history == NULL)
        return false;
    pass_until(history, now.boot_ms);
    history->now = verdict->status;
    if (verdict->status == CHECK_STARTING || verdict->status == history->status)
        return false;
    transition = (struct history_transition){
        .at_wall_ms = now.wall_ms,
        .lasted_ms = history->lasted_ms,
        .number = verdict->number,
        .from = history->status,
        .to = verdict->status,
        .reason = verdict->reason,
    };
    (void)snprintf(transition.error_id, sizeof(transition.error_id), "%s", error_id);
    history_add_transition(history, &transition);
    count_change(history);
    history->status = verdict->status;
    history->lasted_ms = 0;
    return true;
}

/* What began after a restart began with the state before it, which may have been the same. */
static void append_transitions(struct history *history, const struct history *later)
{
    for (int age = later->transition_count - 1; age >= 0; age--) {
        struct history_transition next = *history_transition(later, age);

        next.lasted_ms += history->lasted_ms;
        history->lasted_ms = 0;
        if (next.from == CHECK_STARTING)
            next.from = history->status;
        if (next.from == next.to)
            history->lasted_ms = next.lasted_ms;
        else
            history_add_transition(history, &next);
        history->status = next.to;
    }
}

void history_continue(struct history *history, const struct history *before)
{
    struct history whole = *before;

    whole.now = CHECK_STARTING;
    pass_until(&whole, history->began_at_ms);
    uptime_append(&whole.uptime, &history->uptime);
    for (int age = history->result_count - 1; age >= 0; age--)
        history_add_result(&whole, history_result(history, age));
    append_transitions(&whole, history);
    whole.lasted_ms += history->lasted_ms;
    whole.now = history->now;
    whole.open = history->open;
    whole.judged_at_ms = history->judged_at_ms;
    memcpy(whole.changes, history->changes, sizeof(whole.changes));
    whole.changes_minute = history->changes_minute;
    *history = whole;
}

int history_result_count(const struct history *history)
{
    return history == NULL ? 0 : history->result_count;
}

int history_transition_count(const struct history *history)
{
    return history == NULL ? 0 : history->transition_count;
}

const struct history_result *history_result(const struct history *history, int age)
{
    return &history->results[(history->result_next - 1 - age + HISTORY_RESULTS) % HISTORY_RESULTS];
}

const struct history_transition *history_transition(const struct history *history, int age)
{
    return &history->transitions[(history->transition_next - 1 - age + HISTORY_TRANSITIONS)
                                 % HISTORY_TRANSITIONS];
}

int history_changes(const struct history *history)
{
    int64_t ago_ms = history == NULL ? 0 : history->lasted_ms;
    int changes = 0;
    int counted = 0;

    /* Each lies as far back as what came after it has lasted. */
    while (changes < history_transition_count(history) && ago_ms <= CHANGES_WITHIN_MS
           && history_transition(history, changes)->from != CHECK_STARTING)
        ago_ms += history_transition(history, changes++)->lasted_ms;
    if (changes < HISTORY_TRANSITIONS)
        return changes;
    for (int i = 0; i < HISTORY_MINUTES; i++)
        counted += history->changes[i];
    return counted > changes ? counted : changes;
}

struct uptime_share history_uptime(const struct history *history, int hours)
{
    struct uptime_share nothing = { 0 };

    return history == NULL ? nothing : uptime_share(&history->uptime, hours);
}
