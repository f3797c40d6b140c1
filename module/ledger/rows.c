/* rows.c - sums by objective, copies by route, and only what is bad by both. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct build {
    struct rows *rows;
    const struct tally *tally;
    const struct ledger_settings *settings;
    const struct registry *registry;
    struct arena *arena;
};

static int compare_ints(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_objectives(const void *a, const void *b)
{
    const struct objective_row *left = a;
    const struct objective_row *right = b;
    int by_id = compare_ints(left->objective_id, right->objective_id);

    return by_id != 0 ? by_id : compare_ints(left->sum->minute, right->sum->minute);
}

static int compare_routes(const void *a, const void *b)
{
    const struct route_row *left = a;
    const struct route_row *right = b;
    int by_route = strcmp(left->route, right->route);

    return by_route != 0 ? by_route : compare_ints(left->counts->minute, right->counts->minute);
}

static int compare_bads(const void *a, const void *b)
{
    const struct bad_row *left = a;
    const struct bad_row *right = b;
    int by_id = compare_ints(left->objective_id, right->objective_id);
    int by_route = by_id != 0 ? by_id : strcmp(left->route, right->route);

    return by_route != 0 ? by_route : compare_ints(left->minute, right->minute);
}

static int compare_minutes(const void *a, const void *b)
{
    return compare_ints(*(const int32_t *)a, *(const int32_t *)b);
}

/* Which `slow` counter is the objective's; -1 where errors count. */
static int threshold_of(const struct tally *tally, const struct objective *objective)
{
    int count = objective->type == OBJECTIVE_LATENCY ? tally_threshold_count(tally) : 0;

    for (int i = 0; i < count; i++) {
        if (tally_threshold_ms(tally, i) == objective->threshold_ms)
            return i;
    }
    return -1;
}

static int add_objective(struct build *build, int index)
{
    const struct objective *objective = &build->settings->objectives[index];
    struct rows *rows = build->rows;
    struct tally_sum *sums = NULL;
    int count;

    if (objective->type == OBJECTIVE_LATENCY && threshold_of(build->tally, objective) < 0)
        return -EINVAL;
    count = tally_sum_by_minute(build->tally, objective, build->arena, &sums);
    if (count < 0)
        return -ENOMEM;
    for (int i = 0; i < count; i++) {
        /* A minute of nothing but clients that left has no event for any objective. */
        if (sums[i].total == 0)
            continue;
        rows->objectives[rows->objective_count++] = (struct objective_row){
            .objective_id = build->registry->ids[index],
            .sum = &sums[i],
            .timed = objective->type == OBJECTIVE_LATENCY,
        };
    }
    return 0;
}

static void add_bads(struct build *build, const struct tally_row *counts, const char *route)
{
    for (int i = 0; i < build->settings->objective_count; i++) {
        int threshold = threshold_of(build->tally, &build->settings->objectives[i]);
        uint64_t bad = threshold < 0 ? counts->errors : counts->slow[threshold];

        if (bad == 0)
            continue;
        build->rows->bads[build->rows->bad_count++] = (struct bad_row){
            .objective_id = build->registry->ids[i],
            .route = route,
            .minute = counts->minute,
            .bad = bad,
        };
    }
}

static void add_routes(struct build *build)
{
    struct rows *rows = build->rows;

    for (int i = 0; i < tally_row_count(build->tally); i++) {
        const struct tally_row *counts = tally_row_at(build->tally, i);
        const char *route = tally_route_name(build->tally, counts->route);

        rows->routes[rows->route_count++] = (struct route_row){ route, counts };
        rows->minutes[rows->minute_count++] = counts->minute;
        add_bads(build, counts, route);
    }
}

static void sort_rows(struct rows *rows)
{
    int kept = 0;

    qsort(rows->objectives, (size_t)rows->objective_count, sizeof(*rows->objectives),
          compare_objectives);
    qsort(rows->routes, (size_t)rows->route_count, sizeof(*rows->routes), compare_routes);
    qsort(rows->bads, (size_t)rows->bad_count, sizeof(*rows->bads), compare_bads);
    qsort(rows->minutes, (size_t)rows->minute_count, sizeof(*rows->minutes), compare_minutes);
    for (int i = 0; i < rows->minute_count; i++) {
        if (kept == 0 || rows->minutes[kept - 1] != rows->minutes[i])
            rows->minutes[kept++] = rows->minutes[i];
    }
    rows->minute_count = kept;
}

int rows_build(struct rows *rows, const struct tally *tally, const struct ledger_settings *settings,
               const struct registry *registry, struct arena *arena)
{
    struct build build = { rows, tally, settings, registry, arena };
    size_t count = tally == NULL ? 0 : (size_t)tally_row_count(tally);
    size_t by_objective = count * (size_t)settings->objective_count;

    *rows = (struct rows){ 0 };
    if (count == 0)
        return 0;
    rows->objectives = arena_alloc(arena, by_objective * sizeof(*rows->objectives));
    rows->routes = arena_alloc(arena, count * sizeof(*rows->routes));
    rows->bads = arena_alloc(arena, by_objective * sizeof(*rows->bads));
    rows->minutes = arena_alloc(arena, count * sizeof(*rows->minutes));
    if (rows->objectives == NULL || rows->routes == NULL || rows->bads == NULL
        || rows->minutes == NULL)
        return -ENOMEM;
    for (int i = 0; i < settings->objective_count; i++) {
        int code = add_objective(&build, i);

        if (code != 0)
            return code;
    }
    add_routes(&build);
    sort_rows(rows);
    return 0;
}

uint64_t rows_events_in(const struct rows *rows, int32_t minute)
{
    uint64_t events = 0;

    for (int i = 0; i < rows->route_count; i++) {
        if (rows->routes[i].counts->minute == minute)
            events += rows->routes[i].counts->total + rows->routes[i].counts->client_closed;
    }
    return events;
}

int rows_in(const struct rows *rows, int32_t minute)
{
    int count = 0;

    for (int i = 0; i < rows->objective_count; i++)
        count += rows->objectives[i].sum->minute == minute;
    for (int i = 0; i < rows->route_count; i++)
        count += rows->routes[i].counts->minute == minute;
    for (int i = 0; i < rows->bad_count; i++)
        count += rows->bads[i].minute == minute;
    return count;
}
