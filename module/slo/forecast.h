/* forecast.h - when the budget runs out or heals if the last hour goes on.  Pure: integers.
 *
 * Unlike `remaining / burn rate` it knows when the bad minutes of the past leave a rolling window.
 * Time is in whole minutes from now; within a span of the past, events are taken as evenly spread.
 */
#ifndef SLO_FORECAST_H
#define SLO_FORECAST_H

#include "slo/fraction.h"
#include "slo/window.h"

#include <stdint.h>

/* What the window holds of the minutes [minute, minute + minutes), at most a day. */
struct forecast_span {
    int32_t minute;
    int32_t minutes;
    struct window_sum sum;
};

struct forecast_past {
    const struct forecast_span *spans; /* rising, not overlapping; those without events may lack */
    int count;
    int32_t now_minute; /* the open one, the window's last */
    /* The window's length; or, of a calendar window, 0: nothing leaves it until it ends. */
    int32_t window_minutes;
    int32_t ends_in_minutes; /* of a calendar window: the next one begins; else 0 */
    struct window_sum pace;  /* the events of the last `pace_minutes`, which go on */
    int32_t pace_minutes;    /* 1 to 60 */
};

enum { FORECAST_NEVER = -1 };

/* All in minutes from now; 0: now already; FORECAST_NEVER: not within one window from now. */
struct forecast {
    int32_t exhausted_in; /* nothing is left */
    int32_t positive_in;  /* something is left again: more than 0 */
    int32_t ample_in;     /* more than 20 % is left again */
};

/* Exact for constant streams.  The target's denominator is below 2^61.  Counts that have more than
 * 94 bits together with it (1.9 * 10^22 at three nines) are halved until they fit, all alike. */
struct forecast forecast_make(struct fraction target, const struct forecast_past *past);

#endif
