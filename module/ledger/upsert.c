/* upsert.c - INSERT … SELECT FROM unnest(…) ON CONFLICT DO UPDATE, in the order of the keys. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/upsert.h"

#include "ledger/arrays.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MAX = 8,
    FIXED = 3, /* service, file, stamp come before the columns */
    COLUMN_BYTES = 64 * 1024 * 1024,
    MERGE_BYTES = 1024 * 1024, /* one histogram with every bucket takes 22 KiB */
};

/* The parameters of one statement: an array per column, filled row by row. */
struct columns {
    struct buf arrays[COLUMNS_MAX];
    int count;
};

static void columns_open(struct columns *columns, int count)
{
    columns->count = count;
    for (int i = 0; i < count; i++) {
        buf_init(&columns->arrays[i], COLUMN_BYTES);
        array_open(&columns->arrays[i]);
    }
}

static void columns_done(struct columns *columns)
{
    for (int i = 0; i < columns->count; i++)
        buf_done(&columns->arrays[i]);
}

/* Runs the statement with $1 service, $2 file, $3 stamp and the arrays behind them. */
static int columns_run(struct columns *columns, const struct upsert *upsert, const char *sql,
                       PGresult **ret, struct error *err)
{
    char stamp[SESSION_NUMBER_BYTES];
    char file_bytes[2 * sizeof(upsert->file.bytes) + 3] = "\\x";
    const char *values[FIXED + COLUMNS_MAX] = { upsert->service, file_bytes,
                                                session_number(upsert->stamp, stamp) };
    /* text, bytea, bigint: said here, because not every statement mentions all three. */
    static const Oid types[FIXED + COLUMNS_MAX] = { 25, 17, 20 };
    struct pq_params params = { FIXED + columns->count, types, values, NULL, NULL };

    for (size_t i = 0; i < sizeof(upsert->file.bytes); i++)
        (void)snprintf(file_bytes + 2 + 2 * i, 3, "%02x", upsert->file.bytes[i]);
    for (int i = 0; i < columns->count; i++) {
        array_close(&columns->arrays[i]);
        if (!buf_ok(&columns->arrays[i]))
            return error_set(err, E2BIG, "ledger: a flush does not fit one statement");
        values[FIXED + i] = buf_text(&columns->arrays[i]);
    }
    return session_run(upsert->session, sql, &params, ret, err);
}

static bool wanted(const struct upsert *upsert, int32_t minute)
{
    return upsert->minute == UPSERT_ALL_MINUTES || upsert->minute == minute;
}

/* --- histograms --- */

/* Stored histograms by the position of their row in the statement's order. */
struct stored {
    PGresult *result; /* columns: ordinal from 1, histogram */
    int at;           /* the next result row; ordinals rise */
};

/* The stored histogram of the row with this ordinal, or an empty slice. */
static struct slice stored_take(struct stored *stored, int ordinal)
{
    struct slice text = { NULL, 0 };

    if (stored->result == NULL || stored->at >= PQntuples(stored->result)
        || pq_int(stored->result, stored->at, 0, 0) != ordinal)
        return text;
    text.data = PQgetvalue(stored->result, stored->at, 1);
    text.length = (size_t)PQgetlength(stored->result, stored->at, 1);
    stored->at++;
    return text;
}

/* Adds the stored bytes.  What can't be read is left out and counted: a damaged cell must not stop
 * the ledger, and no verdict reads it. */
static int merge_stored(struct upsert *upsert, struct histogram *merged, struct slice text)
{
    AUTO(auto_free) unsigned char *bytes = NULL;
    int64_t length;
    int code = 0;

    if (text.length == 0)
        return 0;
    bytes = malloc(text.length);
    if (bytes == NULL)
        return -ENOMEM;
    length = array_read_hex(text, bytes);
    if (length >= 0)
        code = histogram_merge_encoded(merged,
                                       (struct slice){ (const char *)bytes, (size_t)length }, 1);
    if (length < 0 || code == -EINVAL)
        upsert->damaged++;
    return code == -EINVAL ? 0 : code;
}

/* Appends new + stored, encoded, to a bytea array; NULL for an empty histogram. */
static int put_histogram(struct upsert *upsert, struct buf *column, const struct histogram *fresh,
                         struct slice text)
{
    AUTO(arena_free) struct arena *arena = NULL;
    struct histogram merged;
    struct buf encoded;
    int code;

