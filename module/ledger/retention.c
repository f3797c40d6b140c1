/* retention.c - bounded deletes.  Instances that do it at the same moment skip each other's rows.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/retention.h"

#include "base/limits.h"

#include <stdlib.h>

/* Rows in one portion: some milliseconds of locks, and little for autovacuum to do at once. */
#define PORTION "5000"

/* Our clock and the server's must agree that something is old: one that was set wrong must not make
 * anybody forget. */
#define OLDEST "least($2::integer, (extract(epoch FROM now()) / 60)::integer - $3::integer)"

#define DELETE_MINUTES(table, key)                                                          \
    "DELETE FROM probity." table " AS t USING (SELECT service, " key " FROM probity." table \
    " WHERE service = $1::text AND minute < " OLDEST " LIMIT " PORTION                      \
    " FOR UPDATE SKIP LOCKED) AS old WHERE (t.service, t.minute, t.file_id) = "             \
    "(old.service, old.minute, old.file_id) AND "

static const char *const deletes[] = {
    DELETE_MINUTES("objective_minutes",
                   "objective_id, minute, file_id") "t.objective_id = old.objective_id",
    DELETE_MINUTES("route_minutes", "route, minute, file_id") "t.route = old.route",
    DELETE_MINUTES("route_bad_minutes",
                   "objective_id, route, minute, file_id") "(t.objective_id, t.route) = "
                                                           "(old.objective_id, old.route)",
    /* Only files that nobody has watched since, and never before their minutes: a file whose
     * position is gone is counted from its beginning. */
    "DELETE FROM probity.positions AS t USING (SELECT service, file_id FROM probity.positions AS p "
    "WHERE service = $1::text AND watched_until < timestamptz 'epoch' + " OLDEST
    " * interval '1 minute' AND NOT EXISTS (SELECT FROM probity.objective_minutes AS m "
    "WHERE m.service = $1 AND m.file_id = p.file_id) LIMIT " PORTION
    " FOR UPDATE SKIP LOCKED) AS old "
    "WHERE (t.service, t.file_id) = (old.service, old.file_id)",
};

int retention_run(struct session *session, const char *service, int64_t now_wall_ms, bool *ret_more,
                  struct error *err)
{
    char minute[SESSION_NUMBER_BYTES];
    char kept[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        service,
        session_number(now_wall_ms / 60000 - LIMIT_RETENTION_MINUTES, minute),
        session_number(LIMIT_RETENTION_MINUTES, kept),
    };
    bool more = false;
    int code = session_begin(session, " ISOLATION LEVEL READ COMMITTED", err);

    for (size_t i = 0; code == 0 && i < ARRAY_LENGTH(deletes); i++) {
        AUTO(pq_clear) PGresult *result = NULL;

        code = session_run(session, deletes[i], SESSION_PARAMS(values), &result, err);
        if (code == 0)
            more = more || strtol(PQcmdTuples(result), NULL, 10) >= strtol(PORTION, NULL, 10);
    }
    if (code == 0)
        code = session_commit(session, err);
    if (code == 0)
        *ret_more = more;
    return code;
}
