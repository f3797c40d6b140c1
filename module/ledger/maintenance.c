/* maintenance.c - announces, ends and lists maintenance. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/maintenance.h"

#include "base/limits.h"
#include "base/random.h"
#include "ledger/snapshot.h"
#include "ledger/trouble.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* People type it: it is unique in its service only. */
enum { ID_DIGITS = 8 };

#define MS_OF(column)   "coalesce((extract(epoch FROM " column ") * 1000)::bigint, 0)"
#define TIME_OF(number) "(timestamptz 'epoch' + " number "::bigint * interval '1 ms')"

#define COLUMNS                                                                                 \
    "service, id, drain, reason, author, " MS_OF("starts_at") ", " MS_OF("ends_at") ", " MS_OF( \
        "created_at") ", " MS_OF("ended_at") ", ended_by "

/* What goes on, or will. */
#define NOT_OVER "least(ends_at, ended_at) > clock_timestamp() "

static void read_row(const PGresult *rows, int row, struct maintenance_row *ret)
{
    *ret = (struct maintenance_row){
        .of = { .on = pq_int(rows, row, 8, 0) == 0,
                .drain = PQgetvalue(rows, row, 2)[0] == 't',
                .since_wall_ms = pq_int(rows, row, 5, 0),
                .until_wall_ms = pq_int(rows, row, 6, 0) },
        .created_at_ms = pq_int(rows, row, 7, 0),
        .ended_at_ms = pq_int(rows, row, 8, 0),
    };
    (void)snprintf(ret->service, sizeof(ret->service), "%s", PQgetvalue(rows, row, 0));
    (void)snprintf(ret->of.id, sizeof(ret->of.id), "%s", PQgetvalue(rows, row, 1));
    (void)snprintf(ret->of.reason, sizeof(ret->of.reason), "%s", PQgetvalue(rows, row, 3));
    (void)snprintf(ret->of.who, sizeof(ret->of.who), "%s", PQgetvalue(rows, row, 4));
    (void)snprintf(ret->ended_by, sizeof(ret->ended_by), "%s", PQgetvalue(rows, row, 9));
}

/* --- for those who announce it --- */

int maintenance_lock(struct desk_visit *visit, const char *service)
{
    const char *const values[] = { service };

    return desk_run(
        visit, "SELECT pg_advisory_xact_lock(1886547810, hashtext('maintenance ' || $1::text))",
        SESSION_PARAMS(values), NULL);
}

int maintenance_clock(struct desk_visit *visit, int64_t *ret_wall_ms)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    int code = desk_run(visit, "SELECT " MS_OF("clock_timestamp()"), NULL, &rows);

    if (code == 0)
        *ret_wall_ms = pq_int(rows, 0, 0, 0);
    return code;
}

int maintenance_knows(struct desk_visit *visit, const char *service, bool *ret)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { service };
    int code = desk_run(visit,
                        "SELECT FROM probity.objectives WHERE service = $1::text UNION ALL "
                        "SELECT FROM probity.positions WHERE service = $1::text LIMIT 1",
                        SESSION_PARAMS(values), &rows);

    if (code == 0)
        *ret = PQntuples(rows) > 0;
    return code;
}

int maintenance_list(struct desk_visit *visit, const char *service, bool all,
                     void (*take)(void *context, const struct maintenance_row *row), void *context)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { service, all ? "t" : "f" };
    int code = desk_run(visit,
                        "SELECT * FROM (SELECT " COLUMNS ", starts_at FROM probity.maintenance "
                        "WHERE service = $1::text AND ($2::boolean OR " NOT_OVER ") "
                        "ORDER BY starts_at DESC, id LIMIT 1000) AS newest ORDER BY starts_at, id",
                        SESSION_PARAMS(values), &rows);

    for (int row = 0; code == 0 && row < PQntuples(rows); row++) {
        struct maintenance_row found;

        read_row(rows, row, &found);
        take(context, &found);
    }
    return code;
}

/* Whoever was over before now is no hindrance, even when the new one begins in the past. */
static int find_clash(struct desk_visit *visit, const struct maintenance_row *row,
                      struct maintenance_row *clash)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[2][SESSION_NUMBER_BYTES];
    const char *const values[] = { row->service, session_number(row->of.since_wall_ms, numbers[0]),
                                   session_number(row->of.until_wall_ms, numbers[1]) };
    int code =
        desk_run(visit,
                 "SELECT " COLUMNS "FROM probity.maintenance WHERE service = $1::text "
                 "AND " NOT_OVER "AND least(ends_at, ended_at) > " TIME_OF(
                     "$2") " AND starts_at < " TIME_OF("$3") " ORDER BY starts_at, id LIMIT 1",
                 SESSION_PARAMS(values), &rows);

    if (code != 0 || PQntuples(rows) == 0)
        return code;
    read_row(rows, 0, clash);
    return -EEXIST;
}

