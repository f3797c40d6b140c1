/* trackers.c - trackers take turns at what is missing; changes come for all at once. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/trackers.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEADLINE_MS = 2000,
    DAY_MINUTES = 1440,
    /* A day of histograms of a busy fleet; the slice is halved when it does not fit. */
    ROWS_BYTES = 16 * 1024 * 1024,
    REFRESH_MS = 60 * 1000,
    RETRY_MS = 10 * 1000,
    SLICE_HOURS = 24,
    FILL_MS = 100,   /* how much of a turn may go into slices that have not been read yet */
    COMPUTE_MS = 10, /* and into percentiles */
};

/* --- who shares a tracker --- */

/* Indicators with the same selection in front of what is bad hold the same histograms. */
static bool same_selection(const struct indicator *a, const struct indicator *b)
{
    const char *end_a = strchr(a->definition, ' ');
    const char *end_b = strchr(b->definition, ' ');
    size_t length = end_a == NULL ? strlen(a->definition) : (size_t)(end_a - a->definition);

    return strcmp(a->service, b->service) == 0
           && length == (end_b == NULL ? strlen(b->definition) : (size_t)(end_b - b->definition))
           && memcmp(a->definition, b->definition, length) == 0;
}

static bool has_percentiles(const struct objective *objective)
{
    return objective->type == OBJECTIVE_LATENCY && !objective->composite
           && objective->calendar.unit == CALENDAR_NONE;
}

static int find(const struct trackers *trackers, const struct objective *objective)
{
    const struct indicator *indicators = trackers->book->catalogue->indicators;

    for (int i = 0; i < trackers->count; i++) {
        if (trackers->list[i].window_minutes == objective->window_minutes
            && same_selection(&indicators[trackers->list[i].indicator],
                              &indicators[objective->indicator]))
            return i;
    }
    return -1;
}

static int add(struct trackers *trackers, int objective)
{
    const struct objective *of = &trackers->book->objectives[objective];
    struct tracker *tracker = &trackers->list[trackers->count];

    if (trackers->count == LIMIT_TRACKERS)
        return 0;
    *tracker = (struct tracker){
        .indicator = of->indicator,
        .track = trackers->book->places[objective].track,
        .window_minutes = of->window_minutes,
        .latency = latency_new(of->window_minutes),
    };
    if (tracker->latency == NULL)
        return -ENOMEM;
    trackers->of_objective[objective] = trackers->count++;
    return 0;
}

int trackers_init(struct trackers *trackers, const struct book *book)
{
    int code = 0;

    *trackers = (struct trackers){ .book = book, .slice_hours = SLICE_HOURS };
    trackers->list = calloc(LIMIT_TRACKERS, sizeof(*trackers->list));
    trackers->of_objective = calloc((size_t)book->count + 1, sizeof(*trackers->of_objective));
    if (trackers->list == NULL || trackers->of_objective == NULL)
        return -ENOMEM;
    for (int i = 0; code == 0 && i < book->count; i++) {
        bool wanted = has_percentiles(&book->objectives[i]);

        trackers->of_objective[i] = wanted ? find(trackers, &book->objectives[i]) : -1;
        if (wanted && trackers->of_objective[i] < 0)
            code = add(trackers, i);
    }
    return code;
}

void trackers_done(struct trackers *trackers)
{
    for (int i = 0; i < trackers->count; i++)
        latency_free(&trackers->list[i].latency);
    free(trackers->list);
    free(trackers->of_objective);
    *trackers = (struct trackers){ 0 };
}

void trackers_forget(struct trackers *trackers)
{
    for (int i = 0; i < trackers->count; i++) {
        struct tracker *tracker = &trackers->list[i];

        if (tracker->latency != NULL)
            latency_forget(tracker->latency);
        tracker->percentiles = (struct latency_percentiles){ 0 };
    }
    trackers->following = false;
}

