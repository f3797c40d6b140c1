/* details.c - histograms and routes: what a reader asks for now and then. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/arrays.h"
#include "ledger/reader.h"
#include "ledger/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARRAY_BYTES = 16 * 1024 * 1024 };

/* --- histograms --- */

#define RANGE_SQL                                                                               \
    "SELECT objective_id, minute, histogram FROM probity.objective_minutes WHERE service = $1 " \
    "AND objective_id = ANY($2::integer[]) AND minute BETWEEN $3::integer AND $4::integer "     \
    "AND histogram IS NOT NULL"

#define CHANGED_SQL                                                                                \
    "SELECT k.objective_id, k.minute, h.histogram FROM ("                                          \
    "SELECT DISTINCT d.objective_id, d.minute FROM "                                               \
    "unnest($4::bytea[], $5::bigint[]) AS f(file_id, seen), "                                      \
    "LATERAL (SELECT objective_id, minute FROM probity.objective_minutes WHERE service = $1 "      \
    "AND file_id = f.file_id AND stamp > f.seen AND histogram IS NOT NULL OFFSET 0) AS d "         \
    "WHERE d.minute BETWEEN $2::integer AND $3::integer) AS k, "                                   \
    "LATERAL (SELECT histogram FROM probity.objective_minutes WHERE service = $1 "                 \
    "AND objective_id = k.objective_id AND minute = k.minute AND histogram IS NOT NULL OFFSET 0) " \
    "AS h"

struct range {
    int32_t from_minute;
    int32_t to_minute;
};

/* Runs a query over our objectives and a range of minutes. */
static int run_range(struct ledger_reader *reader, const char *sql, struct range range,
                     PGresult **ret, struct error *err)
{
    char numbers[2][SESSION_NUMBER_BYTES];
    struct buf ids;
    int code;

    buf_init(&ids, ARRAY_BYTES);
    snapshot_ids(reader, &ids);
    /* Without memory the list would be no array, and Postgres would be blamed for it. */
    code = !buf_ok(&ids)
               ? -ENOMEM
               : snapshot_run(reader, sql,
                              (const char *const[]){ buf_text(&ids),
                                                     session_number(range.from_minute, numbers[0]),
                                                     session_number(range.to_minute, numbers[1]) },
                              3, ret, err);
    buf_done(&ids);
    return code;
}

static int run_changed(struct ledger_reader *reader, const struct snapshot *snapshot,
                       struct range range, PGresult **ret, struct error *err)
{
    char numbers[2][SESSION_NUMBER_BYTES];
    struct buf files;
    struct buf offsets;
    int code = 0;

    buf_init(&files, ARRAY_BYTES);
    buf_init(&offsets, ARRAY_BYTES);
    if (feed_changes(&reader->histograms, &snapshot->now, &files, &offsets) > 0)
        code =
            !buf_ok(&files) || !buf_ok(&offsets)
                ? -ENOMEM
                : snapshot_run(reader, CHANGED_SQL,
                               (const char *const[]){ session_number(range.from_minute, numbers[0]),
                                                      session_number(range.to_minute, numbers[1]),
                                                      buf_text(&files), buf_text(&offsets) },
                               4, ret, err);
    buf_done(&files);
    buf_done(&offsets);
    return code;
}

static int copy_histogram(const PGresult *rows, int row, struct arena *arena, struct slice *ret)
{
    struct slice text = { PQgetvalue(rows, row, 2), (size_t)PQgetlength(rows, row, 2) };
    unsigned char *bytes = arena_alloc(arena, text.length / 2 + 1);
    int64_t length;

    if (bytes == NULL)
        return -ENOMEM;
    length = array_read_hex(text, bytes);
    *ret = (struct slice){ (const char *)bytes, length < 0 ? 0 : (size_t)length };
    return 0;
}

static int copy_histograms(const struct ledger_reader *reader, const PGresult *rows,
                           struct arena *arena, struct ledger_histogram **ret)
{
    struct ledger_histogram *found =
        arena_alloc(arena, (size_t)PQntuples(rows) * sizeof(*found) + 1);
    int count = 0;

    if (found == NULL)
        return -ENOMEM;
    for (int i = 0; i < PQntuples(rows); i++) {
        int objective = snapshot_objective(reader, pq_int(rows, i, 0, 0));

        if (objective < 0)
            continue;
        found[count].objective = objective;
        found[count].minute = (int32_t)pq_int(rows, i, 1, 0);
        if (copy_histogram(rows, i, arena, &found[count].encoded) != 0)
            return -ENOMEM;
        count++;
    }
    *ret = found;
    return count;
}

