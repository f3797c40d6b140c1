/* registry.c - finds objectives by their definition, and adds the ones that are new. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/registry.h"

#include <string.h>

static bool row_matches(const PGresult *rows, int row, const struct objective *objective)
{
    return strcmp(PQgetvalue(rows, row, 1), objective->name) == 0
           && strcmp(PQgetvalue(rows, row, 2), objective_type_text(objective->type)) == 0
           && strcmp(PQgetvalue(rows, row, 3), objective->target_text) == 0
           && pq_int(rows, row, 4, -1) == objective->threshold_ms
           && pq_int(rows, row, 5, -1) == objective->window_minutes;
}

/* Returns how many are still without an id.  Where an older version has the same definition its
 * history is taken up again: two programs with different definitions can run side by side. */
static int match(const PGresult *rows, const struct ledger_settings *settings,
                 struct registry *registry)
{
    int missing = 0;

    for (int i = 0; i < settings->objective_count; i++) {
        registry->ids[i] = 0;
        for (int row = 0; row < PQntuples(rows); row++) {
            if (row_matches(rows, row, &settings->objectives[i]))
                registry->ids[i] = (int)pq_int(rows, row, 0, 0);
        }
        missing += registry->ids[i] == 0;
    }
    return missing;
}

static int find(struct session *session, const struct ledger_settings *settings,
                struct registry *registry, int *ret_missing, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    const char *const values[] = { settings->service };
    int code = session_run(session,
                           "SELECT id, name, type, target, threshold_ms, window_minutes "
                           "FROM probity.objectives WHERE service = $1 ORDER BY version",
                           SESSION_PARAMS(values), &rows, err);

    if (code == 0)
        *ret_missing = match(rows, settings, registry);
    return code;
}

/* Until the transaction ends.  Without it two that start together would both add the same
 * definition, and each would count under a version of its own. */
static int lock(struct session *session, const struct ledger_settings *settings, struct error *err)
{
    const char *const values[] = { settings->service };

    /* The number is "prob" in ASCII. */
    return session_run(session, "SELECT pg_advisory_xact_lock(1886547810, hashtext($1::text))",
                       SESSION_PARAMS(values), NULL, err);
}

static int add_one(struct session *session, const struct ledger_settings *settings,
                   const struct objective *objective, struct error *err)
{
    char threshold[SESSION_NUMBER_BYTES];
    char window[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        settings->service,
        objective->name,
        objective_type_text(objective->type),
        objective->target_text,
        session_number(objective->threshold_ms, threshold),
        session_number(objective->window_minutes, window),
        objective->description,
    };

    return session_run(session,
                       "INSERT INTO probity.objectives (service, id, name, version, type, target, "
                       "threshold_ms, window_minutes, description) "
                       "SELECT $1::text, coalesce(max(id), 0) + 1, $2::text, "
                       "coalesce(max(version) FILTER (WHERE name = $2), 0) + 1, $3::text, "
                       "$4::text, $5::bigint, $6::integer, $7::text "
                       "FROM probity.objectives WHERE service = $1",
                       SESSION_PARAMS(values), NULL, err);
}

int registry_load(struct session *session, const struct ledger_settings *settings, bool add,
                  struct registry *ret, struct error *err)
{
    int missing = 0;
    int code = find(session, settings, ret, &missing, err);

    if (code != 0 || missing == 0 || !add)
        return code;
    code = lock(session, settings, err);
    if (code == 0)
        code = find(session, settings, ret, &missing, err);
    for (int i = 0; code == 0 && i < settings->objective_count; i++) {
        if (ret->ids[i] == 0)
            code = add_one(session, settings, &settings->objectives[i], err);
    }
    if (code == 0)
        code = find(session, settings, ret, &missing, err);
    return code;
}
