/* overview.c - what follows from the checks for readiness, startup and liveness. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/overview.h"

#include <string.h>

enum { LOOK_APART_MS = 1000 };

void overview_start_check(struct overview *overview, int check, const struct check_config *config,
                          struct moment now)
{
    check_state_init(&overview->checks[check], config, now);
    overview->checks[check].history = annals_open(&overview->annals, config->name, now.boot_ms);
    if (overview->checks[check].history == NULL)
        overview->histories_refused++;
}

void overview_init(struct overview *overview, const struct config *config, struct moment now)
{
    overview->config = config;
    overview->started = now;
    for (int i = 0; i < config->check_count; i++)
        overview_start_check(overview, i, &config->checks[i], now);
    (void)overview_judge(overview, now);
}

void overview_done(struct overview *overview)
{
    annals_done(&overview->annals);
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
    int check = config_check_of_id(overview->config, outcome->check);

    if (check < 0 || overview_is_from_before(overview, outcome))
        return;
    check_state_take(&overview->checks[check], outcome);
    if (&overview->checks[check] == overview_app(overview))
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

bool overview_in_group(const struct overview *overview, int check, int group)
{
    return (overview->config->checks[check].groups >> group & 1U) != 0;
}

/* Whether the application has still to answer, or has stopped doing so. */
static enum liveness judge_app(const struct overview *overview)
{
    const struct check_state *app = overview_app(overview);

    if (app == NULL || !overview_in_group(overview, (int)(app - overview->checks), GROUP_LIVENESS))
        return LIVENESS_OK;
    if (!overview->app_answered)
        return LIVENESS_STARTING;
    return app->consecutive_failures >= OVERVIEW_LIVENESS_FAILURES ? LIVENESS_APP_FAILED
                                                                   : LIVENESS_OK;
}

/* A member that failed several times in a row, whatever its own `fall` is; -1: none.  A policy that
 * makes its errors change nothing holds here too. */
static int failed_member(const struct overview *overview)
{
    const struct check_state *app = overview_app(overview);

    for (int i = 0; i < overview->config->check_count; i++) {
        const struct check_state *state = &overview->checks[i];

        if (state != app && overview_in_group(overview, i, GROUP_LIVENESS)
            && state->config->critical && state->config->policy != CHECK_POLICY_DEGRADE
            && state->consecutive_failures >= OVERVIEW_LIVENESS_FAILURES)
            return i;
    }
    return -1;
}

static enum liveness judge_liveness(struct overview *overview)
{
    enum liveness of_app = judge_app(overview);

    if (overview->front_stalled)
        return LIVENESS_FRONT_STALLED;
    if (of_app != LIVENESS_OK)
        return of_app;
    overview->liveness_check = failed_member(overview);
    return overview->liveness_check < 0 ? LIVENESS_OK : LIVENESS_CHECK_FAILED;
}

/* Whether every check, or every one of a group, has been judged once. */
static bool all_settled(const struct overview *overview, uint32_t groups)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if ((overview->config->checks[i].groups & groups) != 0
            && !check_state_settled(&overview->checks[i])
            && (overview->checks[i].excused & groups) == 0)
            return false;
    }
    return true;
}

bool overview_check_passes(const struct overview *overview, int check, int group)
{
    const struct check_state *state = &overview->checks[check];

    return check_state_passes(state, overview->now.boot_ms)
           || (state->verdict.status == CHECK_STARTING && (state->excused >> group & 1U) != 0);
}

static bool members_pass(const struct overview *overview, int group)
{
    int members = 0;

    if (overview->pause.on)
        return false;
    for (int i = 0; i < overview->config->check_count; i++) {
        if (!overview_in_group(overview, i, group))
            continue;
        members++;
        if (!overview_check_passes(overview, i, group))
            return false;
    }
    return members > 0 || (group == GROUP_READINESS && overview->config->require_none);
}

/* The application, and who else is a member, must have passed once; an address that can't be used
 * never does. */
static bool members_have_passed(const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview_in_group(overview, i, GROUP_STARTUP) && !overview->checks[i].has_passed)
            return false;
    }
    return true;
}

