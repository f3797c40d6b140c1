/* postgres_facts.c - one question to a Postgres, and what its answer means. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/postgres_facts.h"

#include "base/pq.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    /* pg_stat_activity of a thousand sessions costs milliseconds: not at every look. */
    FACTS_EVERY_MS = 5000,
    /* But what is too much is looked at closely, so that its end shows soon. */
    FACTS_EXCEEDED_MS = 1000,
};

enum column {
    COLUMN_IN_RECOVERY,
    COLUMN_READ_ONLY,
    /* POSTGRES_SESSIONS */
    COLUMN_VERSION,
    COLUMN_MAX_CONNECTIONS,
    COLUMN_ALLOWED,
    COLUMN_MAY_SEE,
    COLUMN_CONNECTIONS,
    COLUMN_CHECKED_OUT,
    COLUMN_LONGEST_MS,
    /* POSTGRES_REPLICATION */
    COLUMN_OWN_LAG_MS,
    COLUMN_WRITTEN_LSN,
    COLUMN_REPLICAS,
    COLUMN_WORST_LAG_MS,
    COLUMN_WORST_LSN,
};

static const char sql_settings[] = "SET LOCAL transaction_read_only = on; "
                                   "SET LOCAL statement_timeout = %" PRId64 "; "
                                   "SELECT pg_catalog.pg_is_in_recovery()::int"
                                   ", (pg_catalog.current_setting('default_transaction_read_only')"
                                   " = 'on')::int";

/* Of sessions that a role may not see, backend_type, state and times are NULL.  From version 16 on
 * there are connections for roles with a privilege, too. */
static const char sql_sessions[] =
    ", pg_catalog.current_setting('server_version')"
    ", pg_catalog.current_setting('max_connections')::int"
    ", pg_catalog.current_setting('max_connections')::int"
    " - pg_catalog.current_setting('superuser_reserved_connections')::int"
    " - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0)"
    ", pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')::int"
    ", count(*) FILTER (WHERE datid IS NOT NULL"
    " AND coalesce(backend_type, 'client backend') = 'client backend')"
    ", count(*) FILTER (WHERE usename = current_user AND datname = current_database()"
    " AND backend_type = 'client backend' AND state <> 'idle'"
    " AND application_name <> 'probity' AND pid <> pg_catalog.pg_backend_pid())"
    ", coalesce(max((extract(epoch FROM pg_catalog.clock_timestamp() - query_start) * "
    "1000)::bigint)"
    " FILTER (WHERE state = 'active' AND backend_type = 'client backend'"
    " AND pid <> pg_catalog.pg_backend_pid()), 0)";

/* A replica that has applied all that it received is up to date only while somebody sends: without
 * a receiver its age counts. */
static const char sql_replication[] =
    ", CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN NULL"
    " WHEN pg_catalog.pg_last_wal_replay_lsn() >= pg_catalog.pg_last_wal_receive_lsn()"
    " AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) THEN 0"
    " ELSE (extract(epoch FROM pg_catalog.clock_timestamp()"
    " - pg_catalog.pg_last_xact_replay_timestamp()) * 1000)::bigint END"
    ", CASE WHEN NOT pg_catalog.pg_is_in_recovery()"
    " THEN (pg_catalog.pg_current_wal_lsn() - '0/0')::bigint END"
    ", max(replicas), max(worst_lag_ms), max(worst_lsn)";

static const char sql_from_sessions[] = " FROM pg_catalog.pg_stat_activity";

/* Physical ones: a consumer of logical changes may lag by design. */
static const char sql_from_replicas[] =
    " CROSS JOIN (SELECT count(*) AS replicas"
    ", max(extract(epoch FROM replay_lag) * 1000)::bigint AS worst_lag_ms"
    ", min(coalesce(replay_lsn - '0/0', 0))::bigint AS worst_lsn"
    " FROM pg_catalog.pg_stat_replication AS sender"
    " WHERE state IN ('streaming', 'catchup')"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots"
    " WHERE active_pid = sender.pid AND slot_type = 'logical')) AS standby";

void postgres_facts_init(struct postgres_facts *facts)
{
    *facts = (struct postgres_facts){
        .detail = POSTGRES_REPLICATION,
        .shown = database_facts_unknown,
        .connections_allowed = -1,
        .mark_lsn = -1,
    };
}

void postgres_facts_ask_less(struct postgres_facts *facts)
{
    enum postgres_detail less = facts->detail - 1;

    postgres_facts_init(facts);
    facts->detail = less;
}

void postgres_facts_ask(enum postgres_detail detail, int64_t timeout_ms,
                        char sql[POSTGRES_SQL_BYTES])
{
    int length = snprintf(sql, POSTGRES_SQL_BYTES, sql_settings, timeout_ms);

    (void)snprintf(sql + length, POSTGRES_SQL_BYTES - (size_t)length, "%s%s%s%s",
                   detail >= POSTGRES_SESSIONS ? sql_sessions : "",
                   detail >= POSTGRES_REPLICATION ? sql_replication : "",
                   detail >= POSTGRES_SESSIONS ? sql_from_sessions : "",
                   detail >= POSTGRES_REPLICATION ? sql_from_replicas : "");
}

/* "15.20 (Debian 15.20-0+deb12u1)": the packager's half is nobody's business. */
static void copy_version(const char *version, char copy[32])
{
    (void)snprintf(copy, 32, "%.*s", (int)strcspn(version, " "), version);
}