    if (fresh->count == 0 && text.length == 0) {
        array_put_null(column);
        return 0;
    }
    arena = arena_new(MERGE_BYTES);
    if (arena == NULL)
        return -ENOMEM;
    histogram_init(&merged, arena);
    if (!histogram_merge(&merged, fresh, 1))
        return -ENOMEM;
    code = merge_stored(upsert, &merged, text);
    if (code != 0)
        return code;
    buf_init(&encoded, COLUMN_BYTES);
    histogram_encode(&merged, &encoded);
    array_put_bytes(column, buf_slice(&encoded));
    code = buf_ok(&encoded) ? 0 : -ENOMEM;
    buf_done(&encoded);
    return code;
}

/* --- objective_minutes --- */

/* OFFSET 0 keeps one look-up by primary key per row, whatever the planner knows of the table. */
#define FETCH_OBJECTIVES                                                                       \
    "SELECT k.n, s.histogram FROM unnest($4::integer[], $5::integer[]) "                       \
    "WITH ORDINALITY AS k(o, m, n), LATERAL (SELECT histogram FROM probity.objective_minutes " \
    "WHERE service = $1 AND objective_id = k.o AND minute = k.m AND file_id = $2 "             \
    "OFFSET 0) s WHERE s.histogram IS NOT NULL ORDER BY k.n"

#define UPSERT_OBJECTIVES                                                                         \
    "INSERT INTO probity.objective_minutes AS t (service, objective_id, minute, file_id, total, " \
    "bad, histogram, stamp) SELECT $1, o, m, $2, n, b, h, $3 FROM "                               \
    "unnest($4::integer[], $5::integer[], $6::bigint[], $7::bigint[], $8::bytea[]) "              \
    "AS k(o, m, n, b, h) ORDER BY o, m "                                                          \
    "ON CONFLICT (service, objective_id, minute, file_id) DO UPDATE SET "                         \
    "total = t.total + excluded.total, bad = t.bad + excluded.bad, "                              \
    "histogram = excluded.histogram, stamp = excluded.stamp"

/* The ledger counts by objective still: each has its indicator's rows. */
static bool is_row_of(const struct upsert *upsert, const struct indicator_row *row, int objective)
{
    return wanted(upsert, row->minute)
           && upsert->settings->objectives[objective].indicator == row->indicator;
}

static int fetch_objectives(struct upsert *upsert, struct stored *stored, struct error *err)
{
    const struct service_rows *rows = upsert->rows;
    struct columns keys;
    int code;

    columns_open(&keys, 2);
    for (int k = 0; k < upsert->settings->objective_count; k++) {
        for (int i = 0; i < rows->indicator_count; i++) {
            if (!is_row_of(upsert, &rows->indicators[i], k))
                continue;
            array_put_int(&keys.arrays[0], upsert->registry->ids[k]);
            array_put_int(&keys.arrays[1], rows->indicators[i].minute);
        }
    }
    code = columns_run(&keys, upsert, FETCH_OBJECTIVES, &stored->result, err);
    columns_done(&keys);
    return code;
}

static int put_durations(struct upsert *upsert, struct buf *column, const struct indicator_row *row,
                         bool timed, struct slice text)
{
    AUTO(arena_free) struct arena *arena = arena_new(MERGE_BYTES);
    struct histogram fresh;

    if (arena == NULL)
        return -ENOMEM;
    histogram_init(&fresh, arena);
    if (timed && !rows_merge_durations(row, &fresh))
        return -ENOMEM;
    return put_histogram(upsert, column, &fresh, text);
}

static int fill_objectives(struct upsert *upsert, struct columns *columns, struct stored *stored)
{
    const struct ledger_settings *settings = upsert->settings;
    int ordinal = 0;
    int code = 0;

    for (int k = 0; k < settings->objective_count; k++) {
        for (int i = 0; code == 0 && i < upsert->rows->indicator_count; i++) {
            const struct indicator_row *row = &upsert->rows->indicators[i];

            if (!is_row_of(upsert, row, k))
                continue;
            array_put_int(&columns->arrays[0], upsert->registry->ids[k]);
            array_put_int(&columns->arrays[1], row->minute);
            array_put_int(&columns->arrays[2], (int64_t)row->total);
            array_put_int(&columns->arrays[3], (int64_t)row->bad);
            code = put_durations(upsert, &columns->arrays[4], row,
                                 settings->objectives[k].type == OBJECTIVE_LATENCY,
                                 stored_take(stored, ++ordinal));
        }
    }
    return code;
}

