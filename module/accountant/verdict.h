/* verdict.h - how one objective stands at one moment.  Pure: numbers and a time in, numbers out. */
#ifndef ACCOUNTANT_VERDICT_H
#define ACCOUNTANT_VERDICT_H

#include "slo/budget.h"
#include "slo/objective.h"
#include "slo/unwatched.h"
#include "slo/window.h"

#include <stdint.h>

enum { VERDICT_SPANS = 7 };

/* The spans over which burn rates are shown: the Workbook's long and short windows. */
struct verdict_span {
    const char *name; /* "5m" */
    int32_t minutes;
};

extern const struct verdict_span verdict_spans[VERDICT_SPANS];

/* An objective's window at one moment: the minutes [from, until). */
struct verdict_window {
    int32_t from_minute;
    int32_t until_minute;   /* the open minute is its last one */
    int32_t length_minutes; /* of a calendar window until it ends, else the same */
};

struct verdict {
    enum budget_status status;
    struct verdict_window window;
    struct window_sum whole; /* what the budget is judged by */
    struct window_sum plain; /* what it would be judged by if nothing were excluded */
    struct window_sum spans[VERDICT_SPANS];
    int64_t exhausts_at_wall_ms; /* 0: the budget outlasts the window */

    struct window_sum counted;  /* of the whole window: nothing excluded, nothing added */
    struct window_sum excluded; /* of these */
    struct watch watch;         /* of the window since measuring began, without what is excluded */
};

/* Sets status and forecast by the sums that are there. */
void verdict_judge(const struct objective *objective, int64_t now_wall_ms, struct verdict *verdict);

#endif
