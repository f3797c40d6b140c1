/* track.h - what is kept along time: each indicator once, and once more for every way of cutting it
 * into slices.  Pure.
 *
 * Objectives that count the same share a track, whatever their windows.  A track of slices holds,
 * at the minute in which a slice begins, what its events come to (slices.h).
 */
#ifndef SLO_TRACK_H
#define SLO_TRACK_H

#include "base/auto.h"
#include "slo/catalogue.h"
#include "slo/window.h"

#include <stdint.h>

struct track {
    int indicator;                     /* index into the catalogue's */
    const struct objective *objective; /* the first one that shares it */
    int32_t slice_minutes;             /* 0: events are counted, not slices */
    int32_t reach_minutes;             /* of the longest window */
    const int32_t *spans;              /* sums that end with the open minute; each once */
    int span_count;
};

struct tracks {
    const struct track *tracks; /* those of one service stand together */
    int count;
    const int *of_objective; /* by the catalogue's objectives; -1: it is never evaluated */
    struct arena *arena;     /* owns everything */
};

/* The tracks of all objectives: their windows, the spans of their rules, and `shown`, the spans
 * that are shown of every objective.  NULL when out of memory. */
struct tracks *tracks_new(const struct catalogue *catalogue, const int32_t shown[],
                          int shown_count) MUST_CHECK;
void tracks_free(struct tracks **tracks);

/* A window for the track.  NULL when out of memory. */
struct window *track_window(const struct track *track) MUST_CHECK;

/* What the track holds for a slice with these events; a slice without any is none. */
struct window_sum track_slice(const struct track *track, struct window_sum events);

#endif
