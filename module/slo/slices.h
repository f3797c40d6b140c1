/* slices.h - what one slice of time adds to a window whose budget is counted in slices.  Pure.
 *
 * Timeslices: a slice is one unit, and bad when its share of good events is below the objective's
 * slice_target.  RatioTimeslices: a slice is SLICES_UNIT units, and as many of them are bad as the
 * share of bad events, rounded up.  The same budgets and burn rates are then computed from the
 * units.  Slices begin at multiples of their length since 1970.
 */
#ifndef SLO_SLICES_H
#define SLO_SLICES_H

#include "slo/objective.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

enum { SLICES_UNIT = 1000000000 };

/* What the events of one slice come to.  Without events: good if somebody watched; else as the
 * objective's `unwatched` says (good, bad, or nothing at all).  The objective must be one that
 * counts slices. */
struct window_sum slices_value(const struct objective *objective, struct window_sum events,
                               bool watched);

/* How many slices such values add up to. */
int64_t slices_in(const struct objective *objective, struct window_sum values);

/* How many slices begin in the minutes [from, until). */
int32_t slices_expected(int32_t from_minute, int32_t until_minute, int32_t slice_minutes);

/* The minute in which the slice of this minute begins. */
int32_t slices_begin(int32_t minute, int32_t slice_minutes);

#endif
