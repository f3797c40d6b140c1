/* unwatched.c - average traffic for minutes that nobody watched. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/unwatched.h"

#include "slo/fraction.h"
#include "slo/slices.h"

enum { COUNT_BITS = 62 }; /* counts beyond are no counts: see budget.c */

/* events * unwatched / watched, to the worse side, and never so much that it is no count. */
static uint64_t average(uint64_t events, struct watch watch, bool up)
{
    int128 most = ((int128)1 << COUNT_BITS) - 1 - (int128)events;
    int128 product = (int128)events * watch.unwatched_minutes;
    int128 added = (product + (up ? watch.watched_minutes - 1 : 0)) / watch.watched_minutes;

    if (most < 0)
        most = 0;
    return (uint64_t)(added < most ? added : most);
}

struct window_sum unwatched_apply(enum unwatched means, struct window_sum counted,
                                  struct watch watch)
{
    bool bad = means == UNWATCHED_BAD;
    uint64_t added;

    if ((!bad && means != UNWATCHED_GOOD) || watch.watched_minutes <= 0
        || watch.unwatched_minutes <= 0)
        return counted;
    added = average(counted.total, watch, bad);
    return (struct window_sum){ counted.total + added, counted.bad + (bad ? added : 0) };
}

struct window_sum unwatched_slices(const struct objective *objective, struct window_sum counted,
                                   struct slice_watch watch)
{
    uint64_t unit = objective->budgeting == BUDGETING_RATIO_TIMESLICES ? SLICES_UNIT : 1;
    int64_t empty = watch.expected - (int64_t)(counted.total / unit);
    int64_t dark = watch.unwatched < empty ? watch.unwatched : empty;
    struct window_sum good;
    struct window_sum unknown;

    if (empty <= 0)
        return counted;
    if (dark < 0)
        dark = 0;
    good = slices_value(objective, (struct window_sum){ 0, 0 }, true);
    unknown = slices_value(objective, (struct window_sum){ 0, 0 }, false);
    return (struct window_sum){
        counted.total + good.total * (uint64_t)(empty - dark) + unknown.total * (uint64_t)dark,
        counted.bad + unknown.bad * (uint64_t)dark,
    };
}
