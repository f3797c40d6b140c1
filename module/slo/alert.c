/* alert.c - conditions by exact comparison, and the four states. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/alert.h"

#include "slo/budget.h"
#include "slo/slices.h"
#include "slo/wilson.h"

#include <assert.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

/* --- conditions --- */

static bool burns(const struct objective *objective, const struct alert_rule *rule,
                  struct window_sum sum)
{
    return sum.bad > 0
           && fraction_compare(budget_burn_rate(objective->target, sum), rule->threshold) > 0;
}

static bool burn_holds(const struct objective *objective, const struct alert_rule *rule,
                       const struct alert_evidence *evidence)
{
    return burns(objective, rule, evidence->long_sum)
           && (rule->short_minutes == 0 || burns(objective, rule, evidence->short_sum));
}

/* A rolling budget heals while old bad minutes leave it, so the end lies above the beginning.  At a
 * threshold of 0 "nothing left" is 0 itself: strictly less would let an exhausted budget pass. */
static bool budget_holds(const struct objective *objective, const struct alert_rule *rule,
                         const struct alert_evidence *evidence, bool firing)
{
    struct fraction left = budget_remaining(objective->target, evidence->whole);
    int compared = fraction_compare(left, rule->threshold);

    if (firing && fraction_compare(left, rule->clears_at) < 0)
        return true;
    return rule->threshold.numerator == 0 ? compared <= 0 : compared < 0;
}

/* Slices are the events of those who count slices, and parts of them whole slices: a part is no
 * event that could prove anything. */
static struct window_sum evidence_of(const struct objective *objective, struct window_sum sum)
{
    uint64_t unit = objective->budgeting == BUDGETING_RATIO_TIMESLICES ? SLICES_UNIT : 1;

    return (struct window_sum){ sum.total / unit, (sum.bad + unit - 1) / unit };
}

/* Enough events, in all and for this rule, to believe what they say. */
static bool guards_pass(const struct objective *objective, const struct alert_rule *rule,
                        const struct alert_evidence *evidence)
{
    const struct rule_guard *guard = &objective->guard;
    struct window_sum events = evidence_of(objective, evidence->long_sum);

    if (!evidence->enough)
        return false;
    if (rule->kind != RULE_BURN_RATE)
        return true;
    if (events.total < guard->min_events || events.bad < guard->min_bad_events)
        return false;
    return guard->wilson_z.numerator == 0
           || wilson_exceeds(events, objective->target, rule->threshold, guard->wilson_z);
}

/* Time before measuring began is not dark: a new service pages in its first minutes too. */
static bool is_half_dark(const struct alert_rule *rule, const struct alert_evidence *evidence)
{
    int32_t long_minutes =
        rule->kind == RULE_BURN_RATE ? rule->long_minutes : (int32_t)ALERT_SIGHT_MINUTES;

    return 2 * evidence->long_dark_minutes > long_minutes
           || 2 * evidence->short_dark_minutes > rule->short_minutes;
}

enum alert_condition alert_judge(const struct objective *objective, const struct alert_rule *rule,
                                 const struct alert_evidence *evidence, bool firing,
                                 enum alert_frozen *ret_frozen)
{
    bool holds;

    *ret_frozen = evidence->blind;
    /* Where time that nobody watched counts as bad, the dark itself is what is known. */
    if (evidence->blind == ALERT_JUDGED && objective->unwatched != UNWATCHED_BAD
        && is_half_dark(rule, evidence))
        *ret_frozen = ALERT_FROZEN_DARK;
    if (*ret_frozen != ALERT_JUDGED)
        return ALERT_UNKNOWN;
    holds = rule->kind == RULE_BURN_RATE ? burn_holds(objective, rule, evidence)
                                         : budget_holds(objective, rule, evidence, firing);
    if (holds && !firing)
        holds = guards_pass(objective, rule, evidence);
    return holds ? ALERT_TRUE : ALERT_FALSE;
}

/* --- states --- */

static void enter(struct alert *alert, enum alert_state state, int64_t now_ms)
{
    alert->state = state;
    alert->since_ms = now_ms;
    if (state == ALERT_FIRING)
        alert->fired_at_ms = now_ms;
    if (state == ALERT_RESOLVED)
        alert->resolved_at_ms = now_ms;
}

