/* doctor_ledger.c - whether events can be counted: the way there, the schema, the rights. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/doctor.h"

#include "base/pq.h"
#include "ledger/migrations.h"
#include "ledger/schema.h"
#include "ledger/trouble.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADVICE_BYTES = 512 };

static void fail_statement(struct doctor_visit *visit, int code, const char *sqlstate,
                           const struct error *err)
{
    doctor_fail(visit, &(struct doctor_trouble){ .phrase = trouble_words(code, sqlstate),
                                                 .said = err->text });
}

/* --- may it be written to at all --- */

static bool try_state(struct doctor_visit *visit, PGconn *conn)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_is_in_recovery()::int,"
        " (pg_catalog.current_setting('default_transaction_read_only') = 'on')::int";
    AUTO(pq_clear) PGresult *row = NULL;
    struct error err = { 0 };
    char sqlstate[6] = "";
    int code;

    doctor_begin(visit, "query");
    code = pq_run(conn, sql, NULL, visit->deadline_ms, &row, sqlstate, &err);
    if (code != 0) {
        fail_statement(visit, code, sqlstate, &err);
        return false;
    }
    if (pq_int(row, 0, 0, 0) == 1 || pq_int(row, 0, 1, 0) == 1) {
        doctor_fail_with(visit, HEALTH_REASON_READ_ONLY, 0, NULL);
        return false;
    }
    doctor_pass(visit, "it takes writes");
    return true;
}

/* --- schema --- */

static void fail_schema(struct doctor_visit *visit, const char *phrase, const char *advice)
{
    doctor_fail(visit, &(struct doctor_trouble){ .phrase = phrase, .advice = advice });
}

static bool judge_schema(struct doctor_visit *visit, const PGresult *row)
{
    int revision = PQntuples(row) == 0 ? 0 : (int)pq_int(row, 0, 0, 0);
    const char *oldest = PQntuples(row) == 0 ? "0" : PQgetvalue(row, 0, 1);
    char phrase[96];

    switch (schema_judge(revision, oldest)) {
    case SCHEMA_FITS:
        doctor_pass(visit, "revision %d", revision);
        return true;
    case SCHEMA_MISSING:
        fail_schema(visit, "the schema probity is empty", "run probity migrate upgrade");
        return false;
    case SCHEMA_OLD:
        (void)snprintf(phrase, sizeof(phrase), "the schema is at revision %d of %d", revision,
                       migration_count);
        fail_schema(visit, phrase, "run probity migrate upgrade");
        return false;
    case SCHEMA_NEW:
        break;
    }
    (void)snprintf(phrase, sizeof(phrase), "the schema wants Probity %.16s, this is %s", oldest,
                   PACKAGE_VERSION);
    fail_schema(visit, phrase, "install the newer version, or run its probity migrate downgrade");
    return false;
}

static bool try_schema(struct doctor_visit *visit, PGconn *conn)
{
    AUTO(pq_clear) PGresult *row = NULL;
    struct error err = { 0 };
    char sqlstate[6] = "";
    char advice[ADVICE_BYTES];
    int code;

    doctor_begin(visit, "schema");
    code = pq_run(conn, SCHEMA_SQL, NULL, visit->deadline_ms, &row, sqlstate, &err);
    if (code == 0)
        return judge_schema(visit, row);
    if (trouble_is_missing_schema(sqlstate)) {
        fail_schema(visit, "there is no schema probity", "run probity migrate upgrade");
    } else if (strcmp(sqlstate, "42501") == 0) {
        (void)snprintf(advice, sizeof(advice),
                       "GRANT USAGE ON SCHEMA probity TO \"%.64s\"; GRANT SELECT ON "
                       "probity.schema_migrations TO \"%.64s\";",
                       PQuser(conn), PQuser(conn));
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = "the role may not look at it",
                                                     .said = err.text,
                                                     .advice = advice });
    } else {
        fail_statement(visit, code, sqlstate, &err);
    }
    return false;
}