const struct latency_percentiles *trackers_of(const struct trackers *trackers, int objective)
{
    static const struct latency_percentiles unknown;
    int at = trackers->of_objective[objective];

    if (trackers->book->objectives[objective].type != OBJECTIVE_LATENCY)
        return NULL;
    return at < 0 ? &unknown : &trackers->list[at].percentiles;
}

uint64_t trackers_unreadable(const struct trackers *trackers)
{
    uint64_t sum = 0;

    for (int i = 0; i < trackers->count; i++)
        sum +=
            trackers->list[i].latency == NULL ? 0 : latency_unreadable(trackers->list[i].latency);
    return sum;
}

/* --- reading --- */

static struct ledger_range range_of(const int *indicators, int count, int32_t from, int32_t to)
{
    return (struct ledger_range){
        .indicators = indicators,
        .indicator_count = count,
        .from_minute = from < 0 ? 0 : from,
        .to_minute = to,
        .deadline_ms = clock_boot_ms() + DEADLINE_MS,
    };
}

/* What changed since the last time, for all at once.  The first time only a moment is read: it is
 * there to begin with, so that no change falls between it and the first slice. */
static int read_changes(struct trackers *trackers, struct ledger_reader *reader, int32_t minute)
{
    AUTO(arena_free) struct arena *arena = arena_new(ROWS_BYTES);
    int indicators[LIMIT_TRACKERS];
    struct latency_rows rows = { 0 };
    int32_t longest = 0;
    struct ledger_range range;
    int count = 0;
    int code;

    for (int i = 0; i < trackers->count; i++) {
        if (trackers->list[i].latency == NULL)
            continue;
        indicators[count++] = trackers->list[i].indicator;
        if (trackers->list[i].window_minutes > longest)
            longest = trackers->list[i].window_minutes;
    }
    if (arena == NULL)
        return -ENOMEM;
    if (!trackers->following)
        longest = 1;
    range = range_of(indicators, count, minute - longest + 1,
                     trackers->following ? minute + DAY_MINUTES : minute);
    code = ledger_reader_histograms(reader, &range, true, arena, &rows.rows, &rows.count, NULL);
    if (code != 0)
        return code;
    for (int i = 0; code == 0 && trackers->following && i < trackers->count; i++) {
        struct tracker *tracker = &trackers->list[i];

        rows.indicator = tracker->indicator;
        if (tracker->latency == NULL)
            continue;
        code = latency_change(tracker->latency, &rows);
        tracker->changed = tracker->changed || rows.count > 0;
    }
    if (code != 0)
        trackers_forget(trackers);
    trackers->following = code == 0;
    return code;
}

/* Memory is shared out as it is asked for: who finds none left goes without. */
static void keep_within_bounds(struct trackers *trackers, struct tracker *mine)
{
    uint64_t bytes = 0;

    for (int i = 0; i < trackers->count; i++)
        bytes += trackers->list[i].latency == NULL ? 0 : latency_bytes(trackers->list[i].latency);
    if (bytes <= LIMIT_TRACKERS_BYTES)
        return;
    latency_free(&mine->latency);
    mine->percentiles = (struct latency_percentiles){ 0 };
}

/* One slice of what a tracker has not read yet, newest first.  Returns 1 when nothing is missing.
 */
static int fill(struct trackers *trackers, struct tracker *tracker, struct ledger_reader *reader)
{
    AUTO(arena_free) struct arena *arena = NULL;
    const struct book *book = trackers->book;
    bool slices = book->tracks->tracks[tracker->track].slice_minutes > 0;
    struct latency_rows rows = { .indicator = tracker->indicator };
    struct ledger_range range;
    int32_t from;
    int32_t to;
    int code;

    if (!latency_wants(tracker->latency, slices ? NULL : book->windows[tracker->track],
                       trackers->slice_hours, &from, &to))
        return 1;
    trackers->read_much = true;
    arena = arena_new(ROWS_BYTES);
    if (arena == NULL)
        return -ENOMEM;
    range = range_of(&tracker->indicator, 1, from, to);
    code = ledger_reader_histograms(reader, &range, false, arena, &rows.rows, &rows.count, NULL);
    if (code == -ENOMEM && trackers->slice_hours > 1)
        trackers->slice_hours /= 2;
    if (code != 0)
        return code;
    code = latency_fill(tracker->latency, from, to, &rows);
    tracker->changed = true;
    if (code != 0)
        latency_forget(tracker->latency);
    keep_within_bounds(trackers, tracker);
    return code;
}

