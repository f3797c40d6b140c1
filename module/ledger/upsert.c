/* upsert.c - INSERT … SELECT FROM unnest(…) ON CONFLICT DO UPDATE, in the order of the keys. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/upsert.h"

#include "ledger/arrays.h"
#include "ledger/cells.h"
#include "ledger/columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MERGE_BYTES = 1024 * 1024 }; /* one histogram with every bucket takes 22 KiB */

/* Runs the statement with $1 file, $2 stamp and the arrays behind them. */
static int run(struct upsert *upsert, struct columns *columns, const char *sql, PGresult **ret,
               struct error *err)
{
    char stamp[SESSION_NUMBER_BYTES];
    char file[SESSION_FILE_BYTES];
    const char *const values[] = { session_file(upsert->file, file),
                                   session_number(upsert->stamp, stamp) };
    /* bytea, bigint: said here, because not every statement mentions both. */
    static const Oid types[] = { 17, 20 };
    const struct pq_params fixed = { (int)ARRAY_LENGTH(values), types, values, NULL, NULL };

    return columns_run(columns, upsert->session, sql, &fixed, ret, err);
}

static bool wanted(const struct upsert *upsert, int32_t minute)
{
    return upsert->minute == UPSERT_ALL_MINUTES || upsert->minute == minute;
}

static bool wanted_indicator(const struct upsert *upsert, int indicator, int32_t minute)
{
    return wanted(upsert, minute) && upsert->file_counted->indicators[indicator];
}

static struct slice service_name(const struct upsert *upsert, const struct service_rows *rows)
{
    return slice_of(upsert->counted->catalogue->services[rows->service]);
}

/* --- indicators: minutes, quarter hours, days, slices --- */

/* OFFSET 0 keeps one look-up per row, whatever the planner knows of the table; and nothing but the
 * primary key serves it, because the other index has a condition. */
static const char fetch_indicators_sql[] =
    "SELECT k.n, s.histogram FROM unnest($3::text[], $4::integer[], $5::integer[]) "
    "WITH ORDINALITY AS k(s, i, m, n), LATERAL (SELECT histogram FROM probity.indicator_minutes "
    "WHERE service = k.s AND indicator_id = k.i AND minute = k.m AND file_id = $1 "
    "AND $2 IS NOT NULL OFFSET 0) s WHERE s.histogram IS NOT NULL ORDER BY k.n";

/* All that is kept along time at once: c are the lengths of slices by indicator. */
static const char upsert_indicators_sql[] =
    "WITH k AS MATERIALIZED (SELECT * FROM unnest($3::text[], $4::integer[], $5::integer[], "
    "$6::bigint[], $7::bigint[], $8::bytea[]) AS k(s, i, m, n, b, h)), "
    "quarters AS (INSERT INTO probity.indicator_quarters AS t (service, indicator_id, quarter, "
    "file_id, total, bad, stamp) SELECT s, i, m / 15, $1, sum(n), sum(b), $2 FROM k "
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 "
    "ON CONFLICT (service, indicator_id, quarter, file_id) DO UPDATE SET "
    "total = t.total + excluded.total, bad = t.bad + excluded.bad, stamp = excluded.stamp), "
    "days AS (INSERT INTO probity.indicator_days AS t (service, indicator_id, day, file_id, "
    "total, bad, stamp) SELECT s, i, m / 1440, $1, sum(n), sum(b), $2 FROM k "
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 "
    "ON CONFLICT (service, indicator_id, day, file_id) DO UPDATE SET "
    "total = t.total + excluded.total, bad = t.bad + excluded.bad, stamp = excluded.stamp), "
    "slices AS (INSERT INTO probity.slices AS t (service, indicator_id, slice_minutes, slice, "
    "file_id, total, bad, stamp) SELECT k.s, k.i, l, m - m % l, $1, sum(n), sum(b), $2 FROM k "
    "JOIN unnest($9::text[], $10::integer[], $11::integer[]) AS c(s, i, l) "
    "ON c.s = k.s AND c.i = k.i GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 "
    "ON CONFLICT (service, indicator_id, slice_minutes, slice, file_id) DO UPDATE SET "
    "total = t.total + excluded.total, bad = t.bad + excluded.bad, stamp = excluded.stamp) "
    "INSERT INTO probity.indicator_minutes AS t (service, indicator_id, minute, file_id, "
    "total, bad, histogram, stamp) SELECT s, i, m, $1, n, b, h, $2 FROM k ORDER BY s, i, m "
    "ON CONFLICT (service, indicator_id, minute, file_id) DO UPDATE SET "
    "total = t.total + excluded.total, bad = t.bad + excluded.bad, "
    "histogram = excluded.histogram, stamp = excluded.stamp";

