/* state.c - one check: results through the hysteresis, age above all. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/state.h"

#include "base/random.h"
#include "monitor/history.h"

#include <stdio.h>
#include <string.h>

/* Beyond the time of one look: the pause before the next one, and a machine that is busy starting.
 */
enum { FIRST_VERDICT_MS = 4000 };

static bool can_be_looked_at(const struct check_state *state)
{
    return !state->config->not_configured && state->config->misconfigured == NULL;
}

void check_state_init(struct check_state *state, const struct check_config *config,
                      struct moment now)
{
    *state = (struct check_state){ .config = config };
    state->started = now;
    state->since = now;
    hysteresis_init(&state->hysteresis, config->fall, config->rise);
    (void)check_state_judge(state, now);
    state->transitions = 0;
}

/* A refusal comes back at once and says nothing about speed; a time-out does. */
static void count_latency(struct check_state *state, const struct outcome *outcome)
{
    if (outcome->status != OUTCOME_ERROR || outcome->reason == HEALTH_REASON_TIMEOUT)
        latency_add(&state->latency, outcome->latency_us, outcome->observed_at_ms);
}

void check_state_take(struct check_state *state, const struct outcome *outcome)
{
    bool up;

    state->last = *outcome;
    state->has_last = true;
    state->paused = false;
    if (outcome->status != OUTCOME_ERROR)
        state->last_success_at_wall_ms = outcome->observed_at_wall_ms;
    count_latency(state, &state->last);
    history_take(state->history, &state->last);
    state->consecutive_failures =
        state->last.status == OUTCOME_ERROR ? state->consecutive_failures + 1 : 0;
    (void)hysteresis_take(&state->hysteresis, state->last.status);
    if (state->hysteresis.state == HYSTERESIS_STARTING)
        return;
    up = state->hysteresis.state == HYSTERESIS_UP;
    /* In doubt, what was certain stays on show. */
    if (up != (state->last.status != OUTCOME_ERROR))
        return;
    state->shown = (struct check_verdict){
        .status = !up                                      ? CHECK_ERROR
                  : state->last.status == OUTCOME_DEGRADED ? CHECK_DEGRADED
                                                           : CHECK_OK,
        .reason = state->last.reason,
        .number = state->last.number,
    };
}

int64_t check_state_age_ms(const struct check_state *state, int64_t now_ms)
{
    return state->has_last ? now_ms - state->last.observed_at_ms : -1;
}

/* An hourly check may be silent for hours, but not about its first verdict: else one whose first
 * look hangs would keep the process `starting` for as long, and have it restarted. */
int64_t check_state_max_age_ms(const struct check_state *state)
{
    int64_t first_ms = state->config->timeout_ms + FIRST_VERDICT_MS;

    if (state->hysteresis.state != HYSTERESIS_STARTING || state->config->max_age_ms < first_ms)
        return state->config->max_age_ms;
    return first_ms;
}

void check_state_pause(struct check_state *state)
{
    state->paused = true;
    state->resumed_at_ms = 0;
    hysteresis_resume(&state->hysteresis);
}

void check_state_resume(struct check_state *state, int64_t now_ms)
{
    state->resumed_at_ms = now_ms;
}

/* Since when a result is waited for. */
static int64_t silent_since_ms(const struct check_state *state)
{
    if (state->paused)
        return state->resumed_at_ms;
    return state->has_last ? state->last.observed_at_ms : state->started.boot_ms;
}

static struct check_verdict verdict_now(const struct check_state *state, int64_t now_ms)
{
    int64_t silent_ms = now_ms - silent_since_ms(state);

    if (state->config->not_configured)
        return (struct check_verdict){ .status = CHECK_NOT_CONFIGURED };
    if (state->config->misconfigured != NULL)
        return (struct check_verdict){ .status = CHECK_ERROR,
                                       .reason = HEALTH_REASON_MISCONFIGURED };
    if (state->paused && state->resumed_at_ms == 0)
        return (struct check_verdict){ .status = CHECK_PAUSED };
    if (silent_ms > check_state_max_age_ms(state))
        return (struct check_verdict){ .status = CHECK_STALE, .silent_ms = silent_ms };
    if (state->paused)
        return (struct check_verdict){ .status = CHECK_PAUSED };
    if (state->hysteresis.state == HYSTERESIS_STARTING)
        return (struct check_verdict){ .status = CHECK_STARTING };
    return state->shown;
}

