/* exclusions.c - books, lists and takes back what does not count. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/exclusions.h"

#include "base/limits.h"
#include "ledger/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_OF(column) "coalesce((extract(epoch FROM " column ") * 1000)::bigint, 0)"

#define COLUMNS                                                                                  \
    "id, objective, from_minute, until_minute, reason, author, " MS_OF("created_at") ", " MS_OF( \
        "withdrawn_at") ", withdrawn_by"

/* Of the view, which has maintenance, too. */
#define EXCLUDED_COLUMNS COLUMNS ", is_maintenance"

/* $1 is the service, $2 the objective. */
#define CONCERNS " WHERE service = $1::text AND objective IN ('', $2::text) "

static void read_row(const PGresult *rows, int row, struct exclusion *ret)
{
    *ret = (struct exclusion){
        .span = { (int32_t)pq_int(rows, row, 2, 0), (int32_t)pq_int(rows, row, 3, 0) },
        .created_at_ms = pq_int(rows, row, 6, 0),
        .withdrawn_at_ms = pq_int(rows, row, 7, 0),
    };
    (void)snprintf(ret->id, sizeof(ret->id), "%s", PQgetvalue(rows, row, 0));
    (void)snprintf(ret->objective, sizeof(ret->objective), "%s", PQgetvalue(rows, row, 1));
    (void)snprintf(ret->reason, sizeof(ret->reason), "%s", PQgetvalue(rows, row, 4));
    (void)snprintf(ret->author, sizeof(ret->author), "%s", PQgetvalue(rows, row, 5));
    (void)snprintf(ret->withdrawn_by, sizeof(ret->withdrawn_by), "%s", PQgetvalue(rows, row, 8));
    ret->is_maintenance = PQnfields(rows) > 9 && PQgetvalue(rows, row, 9)[0] == 't';
}

int exclusions_list(struct desk_visit *visit, const struct exclusion_scope *scope,
                    void (*take)(void *context, const struct exclusion *exclusion), void *context)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { scope->service, scope->objective };
    int code = desk_run(visit,
                        "SELECT " EXCLUDED_COLUMNS " FROM probity.excluded" CONCERNS
                        "ORDER BY created_at DESC, id LIMIT 1000",
                        SESSION_PARAMS(values), &rows);

    for (int row = 0; code == 0 && row < PQntuples(rows); row++) {
        struct exclusion exclusion;

        read_row(rows, row, &exclusion);
        take(context, &exclusion);
    }
    return code;
}

/* Returns 1 when there is one, 0 when there is none. */
static int find_same(struct desk_visit *visit, const struct exclusion_scope *scope,
                     struct exclusion *exclusion)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[2][SESSION_NUMBER_BYTES];
    const char *const values[] = { scope->service, scope->objective,
                                   session_number(exclusion->span.from, numbers[0]),
                                   session_number(exclusion->span.until, numbers[1]) };
    int code = desk_run(visit,
                        "SELECT " EXCLUDED_COLUMNS " FROM probity.excluded" CONCERNS
                        "AND withdrawn_at IS NULL AND from_minute = $3::integer "
                        "AND until_minute = $4::integer LIMIT 1",
                        SESSION_PARAMS(values), &rows);

    if (code != 0 || PQntuples(rows) == 0)
        return code;
    read_row(rows, 0, exclusion);
    return 1;
}

/* Two who book the same at once take turns, or the second would not see the first. */
static int lock(struct desk_visit *visit, const char *service)
{
    const char *const values[] = { service };

    return desk_run(visit,
                    "SELECT pg_advisory_xact_lock(1886547810, hashtext('exclusions ' || $1::text))",
                    SESSION_PARAMS(values), NULL);
}

