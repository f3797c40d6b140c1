/* pause.c - what was known before counts for nothing, and what is asked now is waited for. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/pause.h"

#include "monitor/overview.h"

bool overview_is_from_before(const struct overview *overview, const struct outcome *outcome)
{
    int64_t asked_at_ms = outcome->observed_at_ms - outcome->latency_us / 1000;

    return overview->pause.on || asked_at_ms < overview->pause.woken_at_ms;
}

/* Failures of before are not in a row with those behind it; enough of them are what they were. */
static void pause_check(struct check_state *state)
{
    check_state_pause(state);
    if (state->consecutive_failures < OVERVIEW_LIVENESS_FAILURES)
        state->consecutive_failures = 0;
}

void overview_rest(struct overview *overview, const struct idle_view *idle, struct moment now)
{
    int count = overview->config->check_count;

    if (idle->pauses != overview->pause.count) {
        overview->pause.count = idle->pauses;
        overview->pause.on = true;
        overview->pause.since.boot_ms = idle->paused_at_ms;
        overview->pause.since.wall_ms = now.wall_ms - (now.boot_ms - idle->paused_at_ms);
        overview->pause.quiet_ms = idle->quiet_ms;
        overview->ordered = true;
        for (int i = 0; i < count; i++)
            pause_check(&overview->checks[i]);
    }
    if (!overview->pause.on || idle->paused)
        return;
    overview->pause.on = false;
    overview->pause.woken_at_ms = idle->woken_at_ms;
    overview->ordered = true;
    for (int i = 0; i < count; i++)
        check_state_resume(&overview->checks[i], idle->woken_at_ms);
}

bool overview_group_paused(const struct overview *overview, int group)
{
    bool waits = false;

    if (overview->pause.on)
        return true;
    for (int i = 0; i < overview->config->check_count; i++) {
        if (!overview_in_group(overview, i, group) || overview_check_passes(overview, i, group))
            continue;
        if (overview->checks[i].verdict.status != CHECK_PAUSED)
            return false;
        waits = true;
    }
    return waits;
}
