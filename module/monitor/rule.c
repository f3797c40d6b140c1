/* rule.c - who it is, what was seen, and what follows. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/rule.h"

#include "monitor/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PART_BYTES = 80, DURATION_BYTES = 32 };

/* Seconds where they are whole, else milliseconds. */
static void put_duration(int64_t duration_ms, char text[DURATION_BYTES])
{
    if (duration_ms % 1000 == 0)
        (void)snprintf(text, DURATION_BYTES, "%" PRId64 "s", duration_ms / 1000);
    else
        (void)snprintf(text, DURATION_BYTES, "%" PRId64 "ms", duration_ms);
}

/* As a person says it: seconds, once there are some. */
static void say_duration(int64_t duration_ms, char text[DURATION_BYTES])
{
    if (duration_ms >= 10000)
        (void)snprintf(text, DURATION_BYTES, "%" PRId64 " s", duration_ms / 1000);
    else
        (void)snprintf(text, DURATION_BYTES, "%" PRId64 " ms", duration_ms);
}

/* The conditions under which it counts. */
static void put_terms(const struct check_config *check, int group, char text[PART_BYTES])
{
    char duration[DURATION_BYTES];

    put_duration(check->fail_after_ms, duration);
    if (check->not_configured)
        (void)snprintf(text, PART_BYTES, "required");
    else if (check->policy == CHECK_POLICY_DEGRADE)
        (void)snprintf(text, PART_BYTES, "degrade");
    else if (!check->critical)
        (void)snprintf(text, PART_BYTES, "not critical");
    else if (group == GROUP_LIVENESS)
        (void)snprintf(text, PART_BYTES, "critical, after %d failures", OVERVIEW_LIVENESS_FAILURES);
    else if (check->policy == CHECK_POLICY_FAIL_AFTER)
        (void)snprintf(text, PART_BYTES, "critical, fail_after=%s", duration);
    else
        (void)snprintf(text, PART_BYTES, "critical, fail");
}

static void put_streak(const struct check_state *state, char text[PART_BYTES])
{
    const struct hysteresis *hysteresis = &state->hysteresis;
    bool up = hysteresis->state == HYSTERESIS_UP;

    if (hysteresis->streak > 0)
        (void)snprintf(text, PART_BYTES, "%d of %d %s in a row", hysteresis->streak,
                       up ? hysteresis->fall : hysteresis->rise, up ? "failures" : "successes");
    else if (up)
        (void)snprintf(text, PART_BYTES, "%s", check_status_text(state->verdict.status));
    else if (state->consecutive_failures <= hysteresis->fall)
        (void)snprintf(text, PART_BYTES, "%" PRId64 " of %d failures", state->consecutive_failures,
                       hysteresis->fall);
    else
        (void)snprintf(text, PART_BYTES, "%" PRId64 " failures, %d suffice",
                       state->consecutive_failures, hysteresis->fall);
}

/* Under `fail_after` it is the time that decides. */
static void put_trouble(const struct check_state *state, int64_t now_ms, char text[PART_BYTES])
{
    size_t length = strlen(text);
    char passed[DURATION_BYTES];
    char allowed[DURATION_BYTES];

    if (state->config->policy != CHECK_POLICY_FAIL_AFTER || !state->config->critical
        || state->trouble_since_ms == 0)
        return;
    say_duration(now_ms - state->trouble_since_ms, passed);
    say_duration(state->config->fail_after_ms, allowed);
    (void)snprintf(text + length, PART_BYTES - length, ", down for %s of %s", passed, allowed);
}

