/* summary.c - the words for what the overview has judged. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    RETRY_STARTING_SECONDS = 1, /* a first round takes about that */
    RETRY_FAILING_SECONDS = 5,  /* `rise` looks after a dependency is back */
};

struct check_verdict render_verdict(const struct view *view, int check)
{
    if (view->too_old)
        return (struct check_verdict){ .status = CHECK_STALE, .silent_ms = OVERVIEW_MAX_AGE_MS };
    return view->overview->checks[check].verdict;
}

int64_t render_drain_left_ms(const struct overview *overview)
{
    int64_t until_ms = overview->drain.until_boot_ms;

    if (until_ms == 0)
        return -1;
    return until_ms > overview->now.boot_ms ? until_ms - overview->now.boot_ms : 0;
}

/* Whether what was seen last is not too long ago to be told as if it were so now. */
static bool last_holds(const struct view *view, int check)
{
    enum check_status status = render_verdict(view, check).status;

    return status != CHECK_STALE && status != CHECK_PAUSED;
}

bool render_facts_hold(const struct view *view, int check)
{
    const struct check_state *state = &view->overview->checks[check];

    return state->has_last && state->last.has_facts && last_holds(view, check);
}

bool render_tls_holds(const struct view *view, int check)
{
    const struct check_state *state = &view->overview->checks[check];

    return state->has_last && state->last.tls.expires_at_s != 0 && last_holds(view, check);
}

__attribute__((format(printf, 2, 3))) static void give_reason(struct summary *summary,
                                                              const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(summary->reason, sizeof(summary->reason), format, args);
    va_end(args);
}

/* No rule has decided: there was nobody to follow one. */
static void explain_too_old(struct summary *summary)
{
    summary->rule = "";
    give_reason(summary, "the thread that judges health has stopped: nothing is known since the "
                         "time in timestamp");
}

bool summary_shows(const struct summary *summary, const struct view *view, int check)
{
    if (summary->only != SUMMARY_ALL)
        return check == summary->only;
    return summary->group == SUMMARY_ALL
           || overview_in_group(view->overview, check, summary->group);
}

bool summary_is_well(const struct summary *summary, const struct view *view)
{
    for (int i = 0; i < view->overview->config->check_count; i++) {
        if (summary_shows(summary, view, i) && render_verdict(view, i).status != CHECK_OK)
            return false;
    }
    return summary->passes;
}

void summary_head(const struct summary *summary, struct page_text *text)
{
    text->status = summary->passes ? 200 : 503;
    text->retry_after_seconds = summary->passes ? 0 : summary->retry_after_seconds;
    text->vary_accept = true;
}

/* --- liveness --- */

static void blame_check(struct summary *summary, const char *who, const struct check_state *state)
{
    char why[REASON_TEXT_BYTES];

    reason_text(state->last.reason, state->last.number, why);
    give_reason(summary, "%s failed %" PRId64 " times in a row: %s", who,
                state->consecutive_failures, why);
}

static void explain_liveness(const struct overview *overview, struct summary *summary)
{
    const struct check_state *app = overview_app(overview);
    const struct check_state *member;
    char who[64];

    switch (overview->liveness) {
    case LIVENESS_APP_FAILED:
        if (app != NULL)
            blame_check(summary, "the application", app);
        return;
    case LIVENESS_CHECK_FAILED:
        member = &overview->checks[overview->liveness_check];
        (void)snprintf(who, sizeof(who), "check %s", member->config->name);
        blame_check(summary, who, member);
        return;
    case LIVENESS_FRONT_STALLED:
        give_reason(summary, "the thread that answers requests has stopped");
        return;
    case LIVENESS_STARTING:
        summary->rule = "the application has not answered yet";
        return;
    case LIVENESS_OK:
        break;
    }
    summary->rule = "the threads that judge and answer turn, and no member has failed 3 times in a "
                    "row";
}

