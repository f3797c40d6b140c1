/* tally.c - rows in an arena, found through a small hash table and the series' newest row. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/tally.h"

#include <assert.h>
#include <stdlib.h>

enum {
    /* Powers of two that rows and series fill to one half at most. */
    ROW_SLOTS = LIMIT_TALLY_ROWS * 2,
    SERIES_SLOTS = LIMIT_TALLY_SERIES * 2,
    MINUTE_MS = 60000,
};

/* Where a series' last event went: all that the next one needs, so that nothing has to be fetched
 * before it is known what else to fetch. */
struct last {
    struct tally_row *row; /* NULL: there has been none */
    struct plan_cells *cells;
    const struct plan_bounds *bounds; /* the service's */
    int32_t minute;
};

struct tally {
    struct arena *arena;
    const struct plan *plan; /* borrowed */
    struct plan_series series[LIMIT_TALLY_SERIES];
    struct last last[LIMIT_TALLY_SERIES];
    int series_count;
    struct tally_row *rows[LIMIT_TALLY_ROWS];
    int row_count;
    int share_count;                     /* rows, each as often as its service has indicators */
    uint16_t row_slots[ROW_SLOTS];       /* a row's index + 1; 0 is free */
    uint16_t series_slots[SERIES_SLOTS]; /* a series' index + 1; 0 is free */
};

struct tally *tally_new(const struct plan *plan)
{
    AUTO(tally_free) struct tally *tally = calloc(1, sizeof(*tally));
    struct tally *made;

    if (tally == NULL)
        return NULL;
    tally->arena = arena_new(LIMIT_TALLY_BYTES);
    if (tally->arena == NULL)
        return NULL;
    tally->plan = plan;
    made = tally;
    tally = NULL;
    return made;
}

void tally_free(struct tally **tally)
{
    if (*tally == NULL)
        return;
    arena_free(&(*tally)->arena);
    free(*tally);
    *tally = NULL;
}

/* --- series --- */

