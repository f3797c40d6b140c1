/* openslo_time.h - OpenSLO's durations and windows.  Pure. */
#ifndef SLO_OPENSLO_TIME_H
#define SLO_OPENSLO_TIME_H

#include "slo/objective.h"
#include "slo/openslo_shape.h"

/* "28d", "1M": a count and one of m h d w M Q Y. */
struct shorthand {
    int count;
    char unit;
};

bool shorthand_parse(struct slice text, struct shorthand *ret);

/* A month is 30 days here, a quarter 90, a year 365: for whatever follows no calendar. */
int64_t shorthand_minutes(struct shorthand duration);

/* Fills window_minutes and calendar from an item of spec.timeWindow.  `*ret_period_minutes` is what
 * shares of the budget are scaled to: the window's nominal length. */
void openslo_window(const struct shape_check *check, const struct spot *window,
                    struct objective *objective, int32_t *ret_period_minutes);

/* Fills budgeting, slice_minutes and slice_target from spec.budgetingMethod and an objective. */
void openslo_slices(const struct shape_check *check, const struct spot *spec,
                    const struct spot *promise, struct objective *objective);

#endif