/* Calls `act` for each row that is wanted, until it fails. */
typedef int (*indicator_fn)(struct upsert *upsert, struct slice service,
                            const struct indicator_row *row, void *context);

static int each_indicator(struct upsert *upsert, indicator_fn act, void *context)
{
    const struct rows *rows = upsert->rows;
    int code = 0;

    for (int s = 0; s < rows->service_count; s++) {
        const struct service_rows *of = &rows->services[s];

        for (int i = 0; code == 0 && i < of->indicator_count; i++) {
            const struct indicator_row *row = &of->indicators[i];

            if (wanted_indicator(upsert, row->indicator, row->minute))
                code = act(upsert, service_name(upsert, of), row, context);
        }
    }
    return code;
}

static int put_indicator_key(struct upsert *upsert, struct slice service,
                             const struct indicator_row *row, void *context)
{
    struct columns *keys = context;

    (void)upsert;
    if (!row->timed)
        return 0;
    array_put_text(&keys->arrays[0], service);
    array_put_int(&keys->arrays[1], row->id);
    array_put_int(&keys->arrays[2], row->minute);
    return 0;
}

/* What fills the arrays of a statement row by row. */
struct filling {
    struct columns columns;
    struct cells stored;
    int ordinal; /* of the row among those that were asked for */
    struct arena *arena;
};

static int put_indicator(struct upsert *upsert, struct slice service,
                         const struct indicator_row *row, void *context)
{
    struct filling *filling = context;
    struct buf *arrays = filling->columns.arrays;
    struct histogram merged;
    struct slice stored;
    int at = -1;
    int code;

    (void)upsert;
    array_put_text(&arrays[0], service);
    array_put_int(&arrays[1], row->id);
    array_put_int(&arrays[2], row->minute);
    array_put_int(&arrays[3], (int64_t)row->total);
    array_put_int(&arrays[4], (int64_t)row->bad);
    if (!row->timed) {
        array_put_null(&arrays[5]);
        return 0;
    }
    (void)cells_find(&filling->stored, ++filling->ordinal, &at);
    arena_clear(filling->arena);
    histogram_init(&merged, filling->arena);
    code = cells_read(&filling->stored, (struct cell){ at, 1 }, filling->arena, &stored);
    if (code == 0 && !rows_merge_durations(row, &merged))
        code = -ENOMEM;
    return code == 0 ? cells_put_histogram(&filling->stored, &arrays[5], &merged, stored) : code;
}

static void put_slicings(const struct upsert *upsert, struct columns *columns)
{
    const struct counted *counted = upsert->counted;

    for (int i = 0; i < counted->slicing_count; i++) {
        const struct slicing *slicing = &counted->slicings[i];

        if (!upsert->file_counted->slicings[i])
            continue;
        array_put_text(&columns->arrays[6],
                       slice_of(counted->catalogue->services[slicing->service]));
        array_put_int(&columns->arrays[7], slicing->id);
        array_put_int(&columns->arrays[8], slicing->minutes);
    }
}