void summary_of_health(const struct view *view, struct summary *ret)
{
    enum liveness liveness = view->overview->liveness;
    bool starting = !view->too_old && liveness == LIVENESS_STARTING;

    *ret = (struct summary){
        .status = "fail", .rule = "", .group = GROUP_LIVENESS, .only = SUMMARY_ALL
    };
    ret->retry_after_seconds = starting ? RETRY_STARTING_SECONDS : RETRY_FAILING_SECONDS;
    if (view->too_old) {
        explain_too_old(ret);
        return;
    }
    ret->passes = liveness == LIVENESS_OK;
    if (ret->passes || starting)
        ret->status = starting ? "starting" : "ok";
    explain_liveness(view->overview, ret);
}

/* --- readiness and named groups --- */

/* What can't be looked at passes when a person has corrected the configuration, and not before. */
static bool waits_for_person(const struct overview *overview, int check)
{
    const struct check_config *config = &overview->config->checks[check];

    return config->not_configured || config->misconfigured != NULL;
}

/* Whether the group does not pass before that. */
static bool group_waits_for_person(const struct overview *overview, int group)
{
    int members = 0;

    for (int i = 0; i < overview->config->check_count; i++) {
        if (!overview_in_group(overview, i, group))
            continue;
        members++;
        if (waits_for_person(overview, i)
            && (group == GROUP_STARTUP || !overview_check_passes(overview, i, group)))
            return true;
    }
    return members == 0 && group != GROUP_STARTUP;
}

static bool is_judged(const struct overview *overview, int group)
{
    if (group == GROUP_READINESS)
        return overview->ready_round_done;
    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview_in_group(overview, i, group) && !check_state_settled(&overview->checks[i]))
            return false;
    }
    return true;
}

/* The asking has ended it: who asks next is told the truth. */
static void explain_pause(const struct overview *overview, struct summary *ret)
{
    ret->status = "paused";
    ret->rule = "";
    ret->retry_after_seconds = RETRY_STARTING_SECONDS;
    give_reason(ret,
                "nobody had asked for %" PRId64 " s, so nobody has looked since: asking has woken "
                "the checks, ask again",
                overview->pause.quiet_ms / 1000);
}

/* By the members alone. */
static void judge_members(const struct view *view, int group, struct summary *ret)
{
    const struct overview *overview = view->overview;
    bool judged = is_judged(overview, group);

    ret->passes = !view->too_old && overview_group_passes(overview, group);
    ret->status = ret->passes ? "ready" : "not_ready";
    ret->rule = ret->passes ? "every member passes"
                : judged    ? "a member does not pass"
                            : "the first round of the members is not over";
    if (!group_waits_for_person(overview, group))
        ret->retry_after_seconds = judged ? RETRY_FAILING_SECONDS : RETRY_STARTING_SECONDS;
    if (!ret->passes && !view->too_old && overview_group_paused(overview, group))
        explain_pause(overview, ret);
}

void summary_of_group(const struct view *view, struct summary *ret)
{
    *ret = (struct summary){ .group = view->which, .only = SUMMARY_ALL };
    judge_members(view, view->which, ret);
    if (view->too_old)
        explain_too_old(ret);
}

/* Draining ends with the process, and nobody can say when an open end comes. */
static int seconds_until(int64_t until_wall_ms, int64_t now_wall_ms)
{
    int64_t left_s = (until_wall_ms - now_wall_ms + 999) / 1000;

    return until_wall_ms == 0 || left_s > INT32_MAX ? 0 : left_s < 1 ? 1 : (int)left_s;
}

/* Every member passes, and only time is missing. */
static void explain_unsteady(const struct overview *overview, struct summary *ret)
{
    if (overview->steady || !overview_group_passes(overview, GROUP_READINESS))
        return;
    ret->status = "not_ready";
    ret->rule = "every member passes, but not for long enough yet";
    ret->retry_after_seconds = RETRY_STARTING_SECONDS;
    give_reason(ret, "everything passes, but not yet for %" PRId64 " ms (PROBITY_READY_AFTER)",
                overview->config->ready_after_ms);
}

static void explain_orders(const struct overview *overview, struct summary *ret)
{
    const struct maintenance *maintenance = &overview->maintenance;

    if (overview->draining) {
        ret->status = "draining";
        ret->retry_after_seconds = 0;
        ret->rule = "draining: no check undoes it";
        give_reason(ret, "%s",
                    overview->drain.reason[0] != '\0' ? overview->drain.reason
                                                      : "the process has been told to end");
    } else if (overview_maintenance_drains(overview)) {
        ret->status = "maintenance";
        ret->retry_after_seconds = seconds_until(maintenance->until_wall_ms, overview->now.wall_ms);
        ret->rule = "maintenance with drain: no check undoes it";
        give_reason(ret, "%s", maintenance->reason);
    }
}

