/* overview.c - what follows from the checks for readiness, startup and liveness. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/overview.h"

#include <string.h>

enum { LOOK_APART_MS = 1000 };

void overview_init(struct overview *overview, const struct config *config, struct moment now)
{
    overview->config = config;
    overview->started = now;
    for (int i = 0; i < config->check_count; i++)
        check_state_init(&overview->checks[i], &config->checks[i], now);
    (void)overview_judge(overview, now, false);
}

const struct check_state *overview_app(const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        const struct check_config *check = &overview->config->checks[i];

        /* An address that can't be used leaves liveness where it is without one: restarting the
         * container would correct nothing. */
        if (check->kind == CHECK_HTTP && strcmp(check->name, "app") == 0)
            return check->not_configured || check->misconfigured != NULL ? NULL
                                                                         : &overview->checks[i];
    }
    return NULL;
}

void overview_take(struct overview *overview, const struct outcome *outcome)
{
    const struct check_state *app = overview_app(overview);
    struct check_state *state = NULL;

    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview->config->checks[i].id == outcome->check)
            state = &overview->checks[i];
    }
    if (state == NULL)
        return;
    check_state_take(state, outcome);
    if (state == app)
        overview->app_answered = overview->app_answered || outcome->status != OUTCOME_ERROR
                                 || (outcome->has_facts && outcome->facts.http.http_status > 0);
}

void overview_look_at_front(struct overview *overview, int64_t beat_ms, int64_t now_ms)
{
    bool late = beat_ms != 0 && now_ms - beat_ms > OVERVIEW_FRONT_STALL_MS;

    if (now_ms - overview->front_looked_at_ms < LOOK_APART_MS)
        return;
    overview->front_stalled = late && overview->front_late;
    overview->front_late = late;
    overview->front_looked_at_ms = now_ms;
}

static enum liveness judge_liveness(const struct overview *overview)
{
    const struct check_state *app = overview_app(overview);

    if (overview->front_stalled)
        return LIVENESS_FRONT_STALLED;
    if (app == NULL)
        return LIVENESS_OK;
    if (!overview->app_answered)
        return LIVENESS_STARTING;
    return app->consecutive_failures >= OVERVIEW_APP_FAILURES ? LIVENESS_APP_FAILED : LIVENESS_OK;
}

static bool all_settled(const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (!check_state_settled(&overview->checks[i]))
            return false;
    }
    return true;
}

static bool all_pass(const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (!check_state_passes(&overview->checks[i], overview->now.boot_ms))
            return false;
    }
    return overview->config->check_count > 0 || overview->config->require_none;
}

/* The application must have passed once; an address that can't be used never does. */
static bool app_has_passed(const struct overview *overview)
{
    const struct check_state *app = overview_app(overview);

    if (app == NULL)
        return config_check(overview->config, "app") == NULL;
    return app->verdict.status == CHECK_OK || app->verdict.status == CHECK_DEGRADED;
}

bool overview_judge(struct overview *overview, struct moment now, bool draining)
{
    bool changed = false;
    bool was_ready = overview->ready;
    bool was_started_up = overview->started_up;
    bool was_draining = overview->draining;
    enum liveness was = overview->liveness;

    overview->now = now;
    for (int i = 0; i < overview->config->check_count; i++)
        changed = check_state_judge(&overview->checks[i], now) || changed;
    overview->draining = overview->draining || draining;
    overview->first_round_done = overview->first_round_done || all_settled(overview);
    overview->started_up =
        overview->started_up || (overview->first_round_done && app_has_passed(overview));
    overview->ready = !overview->draining && overview->first_round_done && all_pass(overview);
    overview->liveness = judge_liveness(overview);
    return changed || overview->ready != was_ready || overview->started_up != was_started_up
           || overview->draining != was_draining || overview->liveness != was;
}

bool overview_degraded(const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview->checks[i].verdict.status != CHECK_OK)
            return true;
    }
    return false;
}