static void judge_groups(struct overview *overview)
{
    uint32_t passing = 0;

    overview->first_round_done = overview->first_round_done || all_settled(overview, UINT32_MAX);
    overview->ready_round_done =
        overview->ready_round_done || all_settled(overview, 1U << GROUP_READINESS);
    overview->started_up =
        overview->started_up || (overview->first_round_done && members_have_passed(overview));
    overview->liveness = judge_liveness(overview);
    if (overview->liveness == LIVENESS_OK)
        passing |= 1U << GROUP_LIVENESS;
    if (overview->started_up)
        passing |= 1U << GROUP_STARTUP;
    if (overview->ready_round_done && members_pass(overview, GROUP_READINESS))
        passing |= 1U << GROUP_READINESS;
    for (int group = GROUP_NAMED; group < overview->config->group_count; group++) {
        if (members_pass(overview, group))
            passing |= 1U << group;
    }
    overview->groups_passing = passing;
}

int64_t overview_steady_at_ms(const struct overview *overview)
{
    if (overview->steady || overview->steady_since_ms == 0)
        return INT64_MAX;
    return overview->steady_since_ms + overview->config->ready_after_ms;
}

/* Whether readiness has passed for as long as it must before the first 200: whoever switches at
 * that one never asks again. */
static void judge_steadiness(struct overview *overview)
{
    int64_t now_ms = overview->now.boot_ms;

    if (!overview_group_passes(overview, GROUP_READINESS))
        overview->steady_since_ms = 0;
    else if (overview->steady_since_ms == 0)
        overview->steady_since_ms = now_ms;
    overview->steady = overview->steady || now_ms >= overview_steady_at_ms(overview);
}

bool overview_group_passes(const struct overview *overview, int group)
{
    return (overview->groups_passing >> group & 1U) != 0;
}

bool overview_maintenance_drains(const struct overview *overview)
{
    return overview->maintenance_in_force && overview->maintenance.drain;
}

/* What every page shows, ages and numbers apart. */
struct shown {
    uint32_t groups_passing;
    enum liveness liveness;
    int liveness_check;
    bool ready;
    bool in_force;
};

static struct shown shown_of(const struct overview *overview)
{
    return (struct shown){
        .groups_passing = overview->groups_passing,
        .liveness = overview->liveness,
        .liveness_check = overview->liveness_check,
        .ready = overview->ready,
        .in_force = overview->maintenance_in_force,
    };
}

static bool shown_differs(const struct shown *a, const struct shown *b)
{
    return a->groups_passing != b->groups_passing || a->liveness != b->liveness
           || a->liveness_check != b->liveness_check || a->ready != b->ready
           || a->in_force != b->in_force;
}

bool overview_judge(struct overview *overview, struct moment now)
{
    struct shown before = shown_of(overview);
    struct shown after;
    bool changed = overview->ordered;

    overview->ordered = false;
    overview->now = now;
    for (int i = 0; i < overview->config->check_count; i++)
        changed = check_state_judge(&overview->checks[i], now) || changed;
    overview->maintenance_in_force = maintenance_in_force(&overview->maintenance, now.wall_ms);
    judge_groups(overview);
    judge_steadiness(overview);
    overview->ready = overview->steady && !overview->draining
                      && !overview_maintenance_drains(overview)
                      && overview_group_passes(overview, GROUP_READINESS);
    after = shown_of(overview);
    return changed || shown_differs(&before, &after);
}

void overview_drain(struct overview *overview, const struct drain *drain, struct moment now)
{
    int64_t *until_ms = &overview->drain.until_boot_ms;

    overview->ordered = true;
    if (!overview->draining) {
        overview->draining = true;
        overview->draining_since = now;
        overview->drain = *drain;
    } else if (drain->until_boot_ms != 0 && (*until_ms == 0 || drain->until_boot_ms < *until_ms)) {
        *until_ms = drain->until_boot_ms;
    }
}

/* A row of the ledger keeps its id when it is corrected. */
static bool maintenance_equals(const struct maintenance *a, const struct maintenance *b)
{
    if (!a->on && !b->on)
        return true;
    return a->on == b->on && a->drain == b->drain && a->since_wall_ms == b->since_wall_ms
           && a->until_wall_ms == b->until_wall_ms && strcmp(a->id, b->id) == 0
           && strcmp(a->reason, b->reason) == 0 && strcmp(a->who, b->who) == 0;
}

void overview_maintain(struct overview *overview, const struct maintenance *maintenance)
{
    overview->maintenance_told = true;
    if (maintenance_equals(&overview->maintenance, maintenance))
        return;
    overview->ordered = true;
    overview->maintenances++;
    overview->maintenance = *maintenance;
}

bool overview_degraded(const struct overview *overview)
{
    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview->checks[i].verdict.status != CHECK_OK)
            return true;
    }
    return false;
}
