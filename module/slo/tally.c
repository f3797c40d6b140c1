/* tally.c - rows in an arena, found through a small hash table and the route's newest row. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUTES = LIMIT_ROUTES + 1,    /* with `other` */
    SLOTS = LIMIT_TALLY_ROWS * 2, /* a power of two that the rows fill to one half at most */
    MINUTE_MS = 60000,
    STATUS_CLIENT_CLOSED = 499,
    STATUS_SERVER_ERROR = 500,
};

struct tally {
    struct arena *arena;
    int64_t thresholds_ms[LIMIT_THRESHOLDS];
    int threshold_count;
    struct slice routes[ROUTES];
    int route_count;
    struct tally_row *newest[ROUTES]; /* the row that the route's last event went to */
    struct tally_row *rows[LIMIT_TALLY_ROWS];
    int row_count;
    uint16_t slots[SLOTS]; /* a row's index + 1; 0 is free */
};

struct tally *tally_new(const int64_t *thresholds_ms, int threshold_count)
{
    AUTO(tally_free) struct tally *tally = calloc(1, sizeof(*tally));
    struct tally *made;

    assert(threshold_count <= LIMIT_THRESHOLDS);
    if (tally == NULL)
        return NULL;
    tally->arena = arena_new(LIMIT_TALLY_BYTES);
    if (tally->arena == NULL)
        return NULL;
    tally->threshold_count = threshold_count;
    for (int i = 0; i < threshold_count; i++)
        tally->thresholds_ms[i] = thresholds_ms[i];
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

int tally_route(struct tally *tally, struct slice name)
{
    char *copy;

    for (int i = 0; i < tally->route_count; i++) {
        if (slice_equals(tally->routes[i], name))
            return i;
    }
    if (tally->route_count == ROUTES)
        return -1;
    copy = arena_copy(tally->arena, name);
    if (copy == NULL)
        return -1;
    tally->routes[tally->route_count] = (struct slice){ copy, name.length };
    return tally->route_count++;
}

/* Where the row of a minute and route is, or would go. */
static uint16_t *slot_of(struct tally *tally, int32_t minute, uint32_t route)
{
    /* Fibonacci hashing: neighbouring minutes and routes spread over the table. */
    uint64_t hash = ((uint64_t)(uint32_t)minute << 8 ^ route) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(hash >> 40) % SLOTS;

    while (tally->slots[at] != 0) {
        const struct tally_row *row = tally->rows[tally->slots[at] - 1];

        if (row->minute == minute && row->route == route)
            break;
        at = (at + 1) % SLOTS;
    }
    return &tally->slots[at];
}

/* Adds what happened to a row that has room for it. */
static void row_count(const struct tally *tally, struct tally_row *row,
                      const struct tally_event *event)
{
    if (event->status == STATUS_CLIENT_CLOSED) {
        row->client_closed++;
        return;
    }
    row->total++;
    if (event->status >= STATUS_SERVER_ERROR) {
        row->errors++;
        return;
    }
    for (int i = 0; i < tally->threshold_count; i++)
        row->slow[i] += event->duration_ms >= (uint64_t)tally->thresholds_ms[i];
    row->duration_ms_sum += event->duration_ms;
    if (event->duration_ms > row->duration_ms_max)
        row->duration_ms_max = event->duration_ms;
}

static bool is_timed(const struct tally_event *event)
{
    return event->status != STATUS_CLIENT_CLOSED && event->status < STATUS_SERVER_ERROR;
}

/* Finds the event's row or makes it; NULL when there is no room.  A row that was made belongs to
 * the tally only once its first event fitted, so that no empty row is ever handed over. */
static struct tally_row *row_for(struct tally *tally, int32_t minute, uint32_t route,
                                 uint16_t **ret_new_slot)
{
    uint16_t *slot = slot_of(tally, minute, route);
    struct tally_row *row;

    if (*slot != 0)
        return tally->rows[*slot - 1];
    if (tally->row_count == LIMIT_TALLY_ROWS)
        return NULL;
    row = arena_alloc(tally->arena, sizeof(*row));
    if (row == NULL)
        return NULL;
    row->minute = minute;
    row->route = route;
    histogram_init(&row->durations, tally->arena);
    *ret_new_slot = slot;
    return row;
}

bool tally_add(struct tally *tally, const struct tally_event *event)
{
    uint16_t *new_slot = NULL;
    struct tally_row *row;
    int32_t minute;

    assert(event->time_ms >= 0 && event->time_ms / MINUTE_MS <= INT32_MAX);
    assert(event->route < (uint32_t)tally->route_count);
    minute = (int32_t)(event->time_ms / MINUTE_MS);
    row = tally->newest[event->route];
    if (row == NULL || row->minute != minute)
        row = row_for(tally, minute, event->route, &new_slot);
    if (row == NULL)
        return false;
    if (is_timed(event) && !histogram_add(&row->durations, event->duration_ms))
        return false;
    row_count(tally, row, event);
    if (new_slot != NULL) {
        tally->rows[tally->row_count++] = row;
        *new_slot = (uint16_t)tally->row_count;
    }
    tally->newest[event->route] = row;
    return true;
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

const char *tally_route_name(const struct tally *tally, uint32_t route)
{
    assert(route < (uint32_t)tally->route_count);
    return tally->routes[route].data;
}

int tally_threshold_count(const struct tally *tally)
{
    return tally->threshold_count;
}

int64_t tally_threshold_ms(const struct tally *tally, int index)
{
    assert(index >= 0 && index < tally->threshold_count);
    return tally->thresholds_ms[index];
}

/* Rows in the order of their minutes, so that equal minutes stand together. */
static int compare_minutes(const void *a, const void *b)
{
    int32_t left = (*(const struct tally_row *const *)a)->minute;
    int32_t right = (*(const struct tally_row *const *)b)->minute;

    return (left > right) - (left < right);
}

static const struct tally_row **rows_by_minute(const struct tally *tally, struct arena *arena)
{
    size_t bytes = (size_t)tally->row_count * sizeof(struct tally_row *);
    const struct tally_row **rows = arena_alloc(arena, bytes);

    if (rows == NULL)
        return NULL;
    if (bytes > 0) {
        memcpy(rows, tally->rows, bytes);
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers that are copied */
        qsort(rows, (size_t)tally->row_count, sizeof(*rows), compare_minutes);
    }
    return rows;
}

/* Which of the row's `slow` counters is the objective's; -1 if the tally has none for it. */
static int threshold_of(const struct tally *tally, const struct objective *objective)
{
    for (int i = 0; i < tally->threshold_count; i++) {
        if (tally->thresholds_ms[i] == objective->threshold_ms)
            return i;
    }
    return -1;
}

/* Adds one row to its minute's sum; `threshold` is -1 for objectives that ask for no time. */
static bool sum_add(struct tally_sum *sum, const struct tally_row *row, int threshold)
{
    if (threshold < 0) {
        sum->total += row->total;
        sum->bad += row->errors;
        return true;
    }
    sum->total += row->total - row->errors;
    sum->bad += row->slow[threshold];
    return histogram_merge(&sum->durations, &row->durations, 1);
}

int tally_sum_by_minute(const struct tally *tally, const struct objective *objective,
                        struct arena *arena, struct tally_sum **ret)
{
    bool timed = objective->type == OBJECTIVE_LATENCY;
    int threshold = timed ? threshold_of(tally, objective) : -1;
    const struct tally_row **rows = rows_by_minute(tally, arena);
    struct tally_sum *sums = arena_alloc(arena, (size_t)tally->row_count * sizeof(*sums));
    int count = 0;

    if (rows == NULL || sums == NULL || (timed && threshold < 0))
        return -1;
    for (int i = 0; i < tally->row_count; i++) {
        if (count == 0 || sums[count - 1].minute != rows[i]->minute) {
            sums[count].minute = rows[i]->minute;
            histogram_init(&sums[count].durations, arena);
            count++;
        }
        if (!sum_add(&sums[count - 1], rows[i], threshold))
            return -1;
    }
    *ret = sums;
    return count;
}

void flush_free(struct flush **flush)
{
    if (*flush == NULL)
        return;
    tally_free(&(*flush)->tally);
    free(*flush);
    *flush = NULL;
}
