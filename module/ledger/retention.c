/* retention.c - whole partitions, and bounded deletes.  Instances that do it at the same moment
 * skip each other's rows. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/retention.h"

#include "ledger/arrays.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DROPS_MAX = 16,      /* in one run; each is dropped in a transaction of its own */
    PORTION_ROWS = 5000, /* some milliseconds of locks, and little for autovacuum to do at once */
    SERVICES_BYTES = 1024 * 1024,
    SQL_BYTES = 2048,
};

/* Our clock and the server's must agree that something is old: one that was set wrong must not make
 * anybody forget.  $2 is our minute. */
#define NOW "least($2::integer, (extract(epoch FROM now()) / 60)::integer)"

static const struct {
    const char *table;
    const char *key;
    const char *condition; /* with which a row goes */
} portions[] = {
    { "indicator_days", "service, indicator_id, day, file_id",
      "day < (" NOW " - 400 * 1440) / 1440" },
    { "slices", "service, indicator_id, slice_minutes, slice, file_id",
      "slice < " NOW " - (SELECT greatest(50400, max(window_minutes) + 7200) "
      "FROM probity.objectives WHERE retired_at IS NULL)" },
    { "batches", "service, key_hash",
      "created_at < timestamptz 'epoch' + (" NOW " - 2880) * interval '1 minute'" },
    { "alert_changes", "service, objective, rule, at, state",
      "at < timestamptz 'epoch' + (" NOW " - 400 * 1440) * interval '1 minute'" },
    /* Only files that nobody has watched since, and never before their minutes, in whatever
     * service: a file whose position is gone is counted from its beginning. */
    { "positions", "service, file_id",
      "watched_until < timestamptz 'epoch' + (" NOW " - 50400) * interval '1 minute' "
      "AND NOT EXISTS (SELECT FROM probity.indicator_minutes AS m "
      "WHERE m.service = ANY ($1::text[]) AND m.file_id = o.file_id AND m.stamp >= 0) "
      "AND NOT EXISTS (SELECT FROM probity.indicator_quarters AS q "
      "WHERE q.service = ANY ($1::text[]) AND q.file_id = o.file_id AND q.stamp >= 0)" },
};

/* Drops partitions until there is none left to drop or the run's share is done. */
static int drop_partitions(struct session *session, const char *minute, bool *ret_more,
                           struct error *err)
{
    const char *const values[] = { minute };
    bool dropped = true;

    for (int i = 0; dropped && i < DROPS_MAX; i++) {
        AUTO(pq_clear) PGresult *result = NULL;
        int code = session_begin(session, " ISOLATION LEVEL READ COMMITTED", err);

        if (code == 0)
            code = session_run(session, "SELECT probity.drop_partition($1::integer)",
                               SESSION_PARAMS(values), &result, err);
        if (code == 0)
            code = session_commit(session, err);
        if (code != 0)
            return code;
        dropped = PQntuples(result) > 0 && !PQgetisnull(result, 0, 0);
    }
    *ret_more = dropped;
    return 0;
}

/* One portion of one table. */
static int delete_portion(struct session *session, size_t index, const struct pq_params *params,
                          bool *ret_full, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    char sql[SQL_BYTES];
    int length = snprintf(sql, sizeof(sql),
                          "DELETE FROM probity.%s WHERE (%s) IN (SELECT %s FROM probity.%s AS o "
                          "WHERE service = ANY ($1::text[]) AND %s LIMIT %d "
                          "FOR UPDATE SKIP LOCKED)",
                          portions[index].table, portions[index].key, portions[index].key,
                          portions[index].table, portions[index].condition, PORTION_ROWS);
    int code;

    assert(length < (int)sizeof(sql));
    (void)length;
    code = session_run(session, sql, params, &result, err);
    if (code == 0)
        *ret_full = strtol(PQcmdTuples(result), NULL, 10) >= PORTION_ROWS;
    return code;
}

static int delete_rows(struct session *session, const struct pq_params *params, bool *ret_more,
                       struct error *err)
{
    int code = session_begin(session, " ISOLATION LEVEL READ COMMITTED", err);

    for (size_t i = 0; code == 0 && i < ARRAY_LENGTH(portions); i++) {
        bool full = false;

        code = delete_portion(session, i, params, &full, err);
        *ret_more = *ret_more || full;
    }
    return code == 0 ? session_commit(session, err) : code;
}

int retention_run(struct session *session, const struct catalogue *catalogue, int64_t now_wall_ms,
                  bool *ret_more, struct error *err)
{
    char minute[SESSION_NUMBER_BYTES];
    struct buf services;
    bool more = false;
    int code;

    (void)session_number(now_wall_ms / 60000, minute);
    buf_init(&services, SERVICES_BYTES);
    array_put_texts(&services, catalogue->services, catalogue->service_count);
    code = buf_ok(&services) ? drop_partitions(session, minute, &more, err)
                             : error_set(err, ENOMEM, "ledger: out of memory");
    if (code == 0) {
        const char *const values[] = { buf_text(&services), minute };

        code = delete_rows(session, SESSION_PARAMS(values), &more, err);
    }
    buf_done(&services);
    if (code == 0)
        *ret_more = more;
    return code;
}