int exclusions_room(struct desk_visit *visit, const char *service, bool *ret)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { service };
    int code = lock(visit, service);

    if (code == 0)
        code = desk_run(visit,
                        "SELECT count(*) FROM probity.excluded WHERE service = $1::text "
                        "AND withdrawn_at IS NULL "
                        "AND until_minute > extract(epoch FROM now())::bigint / 60 "
                        "- (SELECT coalesce(max(window_minutes), 0) FROM probity.objectives "
                        "WHERE service = $1 AND retired_at IS NULL)",
                        SESSION_PARAMS(values), &rows);
    if (code == 0)
        *ret = pq_int(rows, 0, 0, 0) < LIMIT_EXCLUSIONS;
    return code;
}

int exclusions_add(struct desk_visit *visit, const struct exclusion_scope *scope,
                   struct exclusion *exclusion)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[2][SESSION_NUMBER_BYTES];
    const char *const values[] = {
        scope->service,
        exclusion->id,
        scope->objective,
        session_number(exclusion->span.from, numbers[0]),
        session_number(exclusion->span.until, numbers[1]),
        exclusion->reason,
        exclusion->author,
    };
    bool room = false;
    int code = exclusions_room(visit, scope->service, &room);

    if (code == 0)
        code = find_same(visit, scope, exclusion);
    if (code != 0)
        return code == 1 ? -EEXIST : code;
    if (!room)
        return -ENOSPC;
    random_hex(exclusion->id);
    code = desk_run(visit,
                    "INSERT INTO probity.exclusions "
                    "(service, id, objective, from_minute, until_minute, reason, author) VALUES "
                    "($1::text, $2::text, $3::text, $4::integer, $5::integer, $6::text, $7::text) "
                    "RETURNING " COLUMNS,
                    SESSION_PARAMS(values), &rows);
    if (code == 0)
        read_row(rows, 0, exclusion);
    return code;
}

/* Once only, whoever else tries at the same time: the row decides. */
int exclusions_withdraw(struct desk_visit *visit, const struct exclusion_scope *scope,
                        const char *id, const char *author, struct exclusion *ret)
{
    AUTO(pq_clear) PGresult *changed = NULL;
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { scope->service, scope->objective, id, author };
    struct pq_params looked = { .count = 3, .values = values };
    int code = desk_run(visit,
                        "UPDATE probity.exclusions SET withdrawn_at = now(), "
                        "withdrawn_by = $4::text" CONCERNS
                        "AND id = $3::text AND withdrawn_at IS NULL RETURNING " COLUMNS,
                        SESSION_PARAMS(values), &changed);

    if (code == 0 && PQntuples(changed) > 0) {
        read_row(changed, 0, ret);
        return 0;
    }
    if (code == 0)
        code = desk_run(
            visit, "SELECT " EXCLUDED_COLUMNS " FROM probity.excluded" CONCERNS "AND id = $3::text",
            &looked, &rows);
    if (code != 0)
        return code;
    if (PQntuples(rows) == 0)
        return -ENOENT;
    read_row(rows, 0, ret);
    return ret->is_maintenance ? -EPERM : -EALREADY;
}

int exclusions_spans(struct desk_visit *visit, const struct exclusion_scope *scope,
                     struct minute_span within, struct minute_span **ret, int *ret_count)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[2][SESSION_NUMBER_BYTES];
    const char *const values[] = { scope->service, scope->objective,
                                   session_number(within.from, numbers[0]),
                                   session_number(within.until, numbers[1]) };
    struct minute_span *spans;
    int code = desk_run(visit,
                        "SELECT from_minute, until_minute FROM probity.excluded" CONCERNS
                        "AND withdrawn_at IS NULL AND from_minute < $4::integer "
                        "AND until_minute > $3::integer",
                        SESSION_PARAMS(values), &rows);

    if (code != 0)
        return code;
    spans = calloc((size_t)PQntuples(rows) + 1, sizeof(*spans));
    if (spans == NULL)
        return -ENOMEM;
    for (int row = 0; row < PQntuples(rows); row++)
        spans[row] = (struct minute_span){ (int32_t)pq_int(rows, row, 0, 0),
                                           (int32_t)pq_int(rows, row, 1, 0) };
    *ret_count = minute_spans_merge(spans, PQntuples(rows));
    *ret = spans;
    return 0;
}
