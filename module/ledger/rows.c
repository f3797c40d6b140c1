/* rows.c - sums by indicator, copies by route, and only what is bad by both. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/rows.h"

#include "slo/status_counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Ten bytes for each of the 500 codes and counts would be 10,000; most rows take some ten. */
    STATUSES_BYTES = 16 * 1024,
};

struct rows_source {
    const struct tally_row *row;
    const struct plan_series *series;
    const struct plan_view *views; /* rising by indicator */
    int view_count;
};

struct build {
    struct rows *rows;
    const struct tally *tally;
    const int *ids;
    struct arena *arena;
    struct rows_source *sources; /* by service, minute */
    int source_count;
    int *open; /* by indicator: its newest row in the service's array, plus one */
};

/* --- orders --- */

static int compare_ints(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_sources(const void *a, const void *b)
{
    const struct rows_source *left = a;
    const struct rows_source *right = b;
    int by_service = compare_ints(left->series->service, right->series->service);

    return by_service != 0 ? by_service : compare_ints(left->row->minute, right->row->minute);
}

static int compare_indicators(const void *a, const void *b)
{
    const struct indicator_row *left = a;
    const struct indicator_row *right = b;
    int by_id = compare_ints(left->id, right->id);

    return by_id != 0 ? by_id : compare_ints(left->minute, right->minute);
}

static int compare_routes(const void *a, const void *b)
{
    const struct route_row *left = a;
    const struct route_row *right = b;
    int by_route = strcmp(left->route, right->route);

    if (by_route == 0)
        by_route = strcmp(event_method_text(left->method), event_method_text(right->method));
    return by_route != 0 ? by_route : compare_ints(left->minute, right->minute);
}

static int compare_bads(const void *a, const void *b)
{
    const struct bad_row *left = a;
    const struct bad_row *right = b;
    int by_id = compare_ints(left->id, right->id);
    int by_route = by_id != 0 ? by_id : strcmp(left->route, right->route);

    return by_route != 0 ? by_route : compare_ints(left->minute, right->minute);
}

static int compare_minutes(const void *a, const void *b)
{
    return compare_ints(*(const int32_t *)a, *(const int32_t *)b);
}

/* --- the tally's rows, with who looks at them --- */

static int find_views(const struct build *build, struct rows_source *by_series)
{
    int count = tally_series_count(build->tally);

    for (int i = 0; i < count; i++) {
        struct plan_view *views = NULL;

        by_series[i].series = tally_series_at(build->tally, (uint32_t)i);
        by_series[i].view_count =
            plan_views(tally_plan(build->tally), by_series[i].series, build->arena, &views);
        by_series[i].views = views;
        if (by_series[i].view_count < 0)
            return -ENOMEM;
    }
    return 0;
}

static int find_sources(struct build *build)
{
    size_t series_count = (size_t)tally_series_count(build->tally);
    struct rows_source *by_series;

    by_series = arena_alloc(build->arena, series_count * sizeof(*by_series));
    build->source_count = tally_row_count(build->tally);
    build->sources =
        arena_alloc(build->arena, (size_t)build->source_count * sizeof(*build->sources));
    if (by_series == NULL || build->sources == NULL || find_views(build, by_series) != 0)
        return -ENOMEM;
    for (int i = 0; i < build->source_count; i++) {
        const struct tally_row *row = tally_row_at(build->tally, i);

        build->sources[i] = by_series[row->series];
        build->sources[i].row = row;
    }
    qsort(build->sources, (size_t)build->source_count, sizeof(*build->sources), compare_sources);
    return 0;
}

/* --- one service --- */

/* The indicator's row of the source's minute, made if it is new.  `minute` is the minute's first
 * source. */
static struct indicator_row *indicator_row(struct build *build, struct service_rows *rows,
                                           const struct rows_source *minute, int indicator)
{
    const struct catalogue *catalogue = plan_catalogue(tally_plan(build->tally));
    int *open = &build->open[indicator];

    if (*open == 0 || rows->indicators[*open - 1].minute != minute->row->minute) {
        rows->indicators[rows->indicator_count++] = (struct indicator_row){
            .indicator = indicator,
            .id = build->ids[indicator],
            .minute = minute->row->minute,
            .timed = catalogue->indicators[indicator].timed,
            .source = minute,
        };
        *open = rows->indicator_count;
    }
    return &rows->indicators[*open - 1];
}

static void add_bad(struct build *build, struct service_rows *rows,
                    const struct rows_source *source, struct bad_row row)
{
    row.id = build->ids[row.indicator];
    row.route = source->series->route;
    row.minute = source->row->minute;
    rows->bads[rows->bad_count++] = row;
}

static void add_views(struct build *build, struct service_rows *rows,
                      const struct rows_source *minute, const struct rows_source *source)
{
    const struct plan *plan = tally_plan(build->tally);

    for (int i = 0; i < source->view_count; i++) {
        const struct plan_view *view = &source->views[i];
        struct plan_share share = plan_count(plan, view, source->row->cells);
        struct indicator_row *row;

        if (share.total == 0)
            continue;
        row = indicator_row(build, rows, minute, view->indicator);
        row->total += share.total;
        row->bad += share.bad;
        row->source_count = (int)(source - minute) + 1;
        if (share.bad > 0)
            add_bad(build, rows, source,
                    (struct bad_row){ .indicator = view->indicator, .bad = share.bad });
    }
}

static int add_route(struct build *build, struct service_rows *rows,
                     const struct rows_source *source)
{
    struct status_counts counts = { { 0 } };
    struct buf encoded;
    const char *statuses = NULL;
    size_t length;

    for (const struct plan_cells *cells = source->row->cells; cells != NULL; cells = cells->next) {
        for (int i = 0; i < cells->status_count; i++)
            status_counts_add(&counts, cells->statuses[i], plan_cells_sum(cells, i));
    }
    buf_init(&encoded, STATUSES_BYTES);
    status_counts_encode(&counts, &encoded);
    length = encoded.length;
    if (buf_ok(&encoded))
        statuses = arena_copy(build->arena, buf_slice(&encoded));
    buf_done(&encoded);
    if (statuses == NULL)
        return -ENOMEM;
    rows->routes[rows->route_count++] = (struct route_row){
        .route = source->series->route,
        .method = source->series->method,
        .minute = source->row->minute,
        .totals = tally_row_totals(source->row),
        .counts = source->row,
        .statuses = { statuses, length },
    };
    return 0;
}

/* A route's bad events by several methods are one row. */
static void join_bads(struct service_rows *rows)
{
    int kept = 0;

    qsort(rows->bads, (size_t)rows->bad_count, sizeof(*rows->bads), compare_bads);
    for (int i = 0; i < rows->bad_count; i++) {
        if (kept > 0 && compare_bads(&rows->bads[kept - 1], &rows->bads[i]) == 0)
            rows->bads[kept - 1].bad += rows->bads[i].bad;
        else
            rows->bads[kept++] = rows->bads[i];
    }
    rows->bad_count = kept;
}

/* Room for all that `count` sources can become. */
static int make_room(struct build *build, struct service_rows *rows,
                     const struct rows_source *sources, int count)
{
    size_t views = 0;

    for (int i = 0; i < count; i++)
        views += (size_t)sources[i].view_count;
    rows->indicators = arena_alloc(build->arena, views * sizeof(*rows->indicators) + 1);
    rows->bads = arena_alloc(build->arena, views * sizeof(*rows->bads) + 1);
    rows->routes = arena_alloc(build->arena, (size_t)count * sizeof(*rows->routes));
    return rows->indicators == NULL || rows->bads == NULL || rows->routes == NULL ? -ENOMEM : 0;
}

static int add_service(struct build *build, const struct rows_source *sources, int count)
{
    struct service_rows *rows = &build->rows->services[build->rows->service_count++];
    const struct rows_source *minute = sources;
    int code = make_room(build, rows, sources, count);

    rows->service = sources->series->service;
    for (int i = 0; code == 0 && i < count; i++) {
        if (sources[i].row->minute != minute->row->minute)
            minute = &sources[i];
        add_views(build, rows, minute, &sources[i]);
        code = add_route(build, rows, &sources[i]);
    }
    if (code != 0)
        return code;
    qsort(rows->indicators, (size_t)rows->indicator_count, sizeof(*rows->indicators),
          compare_indicators);
    qsort(rows->routes, (size_t)rows->route_count, sizeof(*rows->routes), compare_routes);
    join_bads(rows);
    return 0;
}

/* --- all of it --- */

static int add_services(struct build *build)
{
    int from = 0;
    int code = 0;

    while (code == 0 && from < build->source_count) {
        int service = build->sources[from].series->service;
        int until = from + 1;

        while (until < build->source_count && build->sources[until].series->service == service)
            until++;
        code = add_service(build, &build->sources[from], until - from);
        from = until;
    }
    return code;
}

static void find_minutes(const struct build *build)
{
    struct rows *rows = build->rows;
    int kept = 0;

    for (int i = 0; i < build->source_count; i++)
        rows->minutes[i] = build->sources[i].row->minute;
    qsort(rows->minutes, (size_t)build->source_count, sizeof(*rows->minutes), compare_minutes);
    for (int i = 0; i < build->source_count; i++) {
        if (kept == 0 || rows->minutes[kept - 1] != rows->minutes[i])
            rows->minutes[kept++] = rows->minutes[i];
    }
    rows->minute_count = kept;
}

int rows_build(struct rows *rows, const struct tally *tally, const int *ids, struct arena *arena)
{
    struct build build = { .rows = rows, .tally = tally, .ids = ids, .arena = arena };
    const struct catalogue *catalogue;
    size_t count = tally == NULL ? 0 : (size_t)tally_row_count(tally);

    *rows = (struct rows){ 0 };
    if (count == 0)
        return 0;
    catalogue = plan_catalogue(tally_plan(tally));
    build.open = arena_alloc(arena, (size_t)catalogue->indicator_count * sizeof(*build.open) + 1);
    rows->services = arena_alloc(arena, (size_t)catalogue->service_count * sizeof(*rows->services));
    rows->minutes = arena_alloc(arena, count * sizeof(*rows->minutes));
    if (build.open == NULL || rows->services == NULL || rows->minutes == NULL
        || find_sources(&build) != 0)
        return -ENOMEM;
    find_minutes(&build);
    return add_services(&build);
}

/* --- reading --- */

static bool looks_at(const struct rows_source *source, int indicator)
{
    int low = 0;
    int high = source->view_count;

    while (low < high) {
        int middle = (low + high) / 2;

        if (source->views[middle].indicator < indicator)
            low = middle + 1;
        else
            high = middle;
    }
    return low < source->view_count && source->views[low].indicator == indicator;
}

bool rows_merge_durations(const struct indicator_row *row, struct histogram *into)
{
    for (int i = 0; i < row->source_count; i++) {
        const struct rows_source *source = &row->source[i];

        if (looks_at(source, row->indicator) && !histogram_merge(into, &source->row->durations, 1))
            return false;
    }
    return true;
}

uint64_t rows_events_in(const struct service_rows *rows, int32_t minute)
{
    uint64_t events = 0;

    for (int i = 0; i < rows->route_count; i++) {
        if (rows->routes[i].minute == minute)
            events += rows->routes[i].totals.total + rows->routes[i].totals.client_closed;
    }
    return events;
}

int rows_in(const struct service_rows *rows, int32_t minute)
{
    int count = 0;

    for (int i = 0; i < rows->indicator_count; i++)
        count += rows->indicators[i].minute == minute;
    for (int i = 0; i < rows->route_count; i++)
        count += rows->routes[i].minute == minute;
    for (int i = 0; i < rows->bad_count; i++)
        count += rows->bads[i].minute == minute;
    return count;
}

int rows_count(const struct service_rows *rows)
{
    return rows->indicator_count + rows->route_count + rows->bad_count;
}
