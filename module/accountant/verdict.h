/* verdict.h - how one objective stands at one moment.  Pure: numbers and a time in, numbers out. */
#ifndef ACCOUNTANT_VERDICT_H
#define ACCOUNTANT_VERDICT_H

#include "slo/budget.h"
#include "slo/objective.h"
#include "slo/window.h"

#include <stdint.h>

enum { VERDICT_SPANS = 7 };

/* The spans over which burn rates are shown: the Workbook's long and short windows. */
struct verdict_span {
    const char *name; /* "5m" */
    int32_t minutes;
};

extern const struct verdict_span verdict_spans[VERDICT_SPANS];

struct verdict {
    enum budget_status status;
    struct window_sum whole;
    struct window_sum spans[VERDICT_SPANS];
    int64_t exhausts_at_wall_ms; /* 0: the budget outlasts the window */
};

/* Judges the window that ends with the minute of `now_wall_ms`. */
void verdict_judge(const struct objective *objective, const struct window *window,
                   int64_t now_wall_ms, struct verdict *ret);

#endif
