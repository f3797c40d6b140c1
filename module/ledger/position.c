/* position.c - compare-and-set at home, the same row everywhere else. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/position.h"

#include "ledger/arrays.h"
#include "ledger/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HINT_BYTES = 256, HOLE_BYTES = 64, LATE_MINUTES = 5 };

/* Times are milliseconds, exactly.  What the file's rows held and this program counts stays
 * counted; what it does not count leaves at once, because its rows stand still.  Equal sets are
 * equal arrays, which is what nearly every flush finds. */
#define MOVE_SET                                                                        \
    "\"offset\" = $4::bigint, "                                                         \
    "watched_until = greatest(p.watched_until, "                                        \
    "timestamptz 'epoch' + $6::bigint * interval '1 millisecond'), "                    \
    "last_event = greatest(p.last_event, "                                              \
    "timestamptz 'epoch' + $7::bigint * interval '1 millisecond'), "                    \
    "lines = p.lines + $8::bigint, rejected_lines = p.rejected_lines + $9::bigint, "    \
    "lost_bytes = p.lost_bytes + $10::bigint, host = $11::text, instance = $12::text, " \
    "path = $13::text, inode = $14::bigint, "                                           \
    "indicators = CASE WHEN p.indicators = $15::integer[] THEN p.indicators ELSE "      \
    "ARRAY(SELECT x FROM unnest($15::integer[]) WITH ORDINALITY AS m(x, n) "            \
    "WHERE x = ANY (p.indicators) ORDER BY n) END, "                                    \
    "slices = CASE WHEN p.slices = $16::text[] THEN p.slices ELSE "                     \
    "ARRAY(SELECT x FROM unnest($16::text[]) WITH ORDINALITY AS m(x, n) "               \
    "WHERE x = ANY (p.slices) ORDER BY n) END, "                                        \
    "late_events = p.late_events + $17::bigint, "                                       \
    "holes = CASE WHEN $18::bigint[] = '{}' THEN p.holes ELSE "                         \
    "(p.holes || $18::bigint[])[cardinality(p.holes) - 29:] END, updated_at = now() "

/* The first is NULL where everything is counted. */
#define MOVE_TELL                                                                              \
    " RETURNING CASE WHEN p.indicators = $15::integer[] AND p.slices = $16::text[] THEN NULL " \
    "ELSE p.indicators END, p.slices"

static const char move_known_sql[] =
    "UPDATE probity.positions AS p SET " MOVE_SET
    "WHERE service = $1 AND file_id = $2 AND \"offset\" = $3" MOVE_TELL;

/* A file that starts may be new.  A rival that inserts it at the same moment is waited for, and
 * then its offset is no longer ours. */
static const char move_from_start_sql[] =
    "INSERT INTO probity.positions AS p (service, file_id, home, \"offset\", watched_from, "
    "watched_until, last_event, lines, rejected_lines, lost_bytes, host, instance, path, inode, "
    "indicators, slices, late_events, holes) VALUES ($1, $2, $1, $4, "
    "timestamptz 'epoch' + $5::bigint * interval '1 millisecond', "
    "timestamptz 'epoch' + $6::bigint * interval '1 millisecond', "
    "timestamptz 'epoch' + $7::bigint * interval '1 millisecond', "
    "$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) "
    "ON CONFLICT (service, file_id) DO UPDATE SET " MOVE_SET "WHERE p.\"offset\" = $3" MOVE_TELL;

/* Hints come from the outside (a path may hold any byte) and must never be a reason to refuse the
 * position, whatever the database's encoding is. */
static const char *hint_text(const char *hint, char text[HINT_BYTES])
{
    (void)snprintf(text, HINT_BYTES, "%s", hint == NULL ? "" : hint);
    for (char *at = text; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?';
    }
    return text;
}

/* Events whose minute had ended for a while when they were read: of one service, or of all. */
static uint64_t late_events(const struct move *move, const struct service_rows *only)
{
    int64_t minute = move->flush->watched_until_ms / 60000 - LATE_MINUTES - 1;
    uint64_t events = 0;

    for (int s = 0; s < move->rows->service_count; s++) {
        const struct service_rows *rows = &move->rows->services[s];

        for (int i = 0; (only == NULL || only == rows) && i < rows->route_count; i++) {
            if (rows->routes[i].minute < minute)
                events += rows->routes[i].totals.total + rows->routes[i].totals.client_closed;
        }
    }
    return events;
}

