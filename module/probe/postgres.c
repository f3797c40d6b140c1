/* postgres.c - the check of a Postgres database, over libpq.
 *
 * One look is one round trip: a message of several statements, which the server runs as one
 * transaction.  So SET LOCAL holds for exactly this look and no session state is left behind, also
 * through a PgBouncer that pools transactions.  The client's deadline decides; statement_timeout
 * only keeps a query that we gave up from running on.
 *
 * The truth about an application's database is whether it takes writes: in recovery, or with
 * default_transaction_read_only, it is `read-only` and an error, unless the URL asks for a replica
 * (target_session_attrs). */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/clock.h"
#include "base/pq.h"
#include "probe/kind.h"
#include "probe/postgres_reason.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* pg_stat_activity of a thousand sessions costs milliseconds: not at every look. */
    FACTS_EVERY_MS = 5000,
    SQL_BYTES = 2048,
};

struct memory {
    bool wants_replica; /* the URL asks for a server that may be read-only */
    bool has_facts;
    int64_t facts_due_ms;
    struct database_facts facts;
};

enum column {
    COLUMN_IN_RECOVERY,
    COLUMN_READ_ONLY,
    COLUMN_VERSION,
    COLUMN_MAX_CONNECTIONS,
    COLUMN_MAY_SEE,
    COLUMN_CONNECTIONS,
    COLUMN_CHECKED_OUT,
    COLUMN_LONGEST_MS,
};

static const char sql_settings[] = "SET LOCAL transaction_read_only = on; "
                                   "SET LOCAL statement_timeout = %" PRId64 "; "
                                   "SELECT pg_catalog.pg_is_in_recovery()::int, "
                                   "(pg_catalog.current_setting('default_transaction_read_only') "
                                   "= 'on')::int";

/* Of sessions that a role may not see, backend_type, state and times are NULL. */
static const char sql_facts[] =
    ", pg_catalog.current_setting('server_version')"
    ", pg_catalog.current_setting('max_connections')::int"
    ", pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')::int"
    ", count(*) FILTER (WHERE datid IS NOT NULL"
    " AND coalesce(backend_type, 'client backend') = 'client backend')"
    ", count(*) FILTER (WHERE usename = current_user AND datname = current_database()"
    " AND backend_type = 'client backend' AND state <> 'idle'"
    " AND application_name <> 'probity' AND pid <> pg_catalog.pg_backend_pid())"
    ", coalesce(max((extract(epoch FROM pg_catalog.clock_timestamp() - query_start) * "
    "1000)::bigint)"
    " FILTER (WHERE state = 'active' AND backend_type = 'client backend'"
    " AND pid <> pg_catalog.pg_backend_pid()), 0)"
    " FROM pg_catalog.pg_stat_activity";

static const struct database_facts no_facts = {
    .server_connections = -1,
    .server_max_connections = -1,
    .pool_checked_out = -1,
    .longest_query_ms = -1,
    .in_recovery = -1,
};

static void free_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
    *options = NULL;
}

static bool asks_for_replica(const char *conninfo)
{
    static const char *const replicas[] = { "read-only", "standby", "prefer-standby" };
    AUTO(free_options) PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

    for (const PQconninfoOption *at = options; at != NULL && at->keyword != NULL; at++) {
        if (strcmp(at->keyword, "target_session_attrs") != 0 || at->val == NULL)
            continue;
        for (size_t i = 0; i < ARRAY_LENGTH(replicas); i++) {
            if (strcmp(at->val, replicas[i]) == 0)
                return true;
        }
    }
    return false;
}

static int prepare_postgres(struct probe *probe, const struct config *config, struct error *err)
{
    struct memory *memory = calloc(1, sizeof(*memory));

    (void)config;
    if (memory == NULL)
        return error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
    memory->facts = no_facts;
    memory->wants_replica = asks_for_replica(probe->check.target.conninfo);
    probe->memory = memory;
    return 0;
}

static void forget_postgres(struct probe *probe)
{
    free(probe->memory);
    probe->memory = NULL;
}

/* Where the connection is lost, that is told by errno alone; 57P01 comes before a close. */
static enum probe_result judge(const struct probe *probe, int code, const char *sqlstate,
                               const struct error *err, struct outcome *outcome)
{
    enum health_reason reason = postgres_reason(sqlstate, -code, err->text);

    probe_set_detail(outcome, err->text);
    if (code == -ENOMEM)
        return PROBE_OURS;
    outcome_set(outcome, OUTCOME_ERROR, reason, probe->check.timeout_ms);
    return code == -ECONNRESET ? PROBE_LOST : PROBE_DROP;
}

static enum probe_result open_postgres(struct probe *probe, int64_t deadline_ms, void **ret,
                                       struct outcome *outcome)
{
    struct error err = { 0 };
    char sqlstate[6] = "";
    PGconn *conn = NULL;
    int code = pq_open(probe->check.target.conninfo, deadline_ms, &conn, sqlstate, &err);

