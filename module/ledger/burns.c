/* burns.c - two questions to the minutes, each a transaction of its own. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/burns.h"

#include "ledger/arrays.h"
#include "ledger/snapshot.h"
#include "ledger/trouble.h"

#include <errno.h>

enum { ARRAY_BYTES = 64 * 1024 };

#define INDICATOR_SQL                                                                        \
    "(SELECT id FROM probity.indicators WHERE service = $1::text AND definition = $2::text " \
    "ORDER BY id LIMIT 1)"

/* The frame is what incident.h looks back over; behind a bad minute the same many still burn. */
#define MINUTES_SQL                                                                             \
    "SELECT minute, total, bad FROM ("                                                          \
    "SELECT minute, total, bad, sum(bad) OVER (ORDER BY minute RANGE BETWEEN 4 PRECEDING "      \
    "AND 4 FOLLOWING) AS around FROM ("                                                         \
    "SELECT minute, sum(total)::bigint AS total, sum(bad)::bigint AS bad "                      \
    "FROM probity.indicator_minutes WHERE service = $1::text AND indicator_id = " INDICATOR_SQL \
    " AND minute >= $3::integer AND minute < $4::integer GROUP BY minute) AS m) AS n "          \
    "WHERE around > 0 ORDER BY minute DESC LIMIT 50000"

#define ROUTES_SQL                                                                           \
    "SELECT n, route, bad FROM (SELECT n, route, sum(bad)::bigint AS bad, "                  \
    "row_number() OVER (PARTITION BY n ORDER BY sum(bad) DESC, route) AS place "             \
    "FROM unnest($3::integer[], $4::integer[]) WITH ORDINALITY AS r (since, until, n) "      \
    "JOIN probity.route_bad_minutes ON service = $1::text AND indicator_id = " INDICATOR_SQL \
    " AND minute >= since AND minute < until GROUP BY n, route) AS worst WHERE place <= 3 "  \
    "ORDER BY n, bad DESC, route"

/* A driver's text stays behind. */
static int tell(struct ledger_reader *reader, int code, struct error *err)
{
    session_close(&reader->session);
    return error_set(err, -code, "ledger: %s", trouble_words(code, reader->session.sqlstate));
}

static int ask(struct ledger_reader *reader, const char *sql, const char *const values[4],
               int64_t deadline_ms, PGresult **ret)
{
    const struct pq_params params = { .count = 4, .values = values };
    struct error ignored = { 0 };

    reader->session.latest_ms = deadline_ms;
    return session_ask(&reader->session, sql, &params, ret, &ignored);
}

/* --- minutes --- */

/* The rows come newest first. */
static int copy_minutes(const PGresult *rows, struct arena *arena, struct incident_minute **ret)
{
    int count = PQntuples(rows);
    struct incident_minute *minutes = arena_alloc(arena, (size_t)count * sizeof(*minutes) + 1);

    if (minutes == NULL)
        return -ENOMEM;
    for (int i = 0; i < count; i++)
        minutes[count - 1 - i] = (struct incident_minute){
            .minute = (int32_t)pq_int(rows, i, 0, 0),
            .sum = { (uint64_t)pq_int(rows, i, 1, 0), (uint64_t)pq_int(rows, i, 2, 0) },
        };
    *ret = minutes;
    return 0;
}

int ledger_burns_read(struct ledger_reader *reader, const struct ledger_burns *burns,
                      int64_t deadline_ms, struct arena *arena, struct incident_minute **ret,
                      int *ret_count, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char from[SESSION_NUMBER_BYTES];
    char until[SESSION_NUMBER_BYTES];
    const char *const values[] = { burns->service, burns->definition,
                                   session_number(burns->from_minute, from),
                                   session_number(burns->until_minute, until) };
    int code = ask(reader, MINUTES_SQL, values, deadline_ms, &rows);

    if (code == 0)
        code = copy_minutes(rows, arena, ret);
    if (code != 0)
        return tell(reader, code, err);
    *ret_count = PQntuples(rows);
    return 0;
}

/* --- routes --- */

static int copy_routes(const PGresult *rows, struct arena *arena, struct ledger_burn_route **ret)
{
    int count = PQntuples(rows);
    struct ledger_burn_route *routes = arena_alloc(arena, (size_t)count * sizeof(*routes) + 1);

    if (routes == NULL)
        return -ENOMEM;
    for (int i = 0; i < count; i++) {
        routes[i] = (struct ledger_burn_route){
            .incident = (int)pq_int(rows, i, 0, 1) - 1,
            .route = arena_copy(arena, slice_of(PQgetvalue(rows, i, 1))),
            .bad = (uint64_t)pq_int(rows, i, 2, 0),
        };
        if (routes[i].route == NULL)
            return -ENOMEM;
    }
    *ret = routes;
    return 0;
}

/* The incidents' beginnings or ends as an array. */
static void put_minutes(const struct incident incidents[], int count, bool ends, struct buf *array)
{
    array_open(array);
    for (int i = 0; i < count; i++)
        array_put_int(array, ends ? incidents[i].until_minute : incidents[i].from_minute);
    array_close(array);
}

int ledger_burns_routes(struct ledger_reader *reader, const struct ledger_burns *burns,
                        const struct incident incidents[], int count, int64_t deadline_ms,
                        struct arena *arena, struct ledger_burn_route **ret, int *ret_count,
                        struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    AUTO(buf_done) struct buf from;
    AUTO(buf_done) struct buf until;
    int code = 0;

    buf_init(&from, ARRAY_BYTES);
    buf_init(&until, ARRAY_BYTES);
    put_minutes(incidents, count, false, &from);
    put_minutes(incidents, count, true, &until);
    if (!buf_ok(&from) || !buf_ok(&until))
        code = -ENOMEM;
    if (code == 0)
        code = ask(reader, ROUTES_SQL,
                   (const char *const[]){ burns->service, burns->definition, buf_text(&from),
                                          buf_text(&until) },
                   deadline_ms, &rows);
    if (code == 0)
        code = copy_routes(rows, arena, ret);
    if (code != 0)
        return tell(reader, code, err);
    *ret_count = PQntuples(rows);
    return 0;
}
