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
    DIRECT_STATUSES = 8, /* the tally's first: most logs have no more */
};

struct series {
    struct plan_series name;
    const struct plan_bounds *bounds;           /* the service's */
    struct tally_row *newest;                   /* the row that the series' last event went to */
    struct plan_cells *direct[DIRECT_STATUSES]; /* of that row, by the number of the status */
};

struct tally {
    struct arena *arena;
    const struct plan *plan; /* borrowed */
    struct series series[LIMIT_TALLY_SERIES];
    int series_count;
    struct tally_row *rows[LIMIT_TALLY_ROWS];
    int row_count;
    int share_count; /* rows, each as often as its service has indicators */
    uint8_t status_numbers[STATUS_HIGH - STATUS_LOW + 1]; /* from 1 on; 0: not met */
    int status_count;
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
        const struct plan_series *name = &tally->series[tally->series_slots[at] - 1].name;

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
    tally->series[tally->series_count++] = (struct series){
        .name = { service, name, method },
        .bounds = plan_bounds(tally->plan, service),
    };
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
    if (row == NULL)
        return NULL;
    row->minute = minute;
    row->series = series;
    histogram_init(&row->durations, tally->arena);
    *ret_new_slot = slot;
    return row;
}

static struct plan_cells *cells_new(struct tally *tally, uint16_t status, int bucket_count)
{
    struct plan_cells *cells;
    size_t bytes = sizeof(*cells) + (size_t)bucket_count * sizeof(cells->counts[0]);

    cells = arena_alloc(tally->arena, bytes);
    if (cells == NULL)
        return NULL;
    cells->status = status;
    cells->bucket_count = (uint16_t)bucket_count;
    return cells;
}

/* Where the row's list has the status, or would have it. */
static struct plan_cells **cells_link(struct tally_row *row, uint16_t status)
{
    struct plan_cells **link = &row->cells;

    while (*link != NULL && (*link)->status != status)
        link = &(*link)->next;
    return link;
}

/* Where the series remembers the status' cells, which saves the walk along the list: its end is
 * what a processor can't predict.  NULL for a status beyond the first ones. */
static struct plan_cells **cells_direct(struct tally *tally, struct series *series, uint16_t status)
{
    uint8_t *number = &tally->status_numbers[status - STATUS_LOW];

    if (*number == 0 && tally->status_count < DIRECT_STATUSES)
        *number = (uint8_t)++tally->status_count;
    return *number == 0 ? NULL : &series->direct[*number - 1];
}

/* Counts the event in a row of the series that may be new.  Returns false, leaving the row, without
 * room. */
static bool row_add(struct tally *tally, struct series *series, struct tally_row *row,
                    const struct tally_event *event)
{
    bool timed = event->status < STATUS_SERVER_ERROR && event->status != STATUS_CLIENT_CLOSED;
    struct plan_cells **direct = cells_direct(tally, series, event->status);
    struct plan_cells **link =
        direct != NULL && *direct != NULL ? direct : cells_link(row, event->status);
    struct plan_cells *cells = *link;

    if (cells == NULL)
        cells = cells_new(tally, event->status, series->bounds->count + 1);
    if (cells == NULL || (timed && !histogram_add(&row->durations, event->duration_ms)))
        return false;
    cells->counts[plan_bucket(series->bounds, event->duration_ms)]++;
    *link = cells;
    if (direct != NULL)
        *direct = cells;
    if (!timed)
        return true;
    row->duration_ms_sum += event->duration_ms;
    if (event->duration_ms > row->duration_ms_max)
        row->duration_ms_max = event->duration_ms;
    return true;
}

/* The series goes on with another row, if its next event fits. */
static void series_leave_row(struct series *series)
{
    series->newest = NULL;
    for (int i = 0; i < DIRECT_STATUSES; i++)
        series->direct[i] = NULL;
}

bool tally_add(struct tally *tally, const struct tally_event *event)
{
    uint16_t *new_slot = NULL;
    struct series *series;
    struct tally_row *row;
    int32_t minute;

    assert(event->time_ms >= 0 && event->time_ms / MINUTE_MS <= INT32_MAX);
    assert(event->series < (uint32_t)tally->series_count);
    assert(event->status >= STATUS_LOW && event->status <= STATUS_HIGH);
    minute = (int32_t)(event->time_ms / MINUTE_MS);
    series = &tally->series[event->series];
    row = series->newest;
    if (row == NULL || row->minute != minute) {
        series_leave_row(series);
        row = row_for(tally, minute, event->series, &new_slot);
    }
    if (row == NULL || !row_add(tally, series, row, event))
        return false;
    if (new_slot != NULL) {
        tally->rows[tally->row_count++] = row;
        tally->share_count += plan_indicator_count(tally->plan, series->name.service);
        *new_slot = (uint16_t)tally->row_count;
    }
    series->newest = row;
    return true;
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
    return &tally->series[series].name;
}

struct tally_totals tally_row_totals(const struct tally_row *row)
{
    struct tally_totals totals = { 0 };

    for (const struct plan_cells *cells = row->cells; cells != NULL; cells = cells->next) {
        uint64_t events = plan_cells_sum(cells);

        if (cells->status == STATUS_CLIENT_CLOSED)
            totals.client_closed += events;
        else
            totals.total += events;
        if (cells->status >= STATUS_SERVER_ERROR)
            totals.errors += events;
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