/* The newest 16 are kept, as many as a file needs that is not rotated for weeks. */
static const char *hole_array(const struct flush *flush, char text[HOLE_BYTES])
{
    if (flush->hole_until_ms <= flush->hole_from_ms)
        return "{}";
    (void)snprintf(text, HOLE_BYTES, "{%" PRId64 ",%" PRId64 "}", flush->hole_from_ms,
                   flush->hole_until_ms);
    return text;
}

int position_move(const struct move *move, bool *ret_moved, struct error *err)
{
    static const Oid types[] = { 25, 17, 20, 20, 20, 20,   20,   20, 20,
                                 20, 25, 25, 25, 20, 1007, 1009, 20, 1016 };
    AUTO(pq_clear) PGresult *result = NULL;
    const struct flush *flush = move->flush;
    const struct counted_columns *columns = &move->counted->services[flush->home];
    int64_t from_ms = flush->watched_from_ms > 0 ? flush->watched_from_ms : flush->watched_until_ms;
    char file[SESSION_FILE_BYTES];
    char numbers[10][SESSION_NUMBER_BYTES];
    char hints[3][HINT_BYTES];
    char hole[HOLE_BYTES];
    const char *const values[] = {
        move->counted->catalogue->services[flush->home],
        session_file(flush->file, file),
        session_number(flush->from_offset, numbers[0]),
        session_number(flush->to_offset, numbers[1]),
        session_number(from_ms, numbers[2]),
        session_number(flush->watched_until_ms, numbers[3]),
        flush->last_event_ms > 0 ? session_number(flush->last_event_ms, numbers[4]) : NULL,
        session_number((int64_t)flush->lines, numbers[5]),
        session_number((int64_t)flush->rejected_lines, numbers[6]),
        session_number((int64_t)flush->lost_bytes, numbers[7]),
        hint_text(move->settings->host, hints[0]),
        hint_text(move->settings->instance, hints[1]),
        hint_text(flush->path, hints[2]),
        session_number((int64_t)flush->inode, numbers[8]),
        columns->indicators,
        columns->slices,
        session_number((int64_t)late_events(move, NULL), numbers[9]),
        hole_array(flush, hole),
    };
    struct pq_params params = { (int)ARRAY_LENGTH(values), types, values, NULL, NULL };
    int code =
        session_run(move->session, flush->from_offset == 0 ? move_from_start_sql : move_known_sql,
                    &params, &result, err);

    if (code != 0)
        return code;
    *ret_moved = PQntuples(result) == 0;
    if (!*ret_moved && !PQgetisnull(result, 0, 0))
        counted_restrict(move->counted, move->file, flush->home, PQgetvalue(result, 0, 0),
                         PQgetvalue(result, 0, 1));
    return 0;
}

/* --- copies --- */

/* $1 home, $2 file; k are the catalogue's other services, with the events that the flush has of
 * each: where it has none only a copy that is there moves. */