static uint64_t series_hash(int service, struct slice route, enum event_method method)
{
    /* FNV-1a: asked once per series and tally, so that its pace does not matter. */
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ ((uint64_t)service << 8 | (unsigned)method);

    for (size_t i = 0; i < route.length; i++)
        hash = (hash ^ (unsigned char)route.data[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Where the series is, or would go. */
static uint16_t *series_slot(struct tally *tally, int service, struct slice route,
                             enum event_method method)
{
    size_t at = (size_t)series_hash(service, route, method) % SERIES_SLOTS;

    for (; tally->series_slots[at] != 0; at = (at + 1) % SERIES_SLOTS) {
        const struct plan_series *name = &tally->series[tally->series_slots[at] - 1];

        if (name->service == service && name->method == method
            && slice_equals_text(route, name->route))
            break;
    }
    return &tally->series_slots[at];
}

int tally_series(struct tally *tally, int service, struct slice route, enum event_method method)
{
    uint16_t *slot = series_slot(tally, service, route, method);
    const char *name;

    if (*slot != 0)
        return *slot - 1;
    if (tally->series_count == LIMIT_TALLY_SERIES)
        return -1;
    name = arena_copy(tally->arena, route);
    if (name == NULL)
        return -1;
    tally->series[tally->series_count] = (struct plan_series){ service, name, method };
    tally->last[tally->series_count].bounds = plan_bounds(tally->plan, service);
    tally->series_count++;
    *slot = (uint16_t)tally->series_count;
    return tally->series_count - 1;
}

/* --- rows --- */

/* Where the row of a minute and series is, or would go. */
static uint16_t *row_slot(struct tally *tally, int32_t minute, uint32_t series)
{
    /* Fibonacci hashing: neighbouring minutes and series spread over the table. */
    uint64_t hash = ((uint64_t)(uint32_t)minute << 11 ^ series) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(hash >> 40) % ROW_SLOTS;

    while (tally->row_slots[at] != 0) {
        const struct tally_row *row = tally->rows[tally->row_slots[at] - 1];

        if (row->minute == minute && row->series == series)
            break;
        at = (at + 1) % ROW_SLOTS;
    }
    return &tally->row_slots[at];
}

static struct plan_cells *cells_new(struct arena *arena, int bucket_count)
{
    struct plan_cells *cells;
    size_t counts = (size_t)PLAN_STATUSES * (size_t)bucket_count;

    cells = arena_alloc(arena, sizeof(*cells) + counts * sizeof(cells->counts[0]));
    if (cells != NULL)
        cells->bucket_count = (uint16_t)bucket_count;
    return cells;
}

/* Finds the event's row or makes it; NULL when there is no room.  A row that was made belongs to
 * the tally only once its first event fitted, so that no empty row is ever handed over. */
static struct tally_row *row_for(struct tally *tally, int32_t minute, uint32_t series,
                                 uint16_t **ret_new_slot)
{
    uint16_t *slot = row_slot(tally, minute, series);
    struct tally_row *row;

    if (*slot != 0)
        return tally->rows[*slot - 1];
    if (tally->row_count == LIMIT_TALLY_ROWS || tally->share_count >= LIMIT_TALLY_SHARES)
        return NULL;
    row = arena_alloc(tally->arena, sizeof(*row));
    if (row != NULL)
        row->cells = cells_new(tally->arena, tally->last[series].bounds->count + 1);
    if (row == NULL || row->cells == NULL)
        return NULL;
    row->minute = minute;
    row->series = series;
    histogram_init(&row->durations, tally->arena);
    *ret_new_slot = slot;
    return row;
}

/* One bit for the place of the status, or none.  Without a branch: which status comes next can't be
 * foreseen, and a wrong guess costs more than all eight comparisons. */
static inline unsigned place_of(const struct plan_cells *cells, uint16_t status)
{
    const uint16_t *at = cells->statuses;

    return (unsigned)(at[0] == status) | (unsigned)(at[1] == status) << 1
           | (unsigned)(at[2] == status) << 2 | (unsigned)(at[3] == status) << 3
           | (unsigned)(at[4] == status) << 4 | (unsigned)(at[5] == status) << 5
           | (unsigned)(at[6] == status) << 6 | (unsigned)(at[7] == status) << 7;
}

/* The counts of a status that the row's first cells don't hold, made if it is new; NULL when there
 * is no room. */
static uint32_t *counts_elsewhere(struct tally *tally, struct plan_cells *cells, uint16_t status)
{
    unsigned place = 0;

    while (cells->next != NULL && place == 0) {
        cells = cells->next;
        place = place_of(cells, status);
    }
    if (place != 0)
        return &cells->counts[__builtin_ctz(place) * cells->bucket_count];
    if (cells->status_count == PLAN_STATUSES) {
        cells->next = cells_new(tally->arena, cells->bucket_count);
        cells = cells->next;
    }
    if (cells == NULL)
        return NULL;
    cells->statuses[cells->status_count] = status;
    return &cells->counts[cells->status_count++ * cells->bucket_count];
}

static uint32_t *counts_of(struct tally *tally, struct plan_cells *cells, uint16_t status)
{
    unsigned place = place_of(cells, status);

    return place != 0 ? &cells->counts[__builtin_ctz(place) * cells->bucket_count]
                      : counts_elsewhere(tally, cells, status);
}

/* Counts the event in a row that may be new.  Returns false when there is no room. */
static bool count_event(struct tally *tally, const struct last *last,
                        const struct tally_event *event)
{
    bool timed = event->status < STATUS_SERVER_ERROR && event->status != STATUS_CLIENT_CLOSED;
    uint32_t *counts = counts_of(tally, last->cells, event->status);
    struct tally_row *row = last->row;

    if (counts == NULL)
        return false;
    counts += plan_bucket(last->bounds, event->duration_ms);
    if (*counts == UINT32_MAX || (timed && !histogram_add(&row->durations, event->duration_ms)))
        return false;
    ++*counts;
    if (!timed)
        return true;
    row->duration_ms_sum += event->duration_ms;
    if (event->duration_ms > row->duration_ms_max)
        row->duration_ms_max = event->duration_ms;
    return true;
}

/* The event goes to another row than the series' last one did. */
static bool count_elsewhere(struct tally *tally, const struct tally_event *event, int32_t minute)
{
    struct last *last = &tally->last[event->series];
    uint16_t *new_slot = NULL;
    struct tally_row *row = row_for(tally, minute, event->series, &new_slot);
    struct last next;

    if (row == NULL)
        return false;
    next = (struct last){ row, row->cells, last->bounds, minute };
    if (!count_event(tally, &next, event))
        return false;
    if (new_slot != NULL) {
        tally->rows[tally->row_count++] = row;
        tally->share_count +=
            plan_indicator_count(tally->plan, tally->series[event->series].service);
        *new_slot = (uint16_t)tally->row_count;
    }
    *last = next;
    return true;
}

bool tally_add(struct tally *tally, const struct tally_event *event)
{
    const struct last *last = &tally->last[event->series];
    int32_t minute;

    assert(event->time_ms >= 0 && event->time_ms / MINUTE_MS <= INT32_MAX);
    assert(event->series < (uint32_t)tally->series_count);
    assert(event->status >= STATUS_LOW && event->status <= STATUS_HIGH);
    minute = (int32_t)(event->time_ms / MINUTE_MS);
    if (last->row != NULL && last->minute == minute)
        return count_event(tally, last, event);
    return count_elsewhere(tally, event, minute);
}

/* --- reading --- */

const struct plan *tally_plan(const struct tally *tally)
{
    return tally->plan;
}

int tally_row_count(const struct tally *tally)
{
    return tally->row_count;
}

const struct tally_row *tally_row_at(const struct tally *tally, int index)
{
    assert(index >= 0 && index < tally->row_count);
    return tally->rows[index];
}

int tally_series_count(const struct tally *tally)
{
    return tally->series_count;
}

const struct plan_series *tally_series_at(const struct tally *tally, uint32_t series)
{
    assert(series < (uint32_t)tally->series_count);
    return &tally->series[series];
}

static void add_totals(struct tally_totals *totals, int status, uint64_t events)
{
    if (status == STATUS_CLIENT_CLOSED)
        totals->client_closed += events;
    else
        totals->total += events;
    if (status >= STATUS_SERVER_ERROR)
        totals->errors += events;
}

struct tally_totals tally_row_totals(const struct tally_row *row)
{
    struct tally_totals totals = { 0 };

    for (const struct plan_cells *cells = row->cells; cells != NULL; cells = cells->next) {
        for (int i = 0; i < cells->status_count; i++)
            add_totals(&totals, cells->statuses[i], plan_cells_sum(cells, i));
    }
    return totals;
}

void flush_free(struct flush **flush)
{
    if (*flush == NULL)
        return;
    tally_free(&(*flush)->tally);
    free(*flush);
    *flush = NULL;
}