static int upsert_objectives(struct upsert *upsert, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    struct stored stored = { NULL, 0 };
    struct columns columns;
    int code;

    if (upsert->rows->indicator_count == 0)
        return 0;
    code = fetch_objectives(upsert, &stored, err);
    result = stored.result;
    if (code != 0)
        return code;
    columns_open(&columns, 5);
    code = fill_objectives(upsert, &columns, &stored);
    if (code == 0)
        code = columns_run(&columns, upsert, UPSERT_OBJECTIVES, NULL, err);
    columns_done(&columns);
    return code;
}

/* --- route_minutes --- */

#define FETCH_ROUTES                                                                       \
    "SELECT k.n, s.histogram FROM unnest($4::text[], $5::integer[]) "                      \
    "WITH ORDINALITY AS k(r, m, n), LATERAL (SELECT histogram FROM probity.route_minutes " \
    "WHERE service = $1 AND route = k.r AND minute = k.m AND file_id = $2 "                \
    "OFFSET 0) s WHERE s.histogram IS NOT NULL ORDER BY k.n"

#define UPSERT_ROUTES                                                                          \
    "INSERT INTO probity.route_minutes AS t (service, route, minute, file_id, total, errors, " \
    "client_closed, duration_ms_sum, duration_ms_max, histogram, stamp) "                      \
    "SELECT $1, r, m, $2, n, e, c, s, x, h, $3 FROM unnest($4::text[], $5::integer[], "        \
    "$6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bytea[]) "    \
    "AS k(r, m, n, e, c, s, x, h) ORDER BY r, m "                                              \
    "ON CONFLICT (service, route, minute, file_id) DO UPDATE SET "                             \
    "total = t.total + excluded.total, errors = t.errors + excluded.errors, "                  \
    "client_closed = t.client_closed + excluded.client_closed, "                               \
    "duration_ms_sum = t.duration_ms_sum + excluded.duration_ms_sum, "                         \
    "duration_ms_max = greatest(t.duration_ms_max, excluded.duration_ms_max), "                \
    "histogram = excluded.histogram, stamp = excluded.stamp"

/* The ledger counts by route still: its methods, which stand together, are one row. */
struct joined_row {
    const char *route;
    int32_t minute;
    struct tally_totals totals;
    uint64_t duration_ms_sum;
    uint64_t duration_ms_max;
    struct histogram durations;
};

static int compare_joined(const void *a, const void *b)
{
    const struct route_row *left = a;
    const struct route_row *right = b;
    int by_route = strcmp(left->route, right->route);

    return by_route != 0 ? by_route
                         : (left->minute > right->minute) - (left->minute < right->minute);
}

static bool join(struct joined_row *joined, const struct route_row *row)
{
    joined->totals.total += row->totals.total;
    joined->totals.errors += row->totals.errors;
    joined->totals.client_closed += row->totals.client_closed;
    joined->duration_ms_sum += row->counts->duration_ms_sum;
    if (row->counts->duration_ms_max > joined->duration_ms_max)
        joined->duration_ms_max = row->counts->duration_ms_max;
    return histogram_merge(&joined->durations, &row->counts->durations, 1);
}

/* Returns how many, or -1 when the arena is full. */
static int join_methods(const struct upsert *upsert, struct arena *arena, struct joined_row **ret)
{
    const struct service_rows *rows = upsert->rows;
    struct joined_row *joined = arena_alloc(arena, (size_t)rows->route_count * sizeof(*joined));
    struct route_row *sorted = arena_alloc(arena, (size_t)rows->route_count * sizeof(*sorted));
    int count = 0;

    if (joined == NULL || sorted == NULL)
        return -1;
    memcpy(sorted, rows->routes, (size_t)rows->route_count * sizeof(*sorted));
    qsort(sorted, (size_t)rows->route_count, sizeof(*sorted), compare_joined);
    for (int i = 0; i < rows->route_count; i++) {
        if (!wanted(upsert, sorted[i].minute))
            continue;
        if (count == 0 || strcmp(joined[count - 1].route, sorted[i].route) != 0
            || joined[count - 1].minute != sorted[i].minute) {
            joined[count].route = sorted[i].route;
            joined[count].minute = sorted[i].minute;
            histogram_init(&joined[count++].durations, arena);
        }
        if (!join(&joined[count - 1], &sorted[i]))
            return -1;
    }
    *ret = joined;
    return count;
}