static void name_trouble(struct check_state *state)
{
    char digits[RANDOM_HEX_BYTES];

    if (state->verdict.status == CHECK_PAUSED)
        return; /* a spell that lasts beyond the pause is the same one */
    if (state->verdict.status == CHECK_OK || state->verdict.status == CHECK_STARTING) {
        state->error_id[0] = '\0';
    } else if (state->error_id[0] == '\0') {
        random_hex(digits);
        (void)snprintf(state->error_id, sizeof(state->error_id), "%.8s", digits);
    }
}

bool check_state_judge(struct check_state *state, struct moment now)
{
    struct check_verdict before = state->verdict;
    char error_id[CHECK_ERROR_ID_BYTES];
    bool well;
    bool paused;

    state->verdict = verdict_now(state, now.boot_ms);
    paused = state->verdict.status == CHECK_PAUSED;
    well = state->verdict.status == CHECK_OK || state->verdict.status == CHECK_DEGRADED;
    state->has_passed = state->has_passed || well;
    if (well)
        state->trouble_since_ms = 0;
    else if (state->trouble_since_ms == 0 && !paused)
        state->trouble_since_ms = now.boot_ms;
    memcpy(error_id, state->error_id, sizeof(error_id));
    name_trouble(state);
    /* Nobody judges while it is paused, and so nobody knows what became of that time. */
    if (!paused) {
        (void)history_judge(state->history, &state->verdict,
                            state->error_id[0] == '\0' ? error_id : state->error_id, now);
        state->transitions += state->unpaused != state->verdict.status;
        state->unpaused = state->verdict.status;
    }
    if (before.status != state->verdict.status) {
        state->since = now;
        return true;
    }
    return before.reason != state->verdict.reason || before.number != state->verdict.number;
}

/* A check whose first look hangs for longer than a result may be old has been judged too: else one
 * name that does not resolve would keep the process `starting` and have it restarted. */
bool check_state_settled(const struct check_state *state)
{
    return !can_be_looked_at(state)
           || (state->verdict.status != CHECK_STARTING && state->verdict.status != CHECK_PAUSED);
}

enum check_rule check_state_rule(const struct check_state *state, int64_t now_ms)
{
    switch (state->verdict.status) {
    case CHECK_OK:
    case CHECK_DEGRADED:
        return CHECK_RULE_WELL;
    case CHECK_NOT_CONFIGURED:
        return CHECK_RULE_REQUIRED; /* it outranks every policy: it is told to look for lost
                                       variables */
    case CHECK_STARTING:
    case CHECK_PAUSED:
        return state->config->critical ? CHECK_RULE_STARTING : CHECK_RULE_NOT_CRITICAL;
    case CHECK_ERROR:
    case CHECK_STALE:
        break;
    }
    if (!state->config->critical)
        return CHECK_RULE_NOT_CRITICAL;
    if (state->config->policy == CHECK_POLICY_DEGRADE)
        return CHECK_RULE_DEGRADE;
    if (state->config->policy != CHECK_POLICY_FAIL_AFTER)
        return CHECK_RULE_FAIL;
    return now_ms - state->trouble_since_ms < state->config->fail_after_ms
               ? CHECK_RULE_NOT_YET_AFTER
               : CHECK_RULE_FAIL_AFTER;
}

bool check_state_passes(const struct check_state *state, int64_t now_ms)
{
    static const bool passes[] = {
        [CHECK_RULE_WELL] = true,          [CHECK_RULE_REQUIRED] = false,
        [CHECK_RULE_NOT_CRITICAL] = true,  [CHECK_RULE_STARTING] = false,
        [CHECK_RULE_DEGRADE] = true,       [CHECK_RULE_FAIL_AFTER] = false,
        [CHECK_RULE_NOT_YET_AFTER] = true, [CHECK_RULE_FAIL] = false,
    };

    return passes[check_state_rule(state, now_ms)];
}