int ledger_reader_histograms(struct ledger_reader *reader, int32_t from_minute, int32_t to_minute,
                             bool since_last, int64_t deadline_ms, struct arena *arena,
                             const struct ledger_histogram **ret, int *ret_count, struct error *err)
{
    AUTO(snapshot_done) struct snapshot snapshot = { 0 };
    AUTO(pq_clear) PGresult *rows = NULL;
    struct range range = { from_minute, to_minute };
    struct ledger_histogram *found = NULL;
    struct error cause = { 0 };
    int count = 0;
    int code = snapshot_begin(reader, deadline_ms, &snapshot, err);

    if (code != 0)
        return code;
    code = since_last && feed_continues(&reader->histograms, &snapshot.now)
               ? run_changed(reader, &snapshot, range, &rows, &cause)
               : run_range(reader, RANGE_SQL, range, &rows, &cause);
    code = snapshot_end(reader, code, &cause, err);
    if (code != 0)
        return code;
    count = rows == NULL ? 0 : copy_histograms(reader, rows, arena, &found);
    if (count < 0)
        return error_set(err, ENOMEM, "ledger: the histograms of %d minutes do not fit",
                         to_minute - from_minute + 1);
    if (since_last)
        feed_advance(&reader->histograms, &snapshot.now);
    *ret = found;
    *ret_count = count;
    return 0;
}

/* --- routes --- */

#define WORST_SQL                                                                                 \
    "SELECT objective_id, route, bad FROM (SELECT objective_id, route, sum(bad)::bigint AS bad, " \
    "row_number() OVER (PARTITION BY objective_id ORDER BY sum(bad) DESC, route) AS place "       \
    "FROM probity.route_bad_minutes WHERE service = $1 AND objective_id = ANY($2::integer[]) "    \
    "AND minute BETWEEN $3::integer AND $4::integer GROUP BY objective_id, route) AS r "          \
    "WHERE place <= 10 ORDER BY objective_id, bad DESC, route"

#define TOTALS_SQL                                                                              \
    "SELECT route, sum(total)::bigint, sum(total - errors)::bigint FROM probity.route_minutes " \
    "WHERE service = $1 AND route = ANY($2::text[]) "                                           \
    "AND minute BETWEEN $3::integer AND $4::integer GROUP BY route"

static int run_totals(struct ledger_reader *reader, const PGresult *worst, struct range range,
                      PGresult **ret, struct error *err)
{
    char numbers[2][SESSION_NUMBER_BYTES];
    struct buf routes;
    int code;

    buf_init(&routes, ARRAY_BYTES);
    array_open(&routes);
    for (int i = 0; i < PQntuples(worst); i++)
        array_put_text(&routes, slice_of(PQgetvalue(worst, i, 1)));
    array_close(&routes);
    code = snapshot_run(reader, TOTALS_SQL,
                        (const char *const[]){ buf_text(&routes),
                                               session_number(range.from_minute, numbers[0]),
                                               session_number(range.to_minute, numbers[1]) },
                        3, ret, err);
    buf_done(&routes);
    return code;
}

/* Latency looks at everything that is no server error: the third column. */
static uint64_t total_of(const PGresult *totals, const char *route, bool timed)
{
    for (int i = 0; i < PQntuples(totals); i++) {
        if (strcmp(PQgetvalue(totals, i, 0), route) == 0)
            return (uint64_t)pq_int(totals, i, timed ? 2 : 1, 0);
    }
    return 0;
}

static int copy_routes(const struct ledger_reader *reader, const PGresult *worst,
                       const PGresult *totals, struct ledger_route *routes)
{
    int count = 0;

    for (int i = 0; i < PQntuples(worst); i++) {
        int objective = snapshot_objective(reader, pq_int(worst, i, 0, 0));
        const char *route = PQgetvalue(worst, i, 1);

        if (objective < 0)
            continue;
        routes[count].objective = objective;
        (void)snprintf(routes[count].route, sizeof(routes[count].route), "%s", route);
        routes[count].bad = (uint64_t)pq_int(worst, i, 2, 0);
        routes[count].total = total_of(
            totals, route, reader->settings.objectives[objective].type == OBJECTIVE_LATENCY);
        count++;
    }
    return count;
}

int ledger_reader_routes(struct ledger_reader *reader, int32_t from_minute, int32_t to_minute,
                         int64_t deadline_ms, struct arena *arena, const struct ledger_route **ret,
                         int *ret_count, struct error *err)
{
    AUTO(snapshot_done) struct snapshot snapshot = { 0 };
    AUTO(pq_clear) PGresult *worst = NULL;
    AUTO(pq_clear) PGresult *totals = NULL;
    struct range range = { from_minute, to_minute };
    struct ledger_route *routes;
    struct error cause = { 0 };
    int code = snapshot_begin(reader, deadline_ms, &snapshot, err);

    if (code != 0)
        return code;
    code = run_range(reader, WORST_SQL, range, &worst, &cause);
    if (code == 0)
        code = run_totals(reader, worst, range, &totals, &cause);
    code = snapshot_end(reader, code, &cause, err);
    if (code != 0)
        return code;
    routes = arena_alloc(arena, (size_t)PQntuples(worst) * sizeof(*routes) + 1);
    if (routes == NULL)
        return error_set(err, ENOMEM, "ledger: the routes do not fit");
    *ret_count = copy_routes(reader, worst, totals, routes);
    *ret = routes;
    return 0;
}