static void explain_no_members(const struct overview *overview, struct summary *ret)
{
    if (overview->pause.on)
        return;
    for (int i = 0; i < overview->config->check_count; i++) {
        if (overview_in_group(overview, i, GROUP_READINESS))
            return;
    }
    ret->rule = overview->config->require_none ? "PROBITY_REQUIRE=none: ready without a check" : "";
    if (!overview->config->require_none && overview->config->check_count == 0)
        give_reason(ret, "no check is configured: set DATABASE_URL, REDIS_URL, CELERY_BROKER_URL "
                         "or PROBITY_APP, or PROBITY_REQUIRE=none if that is meant");
    else if (!overview->config->require_none)
        give_reason(ret, "no check is a member of readiness: name it among the groups of one, or "
                         "set PROBITY_REQUIRE=none if that is meant");
}

void summary_of_ready(const struct view *view, struct summary *ret)
{
    *ret = (struct summary){ .group = GROUP_READINESS, .only = SUMMARY_ALL };
    judge_members(view, GROUP_READINESS, ret);
    explain_no_members(view->overview, ret);
    explain_unsteady(view->overview, ret);
    explain_orders(view->overview, ret);
    ret->passes = view->overview->ready && !view->too_old;
    if (view->too_old)
        explain_too_old(ret);
}

/* --- the others --- */

void summary_of_startup(const struct view *view, struct summary *ret)
{
    bool started = view->overview->started_up && !view->too_old;

    *ret = (struct summary){
        .status = started ? "started" : "starting",
        .passes = started,
        .rule = started ? "every check has been judged, and every member of startup has passed once"
                        : "a check has not been judged yet, or a member of startup has not passed",
        .retry_after_seconds =
            group_waits_for_person(view->overview, GROUP_STARTUP) ? 0 : RETRY_STARTING_SECONDS,
        .group = SUMMARY_ALL,
        .only = SUMMARY_ALL,
    };
    if (view->too_old)
        explain_too_old(ret);
}

/* By the checks alone: a process that drains is not ill. */
void summary_of_detailed(const struct view *view, struct summary *ret)
{
    const struct overview *overview = view->overview;
    bool ready = overview_group_passes(overview, GROUP_READINESS);
    bool healthy = !view->too_old && ready && overview->liveness == LIVENESS_OK;
    bool waits = !ready && group_waits_for_person(overview, GROUP_READINESS);
    bool paused = !ready && overview_group_paused(overview, GROUP_READINESS);

    *ret = (struct summary){
        .status = !healthy                      ? "unhealthy"
                  : overview_degraded(overview) ? "degraded"
                                                : "healthy",
        .passes = healthy,
        .rule = "",
        .retry_after_seconds = waits ? 0 : RETRY_FAILING_SECONDS,
        .group = SUMMARY_ALL,
        .only = SUMMARY_ALL,
        .detailed = true,
    };
    if (view->too_old)
        explain_too_old(ret);
    else if (paused)
        explain_pause(overview, ret);
}

/* One component alone: 503 where it takes something away. */
void summary_of_component(const struct view *view, struct summary *ret)
{
    const struct check_state *state = &view->overview->checks[view->which];
    struct check_verdict verdict = render_verdict(view, view->which);

    *ret = (struct summary){
        .status = check_status_text(verdict.status),
        .passes = !view->too_old && check_state_passes(state, view->overview->now.boot_ms),
        .rule = "",
        .retry_after_seconds = waits_for_person(view->overview, view->which) ? 0
                               : verdict.status == CHECK_PAUSED ? RETRY_STARTING_SECONDS
                                                                : RETRY_FAILING_SECONDS,
        .group = SUMMARY_ALL,
        .only = view->which,
        .detailed = true,
    };
    if (verdict.status != CHECK_OK && verdict.status != CHECK_NOT_CONFIGURED)
        check_verdict_why(&verdict, ret->reason);
}