int maintenance_add(struct desk_visit *visit, struct maintenance_row *row,
                    struct maintenance_row *clash)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[2][SESSION_NUMBER_BYTES];
    char digits[RANDOM_HEX_BYTES];
    char id[ID_DIGITS + 1];
    const char *const values[] = { row->service,
                                   id,
                                   session_number(row->of.since_wall_ms, numbers[0]),
                                   session_number(row->of.until_wall_ms, numbers[1]),
                                   row->of.drain ? "t" : "f",
                                   row->of.reason,
                                   row->of.who };
    int code = find_clash(visit, row, clash);

    if (code != 0)
        return code;
    random_hex(digits);
    (void)snprintf(id, sizeof(id), "%.*s", ID_DIGITS, digits);
    code = desk_run(visit,
                    "INSERT INTO probity.maintenance "
                    "(service, id, starts_at, ends_at, drain, reason, author) VALUES "
                    "($1::text, $2::text, " TIME_OF("$3") ", " TIME_OF(
                        "$4") ", $5::boolean, $6::text, $7::text) RETURNING " COLUMNS,
                    SESSION_PARAMS(values), &rows);
    if (code == 0)
        read_row(rows, 0, row);
    return code;
}

/* `id` NULL: the one that is in force. */
static int find(struct desk_visit *visit, const char *service, const char *id,
                struct maintenance_row *ret)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { service, id };
    int code = desk_run(visit,
                        "SELECT " COLUMNS "FROM probity.maintenance WHERE service = $1::text "
                        "AND (id = $2::text OR $2::text IS NULL "
                        "AND starts_at <= clock_timestamp() AND " NOT_OVER ") "
                        "ORDER BY starts_at DESC LIMIT 1",
                        SESSION_PARAMS(values), &rows);

    if (code != 0)
        return code;
    if (PQntuples(rows) == 0)
        return -ENOENT;
    read_row(rows, 0, ret);
    return 0;
}

int maintenance_end(struct desk_visit *visit, const char *service, const char *id, const char *who,
                    struct maintenance_row *ret)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    int code = find(visit, service, id, ret);
    const char *const values[] = { service, ret->of.id, who };

    if (code != 0)
        return code;
    code = desk_run(visit,
                    "UPDATE probity.maintenance SET ended_at = clock_timestamp(), "
                    "ended_by = $3::text WHERE service = $1::text AND id = $2::text AND " NOT_OVER
                    "RETURNING " COLUMNS,
                    SESSION_PARAMS(values), &rows);
    if (code != 0)
        return code;
    if (PQntuples(rows) == 0)
        return -EALREADY;
    read_row(rows, 0, ret);
    return 0;
}

/* --- for instances --- */

static int take_rows(const PGresult *rows, struct maintenance_list *list)
{
    struct maintenance_row *taken = calloc((size_t)PQntuples(rows) + 1, sizeof(*taken));

    if (taken == NULL)
        return -ENOMEM;
    for (int row = 0; row < PQntuples(rows); row++)
        read_row(rows, row, &taken[row]);
    maintenance_list_done(list);
    *list = (struct maintenance_list){ taken, PQntuples(rows) };
    return 0;
}

int ledger_reader_maintenance(struct ledger_reader *reader, int64_t deadline_ms,
                              struct maintenance_list *list, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    struct error ignored = { 0 };
    char limit[SESSION_NUMBER_BYTES];
    const char *const values[] = { reader->services, session_number(LIMIT_EXCLUSIONS, limit) };
    int code;

    reader->session.latest_ms = deadline_ms;
    code = session_ask(&reader->session,
                       "SELECT " COLUMNS "FROM probity.maintenance "
                       "WHERE service = ANY ($1::text[]) AND " NOT_OVER
                       "ORDER BY starts_at, service, id LIMIT $2::integer",
                       SESSION_PARAMS(values), &rows, &ignored);
    if (code == 0)
        code = take_rows(rows, list);
    if (code == 0)
        return 0;
    session_close(&reader->session);
    return error_set(err, -code, "ledger: %s", trouble_words(code, reader->session.sqlstate));
}

void maintenance_list_done(struct maintenance_list *list)
{
    free(list->rows);
    *list = (struct maintenance_list){ 0 };
}
