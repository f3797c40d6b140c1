/* unwatched.c - average traffic for minutes that nobody watched. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/unwatched.h"

#include "slo/fraction.h"
#include "slo/slices.h"

enum { COUNT_BITS = 62 }; /* counts beyond are no counts: see budget.c */

/* events * unwatched / watched, to the worse side, and never so much that the sum is no count. */
static uint64_t average(struct unwatched_rate rate, int64_t minutes, uint64_t counted, bool up)
{
    int128 most = ((int128)1 << COUNT_BITS) - 1 - (int128)counted;
    int128 product = (int128)rate.events * minutes;
    int64_t watched = rate.watch.watched_minutes;
    int128 added = (product + (up ? watched - 1 : 0)) / watched;

    if (most < 0)
        most = 0;
    return (uint64_t)(added < most ? added : most);
}

struct window_sum unwatched_apply_rate(enum unwatched means, struct window_sum counted,
                                       int64_t unwatched_minutes, struct unwatched_rate rate)
{
    bool bad = means == UNWATCHED_BAD;
    uint64_t added;

    if ((!bad && means != UNWATCHED_GOOD) || rate.watch.watched_minutes <= 0
        || unwatched_minutes <= 0)
        return counted;
    added = average(rate, unwatched_minutes, counted.total, bad);
    return (struct window_sum){ counted.total + added, counted.bad + (bad ? added : 0) };
}

struct window_sum unwatched_apply(enum unwatched means, struct window_sum counted,
                                  struct watch watch)
{
    return unwatched_apply_rate(means, counted, watch.unwatched_minutes,
                                (struct unwatched_rate){ counted.total, watch });
}

struct window_sum unwatched_slices(const struct objective *objective, struct window_sum counted,
                                   struct slice_watch watch)
{
    int64_t empty = watch.expected - slices_in(objective, counted);
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
