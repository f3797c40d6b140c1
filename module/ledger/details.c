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

/* A range's indicators, column by column: our index, the service counted from 1, its name, the id.
 */
struct chosen {
    struct buf indexes;
    struct buf numbers;
    struct buf services;
    struct buf ids;
};

static void chosen_done(struct chosen *chosen)
{
    buf_done(&chosen->indexes);
    buf_done(&chosen->numbers);
    buf_done(&chosen->services);
    buf_done(&chosen->ids);
}

/* Without memory a list would be no array, and Postgres would be blamed for it. */
static int choose(const struct ledger_reader *reader, const struct ledger_range *range,
                  struct chosen *chosen)
{
    struct buf *const columns[] = { &chosen->indexes, &chosen->numbers, &chosen->services,
                                    &chosen->ids };
    const struct catalogue *catalogue = reader->settings.catalogue;
    bool fits = true;

    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
        buf_init(columns[i], ARRAY_BYTES);
        array_open(columns[i]);
    }
    for (int i = 0; i < range->indicator_count; i++) {
        int index = range->indicators[i];
        struct slice service = slice_of(catalogue->indicators[index].service);

        array_put_int(&chosen->indexes, index);
        array_put_int(&chosen->numbers, catalogue_service(catalogue, service) + 1);
        array_put_text(&chosen->services, service);
        array_put_int(&chosen->ids, reader->ids[index]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
        array_close(columns[i]);
        fits = fits && buf_ok(columns[i]);
    }
    return fits ? 0 : -ENOMEM;
}

/* --- histograms --- */

static const char range_sql[] =
    "SELECT f.i, m.minute, m.histogram FROM unnest($1::integer[], $2::text[], $3::integer[]) "
    "AS f(i, service, id), LATERAL (SELECT minute, histogram FROM probity.indicator_minutes "
    "WHERE service = f.service AND indicator_id = f.id AND minute BETWEEN $4::integer "
    "AND $5::integer AND histogram IS NOT NULL OFFSET 0) AS m";

static const char changed_sql[] =
    "SELECT k.i, k.minute, h.histogram FROM (SELECT DISTINCT f.i, f.service, f.id, d.minute FROM "
    "unnest($1::integer[], $2::text[], $3::integer[], $6::integer[]) AS f(i, service, id, n) "
    "JOIN unnest($7::integer[], $8::bytea[], $9::bigint[]) AS w(n, file_id, seen) ON w.n = f.n, "
    "LATERAL (SELECT minute FROM probity.indicator_minutes WHERE service = f.service "
    "AND file_id = w.file_id AND stamp > w.seen AND stamp >= 0 AND indicator_id = f.id "
    "AND histogram IS NOT NULL OFFSET 0) AS d "
    "WHERE d.minute BETWEEN $4::integer AND $5::integer) AS k, "
    "LATERAL (SELECT histogram FROM probity.indicator_minutes WHERE service = k.service "
    "AND indicator_id = k.id AND minute = k.minute AND histogram IS NOT NULL OFFSET 0) AS h";

static int run_range(struct ledger_reader *reader, const struct chosen *chosen,
                     const struct ledger_range *range, PGresult **ret, struct error *err)
{
    char numbers[2][SESSION_NUMBER_BYTES];
    struct snapshot_query query = {
        range_sql,
        SNAPSHOT_VALUES(buf_text(&chosen->indexes), buf_text(&chosen->services),
                        buf_text(&chosen->ids), session_number(range->from_minute, numbers[0]),
                        session_number(range->to_minute, numbers[1])),
    };

    return snapshot_run(reader, &query, ret, err);
}

static int run_moved(struct ledger_reader *reader, const struct chosen *chosen,
                     const struct feed_changes *moved, const struct ledger_range *range,
                     PGresult **ret, struct error *err)
{
    char numbers[2][SESSION_NUMBER_BYTES];
    struct snapshot_query query = {
        changed_sql,
        SNAPSHOT_VALUES(buf_text(&chosen->indexes), buf_text(&chosen->services),
                        buf_text(&chosen->ids), session_number(range->from_minute, numbers[0]),
                        session_number(range->to_minute, numbers[1]), buf_text(&chosen->numbers),
                        buf_text(&moved->services), buf_text(&moved->ids),
                        buf_text(&moved->offsets)),
    };

    if (!buf_ok(&moved->services) || !buf_ok(&moved->ids) || !buf_ok(&moved->offsets))
        return -ENOMEM;
    return snapshot_run(reader, &query, ret, err);
}