static enum alert_state next_state(const struct alert *alert, const struct alert_rule *rule,
                                   bool holds, int64_t now_ms)
{
    int64_t lasted_ms = now_ms - alert->since_ms;

    switch (alert->state) {
    case ALERT_PENDING:
        if (!holds)
            return ALERT_INACTIVE;
        return lasted_ms >= (int64_t)rule->for_minutes * MINUTE_MS ? ALERT_FIRING : ALERT_PENDING;
    case ALERT_FIRING:
        return holds ? ALERT_FIRING : ALERT_RESOLVED;
    case ALERT_RESOLVED:
        if (!holds)
            return lasted_ms >= ALERT_REMEMBERS_MS ? ALERT_INACTIVE : ALERT_RESOLVED;
        break;
    case ALERT_INACTIVE:
        if (!holds)
            return ALERT_INACTIVE;
        break;
    }
    return rule->for_minutes > 0 ? ALERT_PENDING : ALERT_FIRING;
}

bool alert_step(struct alert *alert, const struct alert_rule *rule, enum alert_condition condition,
                int64_t now_ms)
{
    enum alert_state next;

    if (condition == ALERT_UNKNOWN)
        return false;
    /* The clock was set back: nothing can have lasted since the future. */
    if (alert->since_ms > now_ms)
        alert->since_ms = now_ms;
    next = next_state(alert, rule, condition == ALERT_TRUE, now_ms);
    if (next == alert->state)
        return false;
    enter(alert, next, now_ms);
    return true;
}

bool alert_turn(struct alert *alert, const struct objective *objective,
                const struct alert_rule *rule, const struct alert_evidence *evidence,
                int64_t now_ms)
{
    bool was_frozen = alert->frozen != ALERT_JUDGED;
    enum alert_condition condition =
        alert_judge(objective, rule, evidence, alert->state == ALERT_FIRING, &alert->frozen);

    /* Time in the dark is no evidence that a condition has lasted. */
    if (was_frozen && condition == ALERT_TRUE && alert->state == ALERT_PENDING)
        alert->since_ms = now_ms;
    return alert_step(alert, rule, condition, now_ms);
}

/* --- one incident, one page --- */

static bool speaks(const struct alert_case *other, const struct alert_case *mine, int64_t now_ms)
{
    int64_t quiet_ms = (int64_t)mine->rule->short_minutes * MINUTE_MS;

    return other->alert->state == ALERT_FIRING
           || (other->alert->state == ALERT_RESOLVED
               && now_ms - other->alert->resolved_at_ms < quiet_ms);
}

bool alert_is_stricter(const struct objective *a, const struct objective *b)
{
    int compared = fraction_compare(a->target, b->target);

    return compared != 0 ? compared > 0 : strcmp(a->name, b->name) < 0;
}

static bool share_incidents(const struct objective *a, const struct objective *b)
{
    return a->indicator == b->indicator && strcmp(a->service, b->service) == 0;
}

bool alert_suppresses(const struct alert_case *other, const struct alert_case *mine, int64_t now_ms)
{
    if (!speaks(other, mine, now_ms))
        return false;
    if (other->objective == mine->objective)
        return other->rule->tier > 0 && other->rule->tier < mine->rule->tier;
    return other->rule->kind == RULE_BURN_RATE && mine->rule->kind == RULE_BURN_RATE
           && share_incidents(other->objective, mine->objective)
           && alert_is_stricter(other->objective, mine->objective)
           && other->rule->severity >= mine->rule->severity;
}

/* --- words --- */

static const char *const states[] = {
    [ALERT_INACTIVE] = "inactive",
    [ALERT_PENDING] = "pending",
    [ALERT_FIRING] = "firing",
    [ALERT_RESOLVED] = "resolved",
};

const char *alert_state_text(enum alert_state state)
{
    return states[state];
}

bool alert_state_parse(const char *text, enum alert_state *ret)
{
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        if (strcmp(states[i], text) == 0) {
            *ret = (enum alert_state)i;
            return true;
        }
    }
    return false;
}

const char *alert_frozen_text(enum alert_frozen frozen)
{
    static const char *const texts[] = {
        [ALERT_JUDGED] = "",
        [ALERT_FROZEN_DARK] = "more than half of its window was watched by nobody",
        [ALERT_FROZEN_LEDGER] = "the ledger is out of reach",
        [ALERT_FROZEN_CLOCK] = "the wall clock was set: waiting for events that agree with it",
        [ALERT_FROZEN_PROMISED] = "nobody is watching the log",
        [ALERT_FROZEN_MAINTENANCE] = "the service is in maintenance",
    };

    return texts[frozen];
}