/* A number of the answer; -1 where it is NULL, or so large that nothing can be computed of it. */
static int64_t figure(const PGresult *row, enum column column)
{
    int64_t value = pq_int(row, 0, (int)column, -1);

    return value > INT64_MAX / 1024 ? -1 : value;
}

static void take_sessions(struct postgres_facts *facts, const PGresult *row)
{
    struct database_facts *shown = &facts->shown;

    shown->server_max_connections = figure(row, COLUMN_MAX_CONNECTIONS);
    facts->connections_allowed = figure(row, COLUMN_ALLOWED);
    shown->may_see_queries = pq_int(row, 0, COLUMN_MAY_SEE, 0) == 1;
    shown->server_connections = figure(row, COLUMN_CONNECTIONS);
    shown->pool_checked_out = figure(row, COLUMN_CHECKED_OUT);
    shown->longest_query_ms = shown->may_see_queries ? figure(row, COLUMN_LONGEST_MS) : -1;
    copy_version(PQgetvalue(row, 0, COLUMN_VERSION), shown->server_version);
}

/* replay_lag is what the last word of a replica told: one that says nothing more keeps its last
 * good figure.  So what it has not applied since the look before counts with its age. */
static int64_t judge_replicas(struct postgres_facts *facts, const struct postgres_replication *said,
                              int64_t now_ms)
{
    int64_t lag_ms = said->worst_lag_ms < 0 ? 0 : said->worst_lag_ms;

    if (said->replicas <= 0) {
        facts->mark_lsn = -1;
        return -1;
    }
    if (facts->mark_lsn < 0 || said->worst_lsn >= facts->mark_lsn) {
        facts->mark_lsn = said->written_lsn;
        facts->mark_at_ms = now_ms;
    }
    return now_ms - facts->mark_at_ms > lag_ms ? now_ms - facts->mark_at_ms : lag_ms;
}

int64_t postgres_facts_lag(struct postgres_facts *facts, const struct postgres_replication *said,
                           int64_t now_ms)
{
    if (facts->shown.in_recovery == 1)
        return said->own_lag_ms;
    return judge_replicas(facts, said, now_ms);
}

static void take_replication(struct postgres_facts *facts, const PGresult *row, int64_t now_ms)
{
    bool may_see = facts->shown.may_see_queries;
    const struct postgres_replication said = {
        .own_lag_ms = figure(row, COLUMN_OWN_LAG_MS),
        .written_lsn = pq_int(row, 0, COLUMN_WRITTEN_LSN, -1),
        .replicas = may_see ? figure(row, COLUMN_REPLICAS) : -1,
        .worst_lag_ms = figure(row, COLUMN_WORST_LAG_MS),
        .worst_lsn = pq_int(row, 0, COLUMN_WORST_LSN, -1),
    };

    facts->shown.replicas = said.replicas;
    facts->shown.replication_lag_ms = postgres_facts_lag(facts, &said, now_ms);
}

bool postgres_facts_take(struct postgres_facts *facts, enum postgres_detail detail,
                         const PGresult *row, int64_t now_ms)
{
    facts->shown.in_recovery = (int)pq_int(row, 0, COLUMN_IN_RECOVERY, -1);
    if (detail >= POSTGRES_SESSIONS && PQnfields(row) > COLUMN_LONGEST_MS) {
        take_sessions(facts, row);
        facts->taken_at_ms = now_ms;
        facts->due_ms = now_ms + FACTS_EVERY_MS;
    }
    if (detail >= POSTGRES_REPLICATION && PQnfields(row) > COLUMN_WORST_LSN)
        take_replication(facts, row, now_ms);
    return facts->shown.in_recovery == 1 || pq_int(row, 0, COLUMN_READ_ONLY, 0) == 1;
}

/* What is printed is rounded to the worse side. */
static int64_t divide_up(int64_t value, int64_t by)
{
    return (value + by - 1) / by;
}

void postgres_facts_judge(struct postgres_facts *facts, const struct check_limits *limits,
                          struct outcome *outcome)
{
    const struct database_facts *shown = &facts->shown;
    struct outcome excess = { .status = OUTCOME_OK };

    if (limits->connections_percent >= 0 && facts->connections_allowed > 0
        && shown->server_connections * 100
               > limits->connections_percent * facts->connections_allowed)
        outcome_set(&excess, OUTCOME_DEGRADED, HEALTH_REASON_CONNECTIONS_HIGH,
                    divide_up(shown->server_connections * 100, facts->connections_allowed));
    if (limits->replication_lag_ms >= 0 && shown->replication_lag_ms > limits->replication_lag_ms)
        outcome_set(&excess, OUTCOME_DEGRADED, HEALTH_REASON_REPLICATION_LAG,
                    divide_up(shown->replication_lag_ms, 1000));
    if (limits->longest_query_ms >= 0 && shown->longest_query_ms > limits->longest_query_ms)
        outcome_set(&excess, OUTCOME_DEGRADED, HEALTH_REASON_LONG_QUERY,
                    divide_up(shown->longest_query_ms, 1000));
    if (excess.status == OUTCOME_OK)
        return;
    outcome_set(outcome, excess.status, excess.reason, excess.number);
    if (facts->due_ms > facts->taken_at_ms + FACTS_EXCEEDED_MS)
        facts->due_ms = facts->taken_at_ms + FACTS_EXCEEDED_MS;
}