    if (code != 0)
        return judge(probe, code, sqlstate, &err, outcome);
    *ret = conn;
    return PROBE_KEEP;
}

/* "15.20 (Debian 15.20-0+deb12u1)": the packager's half is nobody's business. */
static void copy_version(const char *version, char copy[32])
{
    (void)snprintf(copy, 32, "%.*s", (int)strcspn(version, " "), version);
}

static void take_facts(struct memory *memory, const PGresult *row, int64_t now_ms)
{
    struct database_facts *facts = &memory->facts;

    facts->server_max_connections = pq_int(row, 0, COLUMN_MAX_CONNECTIONS, -1);
    facts->may_see_queries = pq_int(row, 0, COLUMN_MAY_SEE, 0) == 1;
    facts->server_connections = pq_int(row, 0, COLUMN_CONNECTIONS, -1);
    facts->pool_checked_out = pq_int(row, 0, COLUMN_CHECKED_OUT, -1);
    facts->longest_query_ms = facts->may_see_queries ? pq_int(row, 0, COLUMN_LONGEST_MS, -1) : -1;
    copy_version(PQgetvalue(row, 0, COLUMN_VERSION), facts->server_version);
    memory->has_facts = true;
    memory->facts_due_ms = now_ms + FACTS_EVERY_MS;
}

static void judge_row(struct probe *probe, const PGresult *row, int64_t now_ms,
                      struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    int64_t in_recovery = pq_int(row, 0, COLUMN_IN_RECOVERY, -1);

    if (PQnfields(row) > COLUMN_LONGEST_MS)
        take_facts(memory, row, now_ms);
    memory->facts.in_recovery = (int)in_recovery;
    outcome->facts.database = memory->facts;
    outcome->has_facts = true;
    if (!memory->wants_replica && (in_recovery == 1 || pq_int(row, 0, COLUMN_READ_ONLY, 0) == 1))
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_READ_ONLY, 0);
}

/* A refusal leaves the connection usable unless the server is about to close it. */
static enum probe_result judge_refusal(const struct probe *probe, const PGresult *result,
                                       struct outcome *outcome)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *words = PQresultErrorMessage(result);

    probe_set_detail(outcome, words);
    outcome_set(outcome, OUTCOME_ERROR,
                postgres_reason(sqlstate == NULL ? "" : sqlstate, EPROTO, words),
                probe->check.timeout_ms);
    return severity != NULL && strcmp(severity, "ERROR") == 0 ? PROBE_KEEP : PROBE_LOST;
}

static enum probe_result look_postgres(struct probe *probe, void *link, int64_t deadline_ms,
                                       struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    AUTO(pq_clear) PGresult *result = NULL;
    struct error err = { 0 };
    char sql[SQL_BYTES];
    int64_t now_ms = clock_boot_ms();
    int length = snprintf(sql, sizeof(sql), sql_settings, probe->check.timeout_ms);
    int code;

    if (now_ms >= memory->facts_due_ms)
        (void)snprintf(sql + length, sizeof(sql) - (size_t)length, "%s", sql_facts);
    code = pq_script(link, sql, deadline_ms, &result, &err);
    if (code != 0)
        return judge(probe, code, "", &err, outcome);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return judge_refusal(probe, result, outcome);
    if (PQntuples(result) != 1) {
        probe_set_detail(outcome, "postgres: the answer is not one row");
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL, 0);
        return PROBE_DROP;
    }
    judge_row(probe, result, now_ms, outcome);
    return PROBE_KEEP;
}

static void close_postgres(struct probe *probe, void *link)
{
    PGconn *conn = link;

    (void)probe;
    pq_close(&conn);
}

static int watch_postgres(const struct probe *probe, void *link, int fds[PROBE_WATCHED])
{
    (void)probe;
    fds[0] = PQsocket(link);
    return fds[0] >= 0 ? 1 : 0;
}

/* A notice, a changed parameter or a TLS session ticket is nothing; libpq takes them in. */
static bool heed_postgres(struct probe *probe, void *link, int fd)
{
    PGnotify *notify;

    (void)probe;
    (void)fd;
    if (PQconsumeInput(link) == 0 || PQstatus(link) != CONNECTION_OK)
        return false;
    while ((notify = PQnotifies(link)) != NULL)
        PQfreemem(notify);
    return PQstatus(link) == CONNECTION_OK;
}

const struct probe_kind postgres_kind = {
    .prepare = prepare_postgres,
    .forget = forget_postgres,
    .open = open_postgres,
    .look = look_postgres,
    .close = close_postgres,
    .watch = watch_postgres,
    .heed = heed_postgres,
};