static int fetch_routes(struct upsert *upsert, const struct joined_row *rows, int count,
                        struct stored *stored, struct error *err)
{
    struct columns keys;
    int code;

    columns_open(&keys, 2);
    for (int i = 0; i < count; i++) {
        array_put_text(&keys.arrays[0], slice_of(rows[i].route));
        array_put_int(&keys.arrays[1], rows[i].minute);
    }
    code = columns_run(&keys, upsert, FETCH_ROUTES, &stored->result, err);
    columns_done(&keys);
    return code;
}

static int fill_routes(struct upsert *upsert, struct columns *columns,
                       const struct joined_row *rows, int count, struct stored *stored)
{
    struct buf *arrays = columns->arrays;
    int code = 0;

    for (int i = 0; code == 0 && i < count; i++) {
        array_put_text(&arrays[0], slice_of(rows[i].route));
        array_put_int(&arrays[1], rows[i].minute);
        array_put_int(&arrays[2], (int64_t)rows[i].totals.total);
        array_put_int(&arrays[3], (int64_t)rows[i].totals.errors);
        array_put_int(&arrays[4], (int64_t)rows[i].totals.client_closed);
        array_put_int(&arrays[5], (int64_t)rows[i].duration_ms_sum);
        array_put_int(&arrays[6], (int64_t)rows[i].duration_ms_max);
        code = put_histogram(upsert, &arrays[7], &rows[i].durations, stored_take(stored, i + 1));
    }
    return code;
}

static int upsert_routes(struct upsert *upsert, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    AUTO(arena_free) struct arena *arena = arena_new(COLUMN_BYTES);
    struct stored stored = { NULL, 0 };
    struct joined_row *rows = NULL;
    struct columns columns;
    int count = arena == NULL ? -1 : join_methods(upsert, arena, &rows);
    int code;

    if (count < 0)
        return -ENOMEM;
    code = fetch_routes(upsert, rows, count, &stored, err);
    result = stored.result;
    if (code != 0)
        return code;
    columns_open(&columns, 8);
    code = fill_routes(upsert, &columns, rows, count, &stored);
    if (code == 0)
        code = columns_run(&columns, upsert, UPSERT_ROUTES, NULL, err);
    columns_done(&columns);
    return code;
}

/* --- route_bad_minutes --- */

#define UPSERT_BADS                                                                               \
    "INSERT INTO probity.route_bad_minutes AS t (service, objective_id, route, minute, file_id, " \
    "bad, stamp) SELECT $1, o, r, m, $2, b, $3 FROM "                                             \
    "unnest($4::integer[], $5::text[], $6::integer[], $7::bigint[]) AS k(o, r, m, b) "            \
    "ORDER BY o, r, m "                                                                           \
    "ON CONFLICT (service, objective_id, route, minute, file_id) DO UPDATE SET "                  \
    "bad = t.bad + excluded.bad, stamp = excluded.stamp"

static int upsert_bads(struct upsert *upsert, struct error *err)
{
    struct columns columns;
    int code;

    if (upsert->rows->bad_count == 0)
        return 0;
    columns_open(&columns, 4);
    for (int k = 0; k < upsert->settings->objective_count; k++) {
        for (int i = 0; i < upsert->rows->bad_count; i++) {
            const struct bad_row *row = &upsert->rows->bads[i];

            if (!wanted(upsert, row->minute)
                || upsert->settings->objectives[k].indicator != row->indicator)
                continue;
            array_put_int(&columns.arrays[0], upsert->registry->ids[k]);
            array_put_text(&columns.arrays[1], slice_of(row->route));
            array_put_int(&columns.arrays[2], row->minute);
            array_put_int(&columns.arrays[3], (int64_t)row->bad);
        }
    }
    code = columns_run(&columns, upsert, UPSERT_BADS, NULL, err);
    columns_done(&columns);
    return code;
}

int upsert_rows(struct upsert *upsert, struct error *err)
{
    int code;

    if (upsert->rows->route_count == 0)
        return 0;
    code = upsert_objectives(upsert, err);
    if (code == 0)
        code = upsert_routes(upsert, err);
    if (code == 0)
        code = upsert_bads(upsert, err);
    return code == 0 ? 0 : error_set(err, -code, "ledger: a flush's rows: %s", strerror(-code));
}
