/* versions.c - the rows of an objective, and what retention has left of its counts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/versions.h"

#include "ledger/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_OF(column) "coalesce((extract(epoch FROM " column ") * 1000)::bigint, 0)"

static bool read_version(const PGresult *rows, int row, struct objective_version *ret)
{
    *ret = (struct objective_version){
        .version = (int)pq_int(rows, row, 0, 0),
        .indicator_id = (int)pq_int(rows, row, 1, 0),
        .threshold_ms = pq_int(rows, row, 4, 0),
        .window_minutes = (int32_t)pq_int(rows, row, 5, 0),
        .calendar = *PQgetvalue(rows, row, 6) == 't',
        .effective_from_ms = pq_int(rows, row, 7, 0),
        .retired_at_ms = pq_int(rows, row, 8, 0),
    };
    (void)snprintf(ret->type, sizeof(ret->type), "%s", PQgetvalue(rows, row, 2));
    (void)snprintf(ret->target_text, sizeof(ret->target_text), "%s", PQgetvalue(rows, row, 3));
    return fraction_parse(slice_of(ret->target_text), &ret->target) && ret->window_minutes > 0
           && fraction_compare(ret->target, fraction_of(0, 1)) >= 0
           && fraction_compare(ret->target, fraction_of(1, 1)) < 0;
}

int versions_read(struct desk_visit *visit, const char *service, const char *objective,
                  struct objective_version **ret, int *ret_count)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    AUTO(auto_free) struct objective_version *versions = NULL;
    const char *const values[] = { service, objective };
    int code = desk_run(
        visit,
        "SELECT version, indicator_id, type, target, threshold_ms, window_minutes, "
        "calendar, " MS_OF("effective_from") ", " MS_OF(
            "retired_at") " FROM probity.objectives WHERE service = $1::text AND name = $2::text "
                          "ORDER BY effective_from, version",
        SESSION_PARAMS(values), &rows);

    if (code != 0)
        return code;
    if (PQntuples(rows) == 0)
        return -ENOENT;
    versions = calloc((size_t)PQntuples(rows), sizeof(*versions));
    if (versions == NULL)
        return -ENOMEM;
    for (int row = 0; row < PQntuples(rows); row++) {
        if (!read_version(rows, row, &versions[row]))
            return desk_refuse_rows(visit);
    }
    *ret = versions;
    *ret_count = PQntuples(rows);
    versions = NULL;
    return 0;
}

int versions_in_force(const struct objective_version *versions, int count, int64_t at_wall_ms)
{
    int found = 0;

    for (int i = 0; i < count; i++) {
        if (versions[i].effective_from_ms <= at_wall_ms
            && (versions[i].retired_at_ms == 0 || versions[i].retired_at_ms > at_wall_ms))
            found = i;
    }
    return found;
}

/* How far back the partitions of a table go without a gap: one that is still there is whole. */
static int32_t partitions_from(const PGresult *rows, const char *parent, int32_t kept_from,
                               int32_t span)
{
    int32_t number = kept_from / span;
    size_t length = strlen(parent);
    bool found = true;

    while (found && number >= 0) {
        found = false;
        for (int row = 0; row < PQntuples(rows) && !found; row++) {
            const char *name = PQgetvalue(rows, row, 3);

            found = strncmp(name, parent, length) == 0 && strncmp(name + length, "_p", 2) == 0
                    && strtol(name + length + 2, NULL, 10) == number;
        }
        if (found)
            kept_from = number * span < kept_from ? number * span : kept_from;
        number -= found;
    }
    return kept_from;
}

/* The same sums as those of probity.drop_partition(). */
#define KEPT_SQL                                                                                   \
    "SELECT k.rolling, k.longest, s.since, p.name FROM (SELECT "                                   \
    "greatest(50400, max(window_minutes) FILTER (WHERE NOT calendar) + 7200) AS rolling, "         \
    "greatest(50400, max(window_minutes) + 7200) AS longest "                                      \
    "FROM probity.objectives WHERE retired_at IS NULL) AS k, "                                     \
    "(SELECT floor(extract(epoch FROM min(watched_from)) / 60)::integer AS since "                 \
    "FROM probity.positions WHERE service = $1::text) AS s "                                       \
    "LEFT JOIN (SELECT c.relname::text AS name FROM pg_catalog.pg_inherits AS i "                  \
    "JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent IN "                    \
    "(to_regclass('probity.indicator_minutes'), to_regclass('probity.indicator_quarters'))) AS p " \
    "ON true"

int kept_read(struct desk_visit *visit, const char *service, int32_t now_minute, struct kept *ret)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { service };
    int code = desk_run(visit, KEPT_SQL, SESSION_PARAMS(values), &rows);
    int32_t since;

    if (code != 0)
        return code;
    if (PQntuples(rows) == 0)
        return desk_refuse_rows(visit);
    ret->minutes_from = now_minute - (int32_t)pq_int(rows, 0, 0, 50400);
    ret->quarters_from = now_minute - (int32_t)pq_int(rows, 0, 1, 50400);
    since = (int32_t)pq_int(rows, 0, 2, now_minute);
    /* A ledger that is younger than that has lost nothing yet. */
    if (since >= ret->minutes_from)
        ret->minutes_from = 0;
    if (since >= ret->quarters_from)
        ret->quarters_from = 0;
    ret->minutes_from = partitions_from(rows, "indicator_minutes", ret->minutes_from, 10080);
    ret->quarters_from = partitions_from(rows, "indicator_quarters", ret->quarters_from, 2688 * 15);
    return 0;
}
