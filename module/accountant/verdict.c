/* verdict.c - sums one window over every span and asks slo/budget.h. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/verdict.h"

enum { SPAN_LAST_HOUR = 2 };

const struct verdict_span verdict_spans[VERDICT_SPANS] = {
    { "5m", 5 },    { "30m", 30 },  [SPAN_LAST_HOUR] = { "1h", 60 }, { "2h", 120 }, { "6h", 360 },
    { "1d", 1440 }, { "3d", 4320 },
};

void verdict_judge(const struct objective *objective, const struct window *window,
                   int64_t now_wall_ms, struct verdict *ret)
{
    int32_t now_minute = (int32_t)(now_wall_ms / 60000);
    int64_t left_s;

    *ret = (struct verdict){ .status = BUDGET_NO_DATA };
    ret->whole = window_total(window, now_minute, objective->window_minutes);
    for (int i = 0; i < VERDICT_SPANS; i++) {
        int32_t minutes = verdict_spans[i].minutes < objective->window_minutes
                              ? verdict_spans[i].minutes
                              : objective->window_minutes;

        ret->spans[i] = window_total(window, now_minute, minutes);
    }
    ret->status = budget_judge(objective->target, ret->whole);
    left_s = budget_exhausts_in_s(objective->target, ret->whole, ret->spans[SPAN_LAST_HOUR],
                                  objective->window_minutes);
    if (left_s >= 0)
        ret->exhausts_at_wall_ms = now_wall_ms + left_s * 1000;
}