/* --- rights --- */

/* What the daemon does to each table, as docs/ledger.md has it in its GRANTs. */
static const char sql_rights[] =
    "WITH wanted(name, rights) AS (VALUES"
    " ('schema_migrations', 'SELECT'),"
    " ('indicators', 'SELECT,INSERT,UPDATE'),"
    " ('objectives', 'SELECT,INSERT,UPDATE'),"
    " ('exclusions', 'SELECT,INSERT,UPDATE'),"
    " ('gate_overrides', 'SELECT,INSERT,UPDATE'),"
    " ('maintenance', 'SELECT'),"
    " ('excluded', 'SELECT'),"
    " ('positions', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('indicator_minutes', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('indicator_quarters', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('indicator_days', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('slices', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('route_minutes', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('route_bad_minutes', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('alerts', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('alert_changes', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('leases', 'SELECT,INSERT,UPDATE,DELETE'),"
    " ('batches', 'SELECT,INSERT,UPDATE,DELETE'))"
    " SELECT 'GRANT ' || pg_catalog.string_agg(held.right, ', ' ORDER BY held.place)"
    " || ' ON probity.' || name || ' TO ' || pg_catalog.quote_ident(current_user) || ';'"
    " FROM wanted CROSS JOIN LATERAL"
    " unnest(pg_catalog.string_to_array(rights, ',')) WITH ORDINALITY AS held(\"right\", place)"
    " WHERE pg_catalog.to_regclass('probity.' || name) IS NOT NULL"
    " AND NOT pg_catalog.has_table_privilege('probity.' || name, held.right)"
    " GROUP BY name"
    " UNION ALL"
    " SELECT 'GRANT EXECUTE ON FUNCTION probity.' || proname || ' TO '"
    " || pg_catalog.quote_ident(current_user) || ';'"
    " FROM pg_catalog.pg_proc WHERE pronamespace = 'probity'::regnamespace"
    " AND proname IN ('make_partitions', 'drop_partition')"
    " AND NOT pg_catalog.has_function_privilege(oid, 'EXECUTE')"
    " ORDER BY 1";

static void try_rights(struct doctor_visit *visit, PGconn *conn)
{
    AUTO(pq_clear) PGresult *grants = NULL;
    AUTO(buf_done) struct buf advice = { .max_bytes = 8192 };
    struct error err = { 0 };
    char sqlstate[6] = "";
    int code;

    doctor_begin(visit, "rights");
    code = pq_run(conn, sql_rights, NULL, visit->deadline_ms, &grants, sqlstate, &err);
    if (code != 0) {
        fail_statement(visit, code, sqlstate, &err);
        return;
    }
    for (int i = 0; i < PQntuples(grants); i++)
        buf_printf(&advice, "%s%s", i == 0 ? "" : " ", PQgetvalue(grants, i, 0));
    if (advice.length == 0)
        doctor_pass(visit, "all that counting needs");
    else
        doctor_fail(visit,
                    &(struct doctor_trouble){ .phrase = "the role lacks rights in the schema",
                                              .advice = buf_text(&advice) });
}

void doctor_visit_ledger(struct doctor_visit *visit)
{
    const char *conninfo = visit->config->ledger_conninfo;
    AUTO(pq_close) PGconn *conn = NULL;
    struct error err = { 0 };
    char sqlstate[6] = "";
    int code;

    doctor_begin(visit, "configure");
    if (conninfo == NULL) {
        doctor_note(visit, "%s", visit->config->ledger_misconfigured);
        return;
    }
    if (!doctor_walk_to_postgres(visit, conninfo))
        return;
    code = pq_open(conninfo, visit->deadline_ms, &conn, sqlstate, &err);
    if (code != 0)
        fail_statement(visit, code, sqlstate, &err);
    else if (try_state(visit, conn) && try_schema(visit, conn))
        try_rights(visit, conn);
}