/* What speaks for it and against it. */
static void put_evidence(const struct check_state *state, int group, char text[PART_BYTES])
{
    switch (state->verdict.status) {
    case CHECK_NOT_CONFIGURED:
        (void)snprintf(text, PART_BYTES, "PROBITY_REQUIRE names it and nothing sets it");
        return;
    case CHECK_STALE:
        (void)snprintf(text, PART_BYTES, "no result for %" PRId64 " ms, %" PRId64 " ms are allowed",
                       state->verdict.silent_ms, check_state_max_age_ms(state));
        return;
    case CHECK_STARTING:
        (void)snprintf(text, PART_BYTES, "no verdict yet");
        return;
    case CHECK_PAUSED:
        (void)snprintf(text, PART_BYTES, "nobody has asked, so nobody has looked");
        return;
    case CHECK_OK:
    case CHECK_DEGRADED:
    case CHECK_ERROR:
        break;
    }
    if (state->config->misconfigured != NULL)
        (void)snprintf(text, PART_BYTES, "its configuration can't be used");
    else if (group == GROUP_LIVENESS && state->consecutive_failures > 0)
        (void)snprintf(text, PART_BYTES, "%" PRId64 " in a row", state->consecutive_failures);
    else
        put_streak(state, text);
}

/* Liveness and startup have rules of their own. */
static bool is_by_policy(int group)
{
    return group == GROUP_READINESS || group >= GROUP_NAMED;
}

/* Startup waits for a first verdict of everybody, and for its members to have passed once. */
static bool passes_startup(const struct view *view, int check)
{
    const struct check_state *state = &view->overview->checks[check];

    if (view->overview->started_up)
        return true;
    return overview_in_group(view->overview, check, GROUP_STARTUP) ? state->has_passed
                                                                   : check_state_settled(state);
}

static bool passes_liveness(const struct view *view, int check)
{
    const struct check_state *state = &view->overview->checks[check];

    return !state->config->critical || state->config->policy == CHECK_POLICY_DEGRADE
           || state->consecutive_failures < OVERVIEW_LIVENESS_FAILURES;
}

static bool passes(const struct view *view, int check, int group)
{
    if (group == GROUP_STARTUP || group == SUMMARY_ALL)
        return passes_startup(view, check);
    if (group == GROUP_LIVENESS)
        return passes_liveness(view, check);
    return overview_check_passes(view->overview, check, group);
}

static const char *failing_word(int group)
{
    if (group == GROUP_LIVENESS)
        return "fail";
    return group == GROUP_STARTUP || group == SUMMARY_ALL ? "starting" : "not ready";
}

static void put_effect(const struct view *view, int check, int group, char text[PART_BYTES])
{
    const struct check_state *state = &view->overview->checks[check];
    int64_t now_ms = view->overview->now.boot_ms;
    char duration[DURATION_BYTES];

    if (!passes(view, check, group))
        (void)snprintf(text, PART_BYTES, "%s", failing_word(group));
    else if (is_by_policy(group) && check_state_rule(state, now_ms) == CHECK_RULE_NOT_YET_AFTER) {
        say_duration(state->config->fail_after_ms - (now_ms - state->trouble_since_ms), duration);
        (void)snprintf(text, PART_BYTES, "passes for %s more", duration);
    } else if (is_by_policy(group) && !check_state_passes(state, now_ms))
        (void)snprintf(text, PART_BYTES, "passes until then: it is new here");
    else
        (void)snprintf(text, PART_BYTES, "passes");
}

void rule_text(const struct view *view, int check, int group, char text[RULE_TEXT_BYTES])
{
    const struct check_state *state = &view->overview->checks[check];
    char terms[PART_BYTES];
    char evidence[PART_BYTES];
    char effect[PART_BYTES];

    if (view->too_old) {
        (void)snprintf(text, RULE_TEXT_BYTES, "nobody judges it any more");
        return;
    }
    put_terms(state->config, group, terms);
    put_evidence(state, group, evidence);
    if (is_by_policy(group))
        put_trouble(state, view->overview->now.boot_ms, evidence);
    put_effect(view, check, group, effect);
    (void)snprintf(text, RULE_TEXT_BYTES, "%.40s: %.79s -> %.48s", terms, evidence, effect);
}