static int run_changed(struct ledger_reader *reader, const struct snapshot *snapshot,
                       const struct chosen *chosen, const struct ledger_range *range,
                       PGresult **ret, struct error *err)
{
    struct feed_changes moved;
    int code = 0;

    buf_init(&moved.services, ARRAY_BYTES);
    buf_init(&moved.ids, ARRAY_BYTES);
    buf_init(&moved.offsets, ARRAY_BYTES);
    if (feed_list_changes(&reader->histograms, &snapshot->now, &moved) > 0)
        code = run_moved(reader, chosen, &moved, range, ret, err);
    buf_done(&moved.services);
    buf_done(&moved.ids);
    buf_done(&moved.offsets);
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

static int copy_histograms(const PGresult *rows, struct arena *arena, struct ledger_histogram **ret)
{
    struct ledger_histogram *found =
        arena_alloc(arena, (size_t)PQntuples(rows) * sizeof(*found) + 1);

    if (found == NULL)
        return -ENOMEM;
    for (int i = 0; i < PQntuples(rows); i++) {
        found[i].indicator = (int)pq_int(rows, i, 0, 0);
        found[i].minute = (int32_t)pq_int(rows, i, 1, 0);
        if (copy_histogram(rows, i, arena, &found[i].encoded) != 0)
            return -ENOMEM;
    }
    *ret = found;
    return PQntuples(rows);
}

int ledger_reader_histograms(struct ledger_reader *reader, const struct ledger_range *range,
                             bool since_last, struct arena *arena,
                             const struct ledger_histogram **ret, int *ret_count, struct error *err)
{
    AUTO(snapshot_done) struct snapshot snapshot = { 0 };
    AUTO(pq_clear) PGresult *rows = NULL;
    AUTO(chosen_done) struct chosen chosen = { 0 };
    struct ledger_histogram *found = NULL;
    struct error cause = { 0 };
    int count = 0;
    int code = snapshot_begin(reader, range->deadline_ms, &snapshot, err);

    if (code != 0)
        return code;
    code = choose(reader, range, &chosen);
    if (code == 0)
        code = since_last && feed_continues(&reader->histograms, &snapshot.now, reader->retired_ms)
                   ? run_changed(reader, &snapshot, &chosen, range, &rows, &cause)
                   : run_range(reader, &chosen, range, &rows, &cause);
    code = snapshot_end(reader, code, &cause, err);
    if (code != 0)
        return code;
    count = rows == NULL ? 0 : copy_histograms(rows, arena, &found);
    if (count < 0)
        return error_set(err, ENOMEM, "ledger: the histograms of %d minutes do not fit",
                         range->to_minute - range->from_minute + 1);
    if (since_last)
        feed_advance(&reader->histograms, &snapshot.now);
    *ret = found;
    *ret_count = count;
    return 0;
}

/* --- routes --- */

static const char worst_sql[] =
    "SELECT i, route, bad FROM (SELECT f.i, b.route, sum(b.bad)::bigint AS bad, "
    "row_number() OVER (PARTITION BY f.i ORDER BY sum(b.bad) DESC, b.route) AS place "
    "FROM unnest($1::integer[], $2::text[], $3::integer[]) AS f(i, service, id), "
    "LATERAL (SELECT route, bad FROM probity.route_bad_minutes WHERE service = f.service "
    "AND indicator_id = f.id AND minute BETWEEN $4::integer AND $5::integer OFFSET 0) AS b "
    "GROUP BY f.i, b.route) AS r WHERE place <= 10 ORDER BY i, bad DESC, route";

static const char totals_sql[] =
    "SELECT route, sum(total)::bigint, sum(total - errors)::bigint FROM probity.route_minutes "
    "WHERE service = $1 AND route = ANY($2::text[]) "
    "AND minute BETWEEN $3::integer AND $4::integer GROUP BY route";

static int run_worst(struct ledger_reader *reader, const struct ledger_range *range, PGresult **ret,
                     struct error *err)
{
    AUTO(chosen_done) struct chosen chosen = { 0 };
    char numbers[2][SESSION_NUMBER_BYTES];
    int code = choose(reader, range, &chosen);
    struct snapshot_query query = {
        worst_sql,
        SNAPSHOT_VALUES(buf_text(&chosen.indexes), buf_text(&chosen.services),
                        buf_text(&chosen.ids), session_number(range->from_minute, numbers[0]),
                        session_number(range->to_minute, numbers[1])),
    };

    return code != 0 ? code : snapshot_run(reader, &query, ret, err);
}

static int run_totals(struct ledger_reader *reader, const PGresult *worst,
                      const struct ledger_range *range, PGresult **ret, struct error *err)
{
    const struct catalogue *catalogue = reader->settings.catalogue;
    char numbers[2][SESSION_NUMBER_BYTES];
    struct buf routes;
    int code;

    if (PQntuples(worst) == 0)
        return 0;
    buf_init(&routes, ARRAY_BYTES);
    array_open(&routes);
    for (int i = 0; i < PQntuples(worst); i++)
        array_put_text(&routes, slice_of(PQgetvalue(worst, i, 1)));
    array_close(&routes);
    code =
        !buf_ok(&routes)
            ? -ENOMEM
            : snapshot_run(
                reader,
                &(struct snapshot_query){
                    totals_sql, SNAPSHOT_VALUES(catalogue->indicators[range->indicators[0]].service,
                                                buf_text(&routes),
                                                session_number(range->from_minute, numbers[0]),
                                                session_number(range->to_minute, numbers[1])) },
                ret, err);
    buf_done(&routes);
    return code;
}

/* What a route's rows can tell of an indicator's events: all of them, or all but server errors. */
enum looks_at { EVERYTHING, NO_SERVER_ERRORS, SOMETHING_ELSE };

static enum looks_at look_of(const struct indicator *indicator)
{
    struct selector no_errors = { 0 };

    status_set_add(&no_errors.statuses, STATUS_LOW, 499);
    if (selector_is_open(&indicator->total))
        return EVERYTHING;
    if (memcmp(&indicator->total.statuses, &no_errors.statuses, sizeof(no_errors.statuses)) == 0
        && indicator->total.route_count == 0 && indicator->total.methods == 0
        && indicator->total.from_ms == 0 && indicator->total.below_ms == 0)
        return NO_SERVER_ERRORS;
    return SOMETHING_ELSE;
}

static void set_total(struct ledger_route *route, const PGresult *totals,
                      const struct indicator *indicator)
{
    enum looks_at look = look_of(indicator);

    for (int i = 0; totals != NULL && look != SOMETHING_ELSE && i < PQntuples(totals); i++) {
        if (strcmp(PQgetvalue(totals, i, 0), route->route) != 0)
            continue;
        route->total = (uint64_t)pq_int(totals, i, look == EVERYTHING ? 1 : 2, 0);
        route->total_known = true;
    }
}

static void copy_routes(const struct ledger_reader *reader, const PGresult *worst,
                        const PGresult *totals, struct ledger_route *routes)
{
    for (int i = 0; i < PQntuples(worst); i++) {
        routes[i].indicator = (int)pq_int(worst, i, 0, 0);
        (void)snprintf(routes[i].route, sizeof(routes[i].route), "%s", PQgetvalue(worst, i, 1));
        routes[i].bad = (uint64_t)pq_int(worst, i, 2, 0);
        set_total(&routes[i], totals, &reader->settings.catalogue->indicators[routes[i].indicator]);
    }
}

int ledger_reader_routes(struct ledger_reader *reader, const struct ledger_range *range,
                         struct arena *arena, const struct ledger_route **ret, int *ret_count,
                         struct error *err)
{
    AUTO(snapshot_done) struct snapshot snapshot = { 0 };
    AUTO(pq_clear) PGresult *worst = NULL;
    AUTO(pq_clear) PGresult *totals = NULL;
    struct ledger_route *routes;
    struct error cause = { 0 };
    int code = snapshot_begin(reader, range->deadline_ms, &snapshot, err);

    if (code != 0)
        return code;
    code = run_worst(reader, range, &worst, &cause);
    if (code == 0)
        code = run_totals(reader, worst, range, &totals, &cause);
    code = snapshot_end(reader, code, &cause, err);
    if (code != 0)
        return code;
    routes = arena_alloc(arena, (size_t)PQntuples(worst) * sizeof(*routes) + 1);
    if (routes == NULL)
        return error_set(err, ENOMEM, "ledger: the routes do not fit");
    copy_routes(reader, worst, totals, routes);
    *ret_count = PQntuples(worst);
    *ret = routes;
    return 0;
}