static int upsert_indicators(struct upsert *upsert, struct arena *arena, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    AUTO(columns_done) struct columns keys;
    struct filling filling = { .arena = arena };
    int code;

    columns_open(&keys, 3);
    (void)each_indicator(upsert, put_indicator_key, &keys);
    if (!columns_are_empty(&keys)) {
        code = run(upsert, &keys, fetch_indicators_sql, &result, err);
        if (code != 0)
            return code;
    }
    filling.stored.result = result;
    columns_open(&filling.columns, 9);
    code = each_indicator(upsert, put_indicator, &filling);
    put_slicings(upsert, &filling.columns);
    if (code == 0 && !columns_are_empty(&filling.columns))
        code = run(upsert, &filling.columns, upsert_indicators_sql, NULL, err);
    columns_done(&filling.columns);
    upsert->damaged += filling.stored.damaged;
    return code;
}

/* --- route_minutes --- */

static const char fetch_routes_sql[] =
    "SELECT k.n, s.histogram, s.statuses FROM unnest($3::text[], $4::text[], $5::text[], "
    "$6::integer[]) WITH ORDINALITY AS k(s, r, v, m, n), LATERAL (SELECT histogram, statuses "
    "FROM probity.route_minutes WHERE service = k.s AND route = k.r AND method = k.v "
    "AND minute = k.m AND file_id = $1 AND $2 IS NOT NULL OFFSET 0) s ORDER BY k.n";

static const char upsert_routes_sql[] =
    "INSERT INTO probity.route_minutes AS t (service, route, method, minute, file_id, total, "
    "errors, client_closed, duration_ms_sum, duration_ms_max, histogram, statuses, stamp) "
    "SELECT s, r, v, m, $1, n, e, c, d, x, h, u, $2 FROM unnest($3::text[], $4::text[], "
    "$5::text[], $6::integer[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], "
    "$11::bigint[], $12::bytea[], $13::bytea[]) AS k(s, r, v, m, n, e, c, d, x, h, u) "
    "ORDER BY s, r, v, m "
    "ON CONFLICT (service, route, method, minute, file_id) DO UPDATE SET "
    "total = t.total + excluded.total, errors = t.errors + excluded.errors, "
    "client_closed = t.client_closed + excluded.client_closed, "
    "duration_ms_sum = t.duration_ms_sum + excluded.duration_ms_sum, "
    "duration_ms_max = greatest(t.duration_ms_max, excluded.duration_ms_max), "
    "histogram = excluded.histogram, statuses = excluded.statuses, stamp = excluded.stamp";

typedef int (*route_fn)(struct upsert *upsert, struct slice service, const struct route_row *row,
                        void *context);

static int each_route(struct upsert *upsert, route_fn act, void *context)
{
    const struct rows *rows = upsert->rows;
    int code = 0;

    for (int s = 0; s < rows->service_count; s++) {
        const struct service_rows *of = &rows->services[s];

        for (int i = 0; code == 0 && i < of->route_count; i++) {
            if (wanted(upsert, of->routes[i].minute))
                code = act(upsert, service_name(upsert, of), &of->routes[i], context);
        }
    }
    return code;
}

static int put_route_key(struct upsert *upsert, struct slice service, const struct route_row *row,
                         void *context)
{
    struct columns *columns = context;

    (void)upsert;
    array_put_text(&columns->arrays[0], service);
    array_put_text(&columns->arrays[1], slice_of(row->route));
    array_put_text(&columns->arrays[2], slice_of(event_method_text(row->method)));
    array_put_int(&columns->arrays[3], row->minute);
    return 0;
}

static int put_route_cells(struct filling *filling, const struct route_row *row)
{
    struct buf *arrays = filling->columns.arrays;
    struct histogram merged;
    struct slice durations;
    struct slice statuses = { NULL, 0 };
    int at = -1;
    int code;

    (void)cells_find(&filling->stored, ++filling->ordinal, &at);
    arena_clear(filling->arena);
    histogram_init(&merged, filling->arena);
    code = cells_read(&filling->stored, (struct cell){ at, 1 }, filling->arena, &durations);
    if (code == 0)
        code = cells_read(&filling->stored, (struct cell){ at, 2 }, filling->arena, &statuses);
    if (code == 0 && !histogram_merge(&merged, &row->counts->durations, 1))
        code = -ENOMEM;
    if (code == 0)
        code = cells_put_histogram(&filling->stored, &arrays[9], &merged, durations);
    return code == 0 ? cells_put_statuses(&filling->stored, &arrays[10], row->statuses, statuses)
                     : code;
}

