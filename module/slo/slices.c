/* slices.c - a slice's loss as an integer. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/slices.h"

#include <assert.h>

static uint64_t unit_of(const struct objective *objective)
{
    return objective->budgeting == BUDGETING_TIMESLICES ? 1 : SLICES_UNIT;
}

/* Good only at good/total >= target: exactly on it is good (OpenSLO v1, Timeslices). */
static bool misses_target(struct fraction target, struct window_sum events)
{
    struct fraction good = { (int128)(events.total - events.bad), (int128)events.total };

    return fraction_compare(good, target) < 0;
}

/* Rounded up: a share of bad events that is there must not vanish. */
static uint64_t loss_of(struct window_sum events)
{
    int128 parts = (int128)events.bad * SLICES_UNIT;

    return (uint64_t)((parts + (int128)events.total - 1) / (int128)events.total);
}

static struct window_sum empty_value(const struct objective *objective, bool watched)
{
    uint64_t unit = unit_of(objective);

    if (watched || objective->unwatched == UNWATCHED_GOOD)
        return (struct window_sum){ unit, 0 };
    if (objective->unwatched == UNWATCHED_BAD)
        return (struct window_sum){ unit, unit };
    return (struct window_sum){ 0, 0 };
}

struct window_sum slices_value(const struct objective *objective, struct window_sum events,
                               bool watched)
{
    assert(objective->budgeting != BUDGETING_OCCURRENCES);
    if (events.total == 0)
        return empty_value(objective, watched);
    if (objective->budgeting == BUDGETING_TIMESLICES)
        return (struct window_sum){ 1, misses_target(objective->slice_target, events) };
    return (struct window_sum){ SLICES_UNIT, loss_of(events) };
}

int64_t slices_in(const struct objective *objective, struct window_sum values)
{
    return (int64_t)(values.total / unit_of(objective));
}

int32_t slices_begin(int32_t minute, int32_t slice_minutes)
{
    return minute - minute % slice_minutes;
}

/* Beginnings before a minute, counted from 1970. */
static int32_t begun_before(int32_t minute, int32_t slice_minutes)
{
    return minute / slice_minutes + (minute % slice_minutes != 0);
}

int32_t slices_expected(int32_t from_minute, int32_t until_minute, int32_t slice_minutes)
{
    if (until_minute <= from_minute)
        return 0;
    return begun_before(until_minute, slice_minutes) - begun_before(from_minute, slice_minutes);
}
