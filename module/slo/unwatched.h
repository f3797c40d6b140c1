/* unwatched.h - what time that nobody watched does to a budget.  Pure: integers. */
#ifndef SLO_UNWATCHED_H
#define SLO_UNWATCHED_H

#include "slo/objective.h"
#include "slo/window.h"

#include <stdint.h>

/* How much of a stretch of time somebody watched, in whole minutes. */
struct watch {
    int64_t watched_minutes;
    int64_t unwatched_minutes;
};

/* What was counted, and for each unwatched minute the average traffic of a watched one: good or bad
 * as the objective says, rounded to the worse side.  Without a watched minute there is no average,
 * and nothing is added. */
struct window_sum unwatched_apply(enum unwatched means, struct window_sum counted,
                                  struct watch watch);

/* The same for a span of which `unwatched_minutes` were not watched: the average is that of a
 * longer stretch, `events` in `watch.watched_minutes`, because a span may be dark from end to end.
 */
struct unwatched_rate {
    uint64_t events;
    struct watch watch;
};

struct window_sum unwatched_apply_rate(enum unwatched means, struct window_sum counted,
                                       int64_t unwatched_minutes, struct unwatched_rate rate);

/* The slices of a stretch: those with events have been counted, and of the others the unwatched
 * ones are taken as the objective says; the rest was watched and is good.  `expected` slices begin
 * in it since measuring began, of which `unwatched` are not watched from end to end. */
struct slice_watch {
    int64_t expected;
    int64_t unwatched;
};

struct window_sum unwatched_slices(const struct objective *objective, struct window_sum counted,
                                   struct slice_watch watch);

#endif