/* Returns 1 when nothing is missing anywhere. */
static int fill_in_turn(struct trackers *trackers, struct ledger_reader *reader)
{
    int64_t until_ms = clock_boot_ms() + FILL_MS;
    int whole = 0;

    while (whole < trackers->count) {
        struct tracker *tracker = &trackers->list[trackers->turn];
        int code = tracker->latency == NULL ? 1 : fill(trackers, tracker, reader);

        if (code < 0)
            return code;
        if (code == 0 && clock_boot_ms() >= until_ms)
            return 0;
        if (code == 0) {
            whole = 0;
            continue;
        }
        trackers->turn = (trackers->turn + 1) % trackers->count;
        whole++;
    }
    return 1;
}

static int compute(struct trackers *trackers)
{
    int64_t until_ms = clock_boot_ms() + COMPUTE_MS;
    int code = 0;

    for (int i = 0; code == 0 && i < trackers->count && clock_boot_ms() < until_ms; i++) {
        struct tracker *tracker = &trackers->list[i];

        if (!tracker->changed || tracker->latency == NULL || !latency_is_whole(tracker->latency))
            continue;
        tracker->changed = false;
        code = latency_compute(tracker->latency, &tracker->percentiles);
    }
    return code;
}

/* Missing hours are filled before changes are taken, because what the windows say of an hour is
 * older than the changes. */
static int follow(struct trackers *trackers, struct ledger_reader *reader, struct trackers_time now)
{
    int code;

    for (int i = 0; i < trackers->count; i++) {
        if (trackers->list[i].latency != NULL)
            latency_advance(trackers->list[i].latency, now.minute);
    }
    if (!trackers->following) {
        trackers->next_at_ms = now.boot_ms + REFRESH_MS;
        code = read_changes(trackers, reader, now.minute);
        return code;
    }
    code = fill_in_turn(trackers, reader);
    if (code < 0)
        return code;
    if (code == 1 && now.boot_ms >= trackers->next_at_ms) {
        trackers->next_at_ms = now.boot_ms + REFRESH_MS;
        code = read_changes(trackers, reader, now.minute);
        if (code < 0)
            return code;
    }
    return compute(trackers);
}

static bool any_events(const struct trackers *trackers)
{
    for (int i = 0; i < trackers->book->count; i++) {
        if (trackers->of_objective[i] >= 0 && trackers->book->verdicts[i].counted.total > 0)
            return true;
    }
    return false;
}

/* There are events, but nothing has been computed: don't let a first visitor wait for a minute. */
static bool is_waited_for(const struct trackers *trackers)
{
    for (int i = 0; i < trackers->book->count; i++) {
        int at = trackers->of_objective[i];

        if (at >= 0 && trackers->list[at].latency != NULL
            && trackers->book->verdicts[i].counted.total > 0
            && !trackers->list[at].percentiles.known)
            return true;
    }
    return false;
}

void trackers_turn(struct trackers *trackers, struct ledger_reader *reader,
                   struct trackers_time now)
{
    trackers->read_much = false;
    if (now.boot_ms < trackers->retry_at_ms || !any_events(trackers))
        return;
    if (is_waited_for(trackers))
        trackers->next_at_ms = 0;
    if (follow(trackers, reader, now) < 0)
        trackers->retry_at_ms = now.boot_ms + RETRY_MS;
}
