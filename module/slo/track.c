/* track.c - objectives gathered by what they count. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/track.h"

#include "base/arena.h"
#include "slo/slices.h"

#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 16 * 1024 * 1024,
    SPANS_MAX = 4096, /* of one track: more objectives than that can't share one */
};

static bool is_same(const struct track *track, const struct objective *objective)
{
    return track->indicator == objective->indicator
           && track->slice_minutes == objective->slice_minutes
           && track->objective->budgeting == objective->budgeting
           && (objective->budgeting != BUDGETING_TIMESLICES
               || fraction_compare(track->objective->slice_target, objective->slice_target) == 0);
}

static bool is_rolling(const struct objective *objective)
{
    return objective->calendar.unit == CALENDAR_NONE;
}

static void add_span(int32_t spans[], int *count, int32_t span)
{
    if (span <= 0 || *count == SPANS_MAX)
        return;
    for (int i = 0; i < *count; i++) {
        if (spans[i] == span)
            return;
    }
    spans[(*count)++] = span;
}

static void add_objective(const struct objective *objective, int32_t spans[], int *count)
{
    if (is_rolling(objective))
        add_span(spans, count, objective->window_minutes);
    for (int i = 0; i < objective->rule_count; i++) {
        add_span(spans, count, objective->rules[i].long_minutes);
        add_span(spans, count, objective->rules[i].short_minutes);
    }
}

/* The track's index, added if it is new. */
static int take_track(struct track *tracks, int *count, const struct objective *objective)
{
    struct track *added = &tracks[*count];

    for (int i = 0; i < *count; i++) {
        if (is_same(&tracks[i], objective))
            return i;
    }
    *added = (struct track){
        .indicator = objective->indicator,
        .objective = objective,
        .slice_minutes = objective->slice_minutes,
    };
    return (*count)++;
}

/* The spans of one track, gathered from its objectives. */
static bool set_spans(struct tracks *tracks, const struct catalogue *catalogue, int at,
                      struct track *track)
{
    int32_t *spans = calloc(SPANS_MAX, sizeof(*spans));
    int32_t *kept = NULL;
    int count = track->span_count;

    if (spans == NULL)
        return false;
    if (count > 0)
        memcpy(spans, track->spans, (size_t)count * sizeof(*spans));
    for (int i = 0; i < catalogue->objective_count; i++) {
        const struct objective *objective = &catalogue->objectives[i];

        if (tracks->of_objective[i] != at)
            continue;
        add_objective(objective, spans, &count);
        if (objective->window_minutes > track->reach_minutes)
            track->reach_minutes = objective->window_minutes;
    }
    kept = arena_alloc(tracks->arena, (size_t)count * sizeof(*kept) + 1);
    if (kept != NULL && count > 0)
        memcpy(kept, spans, (size_t)count * sizeof(*kept));
    free(spans);
    track->spans = kept;
    track->span_count = count;
    return kept != NULL;
}

static bool build(struct tracks *tracks, const struct catalogue *catalogue, const int32_t shown[],
                  int shown_count)
{
    size_t room = (size_t)catalogue->objective_count + 1;
    struct track *list = arena_alloc(tracks->arena, room * sizeof(*list));
    int *of_objective = arena_alloc(tracks->arena, room * sizeof(*of_objective));

    if (list == NULL || of_objective == NULL)
        return false;
    tracks->tracks = list;
    tracks->of_objective = of_objective;
    for (int i = 0; i < catalogue->objective_count; i++)
        of_objective[i] = catalogue->objectives[i].composite
                              ? -1
                              : take_track(list, &tracks->count, &catalogue->objectives[i]);
    for (int i = 0; i < tracks->count; i++) {
        list[i].spans = shown;
        list[i].span_count = shown_count;
        if (!set_spans(tracks, catalogue, i, &list[i]))
            return false;
    }
    return true;
}

struct tracks *tracks_new(const struct catalogue *catalogue, const int32_t shown[], int shown_count)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct tracks *tracks = arena == NULL ? NULL : arena_alloc(arena, sizeof(*tracks));

    if (tracks != NULL)
        tracks->arena = arena;
    if (tracks == NULL || !build(tracks, catalogue, shown, shown_count)) {
        arena_free(&arena);
        return NULL;
    }
    return tracks;
}

void tracks_free(struct tracks **tracks)
{
    struct arena *arena = *tracks == NULL ? NULL : (*tracks)->arena;

    arena_free(&arena); /* the tracks themselves live in it */
    *tracks = NULL;
}

struct window *track_window(const struct track *track)
{
    return window_new(track->reach_minutes, track->spans, track->span_count);
}

struct window_sum track_slice(const struct track *track, struct window_sum events)
{
    if (events.total == 0 || track->slice_minutes == 0)
        return events;
    return slices_value(track->objective, events, true);
}