static int put_route(struct upsert *upsert, struct slice service, const struct route_row *row,
                     void *context)
{
    struct filling *filling = context;
    struct buf *arrays = filling->columns.arrays;

    (void)put_route_key(upsert, service, row, &filling->columns);
    array_put_int(&arrays[4], (int64_t)row->totals.total);
    array_put_int(&arrays[5], (int64_t)row->totals.errors);
    array_put_int(&arrays[6], (int64_t)row->totals.client_closed);
    array_put_int(&arrays[7], (int64_t)row->counts->duration_ms_sum);
    array_put_int(&arrays[8], (int64_t)row->counts->duration_ms_max);
    return put_route_cells(filling, row);
}

static int upsert_routes(struct upsert *upsert, struct arena *arena, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    AUTO(columns_done) struct columns keys;
    struct filling filling = { .arena = arena };
    int code;

    columns_open(&keys, 4);
    (void)each_route(upsert, put_route_key, &keys);
    code = run(upsert, &keys, fetch_routes_sql, &result, err);
    if (code != 0)
        return code;
    filling.stored.result = result;
    columns_open(&filling.columns, 11);
    code = each_route(upsert, put_route, &filling);
    if (code == 0)
        code = run(upsert, &filling.columns, upsert_routes_sql, NULL, err);
    columns_done(&filling.columns);
    upsert->damaged += filling.stored.damaged;
    return code;
}

/* --- route_bad_minutes --- */

static const char upsert_bads_sql[] =
    "INSERT INTO probity.route_bad_minutes AS t (service, indicator_id, route, minute, file_id, "
    "bad, stamp) SELECT s, i, r, m, $1, b, $2 FROM unnest($3::text[], $4::integer[], "
    "$5::text[], $6::integer[], $7::bigint[]) AS k(s, i, r, m, b) ORDER BY s, i, r, m "
    "ON CONFLICT (service, indicator_id, route, minute, file_id) DO UPDATE SET "
    "bad = t.bad + excluded.bad, stamp = excluded.stamp";

static void put_bads(const struct upsert *upsert, const struct service_rows *rows,
                     struct columns *columns)
{
    for (int i = 0; i < rows->bad_count; i++) {
        const struct bad_row *row = &rows->bads[i];

        if (!wanted_indicator(upsert, row->indicator, row->minute))
            continue;
        array_put_text(&columns->arrays[0], service_name(upsert, rows));
        array_put_int(&columns->arrays[1], row->id);
        array_put_text(&columns->arrays[2], slice_of(row->route));
        array_put_int(&columns->arrays[3], row->minute);
        array_put_int(&columns->arrays[4], (int64_t)row->bad);
    }
}

static int upsert_bads(struct upsert *upsert, struct error *err)
{
    AUTO(columns_done) struct columns columns;

    columns_open(&columns, 5);
    for (int s = 0; s < upsert->rows->service_count; s++)
        put_bads(upsert, &upsert->rows->services[s], &columns);
    return columns_are_empty(&columns) ? 0 : run(upsert, &columns, upsert_bads_sql, NULL, err);
}

int upsert_rows(struct upsert *upsert, struct error *err)
{
    AUTO(arena_free) struct arena *arena = NULL;
    int code;

    if (upsert->rows->service_count == 0)
        return 0;
    arena = arena_new(MERGE_BYTES);
    if (arena == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    code = upsert_indicators(upsert, arena, err);
    if (code == 0)
        code = upsert_routes(upsert, arena, err);
    if (code == 0)
        code = upsert_bads(upsert, err);
    return code == 0 ? 0 : error_set(err, -code, "ledger: a flush's rows: %s", strerror(-code));
}
