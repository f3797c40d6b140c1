/* verdict.c - asks slo/budget.h about the sums of one objective. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/verdict.h"

#include "slo/slices.h"

enum { SPAN_LAST_HOUR = 2 };

const struct verdict_span verdict_spans[VERDICT_SPANS] = {
    { "5m", 5 },    { "30m", 30 },  [SPAN_LAST_HOUR] = { "1h", 60 }, { "2h", 120 }, { "6h", 360 },
    { "1d", 1440 }, { "3d", 4320 },
};

/* Parts of slices are no events: whether there are enough is asked of whole slices. */
static enum budget_status judge(const struct objective *objective, struct window_sum whole)
{
    struct window_sum slices = { whole.total / SLICES_UNIT,
                                 (whole.bad + SLICES_UNIT - 1) / SLICES_UNIT };

    if (objective->budgeting == BUDGETING_RATIO_TIMESLICES && whole.total > 0
        && budget_judge(objective->target, slices) == BUDGET_INSUFFICIENT_DATA)
        return BUDGET_INSUFFICIENT_DATA;
    return budget_judge(objective->target, whole);
}

void verdict_judge(const struct objective *objective, int64_t now_wall_ms, struct verdict *verdict)
{
    int64_t left_s =
        budget_exhausts_in_s(objective->target, verdict->whole, verdict->spans[SPAN_LAST_HOUR],
                             verdict->window.length_minutes);

    verdict->status = judge(objective, verdict->whole);
    verdict->exhausts_at_wall_ms = left_s < 0 ? 0 : now_wall_ms + left_s * 1000;
}