static const char move_copies_sql[] =
    "INSERT INTO probity.positions AS p (service, file_id, home, \"offset\", watched_from, "
    "watched_until, last_event, lines, lost_bytes, host, instance, path, inode, indicators, "
    "slices, late_events, holes) "
    "SELECT k.s, h.file_id, h.service, h.\"offset\", h.watched_from, h.watched_until, "
    "timestamptz 'epoch' + k.last * interval '1 millisecond', k.lines, 0, h.host, h.instance, "
    "h.path, h.inode, k.indicators::integer[], k.slices::text[], k.late, h.holes "
    "FROM probity.positions AS h, unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[], "
    "$7::text[], $8::bigint[]) AS k(s, lines, last, indicators, slices, late) "
    "WHERE h.service = $1 AND h.file_id = $2 AND (k.lines > 0 OR EXISTS ("
    "SELECT FROM probity.positions AS c WHERE c.service = k.s AND c.file_id = $2)) ORDER BY k.s "
    "ON CONFLICT (service, file_id) DO UPDATE SET home = excluded.home, "
    "\"offset\" = excluded.\"offset\", "
    "watched_until = greatest(p.watched_until, excluded.watched_until), "
    "last_event = greatest(p.last_event, excluded.last_event), "
    "lines = p.lines + excluded.lines, late_events = p.late_events + excluded.late_events, "
    "host = excluded.host, instance = excluded.instance, path = excluded.path, "
    "inode = excluded.inode, holes = excluded.holes, "
    "indicators = CASE WHEN p.indicators = excluded.indicators THEN p.indicators ELSE "
    "ARRAY(SELECT x FROM unnest(excluded.indicators) WITH ORDINALITY AS m(x, n) "
    "WHERE x = ANY (p.indicators) ORDER BY n) END, "
    "slices = CASE WHEN p.slices = excluded.slices THEN p.slices ELSE "
    "ARRAY(SELECT x FROM unnest(excluded.slices) WITH ORDINALITY AS m(x, n) "
    "WHERE x = ANY (p.slices) ORDER BY n) END, updated_at = now() "
    "RETURNING p.service, p.indicators, p.slices";

/* When the service's newest event happened: known to the minute, and not later than the flush's. */
static int64_t last_event_of(const struct move *move, const struct service_rows *rows)
{
    int64_t last_ms = 0;

    for (int i = 0; i < rows->route_count; i++) {
        int64_t end_ms = ((int64_t)rows->routes[i].minute + 1) * 60000 - 1;

        last_ms = end_ms > last_ms ? end_ms : last_ms;
    }
    return last_ms < move->flush->last_event_ms ? last_ms : move->flush->last_event_ms;
}

static void put_copy(const struct move *move, int service, struct columns *columns)
{
    const struct counted_columns *counted = &move->counted->services[service];
    const struct service_rows *rows = NULL;
    uint64_t events = 0;

    for (int i = 0; i < move->rows->service_count; i++) {
        if (move->rows->services[i].service == service)
            rows = &move->rows->services[i];
    }
    for (int i = 0; rows != NULL && i < rows->route_count; i++)
        events += rows->routes[i].totals.total + rows->routes[i].totals.client_closed;
    array_put_text(&columns->arrays[0], slice_of(move->counted->catalogue->services[service]));
    array_put_int(&columns->arrays[1], (int64_t)events);
    if (rows == NULL)
        array_put_null(&columns->arrays[2]);
    else
        array_put_int(&columns->arrays[2], last_event_of(move, rows));
    array_put_text(&columns->arrays[3], slice_of(counted->indicators));
    array_put_text(&columns->arrays[4], slice_of(counted->slices));
    array_put_int(&columns->arrays[5], rows == NULL ? 0 : (int64_t)late_events(move, rows));
}

/* What comes back has the arrays as they are: those that hold everything restrict nothing. */
static void restrict_copies(const struct move *move, const PGresult *copies)
{
    const struct catalogue *catalogue = move->counted->catalogue;

    for (int row = 0; row < PQntuples(copies); row++) {
        int service = catalogue_service(catalogue, slice_of(PQgetvalue(copies, row, 0)));

        if (service >= 0)
            counted_restrict(move->counted, move->file, service, PQgetvalue(copies, row, 1),
                             PQgetvalue(copies, row, 2));
    }
}

int position_move_copies(const struct move *move, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    AUTO(columns_done) struct columns columns = { .count = 0 };
    const struct catalogue *catalogue = move->counted->catalogue;
    char file[SESSION_FILE_BYTES];
    const char *const values[] = { catalogue->services[move->flush->home],
                                   session_file(move->flush->file, file) };
    static const Oid types[] = { 25, 17 };
    const struct pq_params fixed = { (int)ARRAY_LENGTH(values), types, values, NULL, NULL };
    int code;

    if (catalogue->service_count < 2)
        return 0;
    columns_open(&columns, 6);
    for (int i = 0; i < catalogue->service_count; i++) {
        if (i != move->flush->home)
            put_copy(move, i, &columns);
    }
    code = columns_run(&columns, move->session, move_copies_sql, &fixed, &result, err);
    if (code == 0)
        restrict_copies(move, result);
    return code;
}
