/* migrate.c - applies migrations, a command in one transaction under a lock. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/migrate.h"

#include "base/clock.h"
#include "base/pq.h"
#include "ledger/migrations.h"
#include "ledger/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECT_MS = 5000,
    /* A migration may have to wait for a rival's and to build an index. */
    STEP_MS = 10 * 60 * 1000,
    KNOWN_MAX = 256, /* revisions in one schema */
};

/* The number is "probity" in ASCII.  A transaction's advisory lock needs no privilege and is safe
 * behind PgBouncer. */
#define LOCK_SQL "SELECT pg_advisory_xact_lock(31651020109608057)"

#define TABLE_SQL                                \
    "CREATE TABLE probity.schema_migrations (\n" \
    "    revision       integer PRIMARY KEY,\n"  \
    "    name           text NOT NULL,\n"        \
    "    checksum       text NOT NULL,\n"        \
    "    oldest_program text NOT NULL,\n"        \
    "    applied_at     timestamptz NOT NULL DEFAULT now()\n)"

struct applied {
    int revision;
    char checksum[MIGRATION_CHECKSUM_BYTES];
    char oldest_program[24];
    char applied_at[40];
};

/* What the schema says of itself. */
struct standing {
    bool has_table;
    struct applied rows[KNOWN_MAX]; /* oldest first */
    int count;
};

struct step {
    const struct migrate *migrate;
    PGconn *conn; /* NULL: only SQL is wanted and nothing is read */
    struct error *err;
};

/* --- reading --- */

/* pq.h has a code for each way to be out of reach; who asked needs to know no more than that. */
static int out_of_reach(struct error *err)
{
    if (err != NULL)
        err->code = EAGAIN;
    return -EAGAIN;
}

static int open_ledger(const struct migrate *migrate, PGconn **ret, struct error *err)
{
    int code = pq_open(migrate->conninfo, clock_boot_ms() + CONNECT_MS, ret, NULL, err);

    return code == 0 ? 0 : out_of_reach(err);
}

/* What to do when the role lacks a right: Postgres's own words name only what was refused. */
static int refuse_role(struct error *err, const char *text)
{
    static const char severity[] = "ERROR:";

    if (strncmp(text, severity, strlen(severity)) == 0)
        text += strlen(severity);
    text += strspn(text, " ");
    return error_set(err, EPROTO, "migrate: %.*s: docs/ledger.md lists what the role needs",
                     (int)strcspn(text, "\n"), text);
}

static bool is_refused_role(const char *sqlstate)
{
    return sqlstate != NULL && strcmp(sqlstate, "42501") == 0;
}

/* Whether the same may well succeed a moment later: a lock, a deadlock, a server that is busy,
 * starts, stops, or is a standby until somebody promotes it.  Codes: PostgreSQL 15, appendix A. */
static bool is_passing(const char *sqlstate)
{
    static const char *const prefixes[] = { "08", "25006", "40", "53", "55P03", "57", "58" };

    for (size_t i = 0; sqlstate != NULL && i < ARRAY_LENGTH(prefixes); i++) {
        if (strncmp(sqlstate, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

static int run(struct step *step, const char *sql, PGresult **ret)
{
    static const char refused[] = "postgres: statement refused: ";
    struct error err = { .code = 0 };
    char sqlstate[6];
    int code = pq_run(step->conn, sql, NULL, clock_boot_ms() + STEP_MS, ret, sqlstate, &err);
    const char *text = err.text;

    if (code == 0)
        return 0;
    if (sqlstate[0] == '\0' || is_passing(sqlstate))
        return error_set(step->err, EAGAIN, "%s", text);
    if (!is_refused_role(sqlstate))
        return error_set(step->err, err.code, "%s", text);
    if (strncmp(text, refused, strlen(refused)) == 0)
        text += strlen(refused);
    return refuse_role(step->err, text);
}

static int read_rows(struct step *step, struct standing *standing)
{
    AUTO(pq_clear) PGresult *result = NULL;
    int code = run(step,
                   "SELECT revision, checksum, oldest_program, "
                   "to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
                   "FROM probity.schema_migrations ORDER BY revision",
                   &result);

    if (code != 0)
        return code;
    if (PQntuples(result) > KNOWN_MAX)
        return error_set(step->err, ENOTSUP, "migrate: the schema holds more than %d revisions",
                         KNOWN_MAX);
    standing->count = PQntuples(result);
    for (int i = 0; i < standing->count; i++) {
        struct applied *row = &standing->rows[i];

        row->revision = (int)pq_int(result, i, 0, 0);
        (void)snprintf(row->checksum, sizeof(row->checksum), "%s", PQgetvalue(result, i, 1));
        (void)snprintf(row->oldest_program, sizeof(row->oldest_program), "%s",
                       PQgetvalue(result, i, 2));
        (void)snprintf(row->applied_at, sizeof(row->applied_at), "%s", PQgetvalue(result, i, 3));
    }
    return 0;
}

static int read_standing(struct step *step, struct standing *standing)
{
    AUTO(pq_clear) PGresult *result = NULL;
    int code;

    *standing = (struct standing){ 0 };
    if (step->conn == NULL)
        return 0;
    code = run(step, "SELECT to_regclass('probity.schema_migrations') IS NOT NULL", &result);
    if (code != 0)
        return code;
    standing->has_table = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    return standing->has_table ? read_rows(step, standing) : 0;
}

static int current_of(const struct standing *standing)
{
    return standing->count == 0 ? 0 : standing->rows[standing->count - 1].revision;
}

/* Refuses to touch what this program does not understand. */
static int check_standing(const struct standing *standing, struct error *err)
{
    for (int i = 0; i < standing->count; i++) {
        const struct applied *row = &standing->rows[i];
        char checksum[MIGRATION_CHECKSUM_BYTES];

        if (row->revision > migration_count)
            return error_set(err, EOVERFLOW,
                             "migrate: the schema is at revision %04d and this program knows %04d: "
                             "use probity %s or newer",
                             row->revision, migration_count, row->oldest_program);
        if (row->revision != i + 1)
            return error_set(err, ENOTSUP,
                             "migrate: revision %04d is not recorded although a later one is: "
                             "repair it with probity migrate stamp",
                             i + 1);
        migration_checksum(&migrations[i], checksum);
        if (strcmp(checksum, row->checksum) != 0)
            return error_set(err, ENOTSUP,
                             "migrate: revision %04d was applied with another content (checksum "
                             "%.12s, here %.12s): use the program that applied it, or, if the "
                             "schema is right, probity migrate stamp %04d",
                             row->revision, row->checksum, checksum, current_of(standing));
    }
    return 0;
}

/* --- writing, or saying what would be written --- */

__attribute__((format(printf, 2, 3))) static void say(const struct migrate *migrate,
                                                      const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    migrate->say(migrate->context, text);
}

static int run_script(struct step *step, const char *sql)
{
    AUTO(pq_clear) PGresult *result = NULL;
    const char *sqlstate;
    const char *text;
    int code;

    if (step->migrate->sql_only) {
        step->migrate->say(step->migrate->context, sql);
        return 0;
    }
    code = pq_script(step->conn, sql, clock_boot_ms() + STEP_MS, &result, step->err);
    if (code != 0)
        return out_of_reach(step->err);
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        return 0;
    text = PQresultErrorMessage(result);
    sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (is_refused_role(sqlstate))
        return refuse_role(step->err, text);
    return error_set(step->err, is_passing(sqlstate) ? EAGAIN : EPROTO, "migrate: refused: %.*s",
                     (int)strcspn(text, "\n"), text);
}

/* A role that only owns the schema may not even say CREATE SCHEMA IF NOT EXISTS: so look first. */
static int ensure_table(struct step *step, const struct standing *standing)
{
    AUTO(pq_clear) PGresult *result = NULL;
    bool has_schema = false;
    int code = 0;

    if (standing->has_table)
        return 0;
    if (step->conn != NULL) {
        code = run(step, "SELECT to_regnamespace('probity') IS NOT NULL", &result);
        has_schema = code == 0 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    }
    if (code == 0 && !has_schema)
        code = run_script(step, "CREATE SCHEMA probity;");
    if (code == 0)
        code = run_script(step, TABLE_SQL ";");
    return code;
}

static int record(struct step *step, int revision)
{
    const struct migration *migration = &migrations[revision - 1];
    char checksum[MIGRATION_CHECKSUM_BYTES];
    char sql[400];

    migration_checksum(migration, checksum);
    /* Name and version are identifiers out of our own files: nothing in them needs quoting. */
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO probity.schema_migrations (revision, name, checksum, "
                   "oldest_program) VALUES (%d, '%s', '%s', '%s');",
                   revision, migration->name, checksum, migration->oldest_program);
    return run_script(step, sql);
}

static int forget_above(struct step *step, int revision)
{
    char sql[100];

    (void)snprintf(sql, sizeof(sql), "DELETE FROM probity.schema_migrations WHERE revision > %d;",
                   revision);
    return run_script(step, sql);
}

static int apply(struct step *step, int revision, bool up)
{
    const struct migration *migration = &migrations[revision - 1];
    int code = run_script(step, up ? migration->up : migration->down);

    if (code == 0)
        code = up ? record(step, revision) : forget_above(step, revision - 1);
    if (code == 0 && !step->migrate->sql_only)
        say(step->migrate, "%s %04d %s", up ? "applied" : "took back", revision, migration->name);
    return code;
}

/* --- the transaction around a command --- */

/* What one command does between BEGIN and COMMIT; `target` in plan.h's words. */
typedef int (*command_fn)(struct step *step, const struct standing *standing, const char *target);

/* The advisory lock is a lock too: a rival's migration is waited for no longer than a table. */
static int begin(struct step *step)
{
    char sql[64];
    int code = run(step, "BEGIN", NULL);

    (void)snprintf(sql, sizeof(sql), "SET LOCAL lock_timeout = %lld",
                   (long long)step->migrate->lock_wait_ms);
    if (code == 0 && step->migrate->lock_wait_ms > 0)
        code = run(step, sql, NULL);
    return code == 0 ? run(step, LOCK_SQL, NULL) : code;
}

static int in_transaction(struct step *step, command_fn command, const char *target)
{
    struct standing standing = { 0 };
    int code = 0;

    if (step->conn != NULL)
        code = begin(step);
    if (code == 0)
        code = read_standing(step, &standing);
    if (code == 0)
        code = command(step, &standing, target);
    if (code == 0 && step->conn != NULL)
        return run(step, "COMMIT", NULL);
    /* No ROLLBACK: the connection is closed next, and that rolls back too. */
    return code;
}

static int run_command(const struct migrate *migrate, command_fn command, const char *target,
                       struct error *err)
{
    AUTO(pq_close) PGconn *conn = NULL;
    struct step step = { migrate, NULL, err };
    int code = 0;

    if (migrate->conninfo != NULL)
        code = open_ledger(migrate, &conn, err);
    else if (!migrate->sql_only)
        code = error_set(err, EINVAL, "migrate: no ledger is configured: set DATABASE_URL");
    if (code != 0)
        return code;
    step.conn = conn;
    if (migrate->sql_only)
        say(migrate, "BEGIN;");
    code = in_transaction(&step, command, target);
    if (code == 0 && migrate->sql_only)
        say(migrate, "COMMIT;");
    return code;
}

/* --- the commands --- */

static int go_up(struct step *step, const struct standing *standing, const char *target)
{
    struct plan_range range = { current_of(standing), migration_count };
    int code = check_standing(standing, step->err);
    int revision;

    if (code != 0)
        return code;
    revision = plan_target(PLAN_UP, target, range, step->err);
    if (revision < 0)
        return revision;
    if (revision == range.current && !step->migrate->sql_only)
        say(step->migrate, "nothing to do: the schema is at %04d", revision);
    if (revision > range.current)
        code = ensure_table(step, standing);
    for (int next = range.current + 1; code == 0 && next <= revision; next++)
        code = apply(step, next, true);
    return code;
}

static int go_down(struct step *step, const struct standing *standing, const char *target)
{
    struct plan_range range = { current_of(standing), migration_count };
    int code = check_standing(standing, step->err);
    int revision;

    if (code != 0)
        return code;
    if (step->conn == NULL)
        range.current = range.head;
    if (range.current == 0) {
        say(step->migrate, "%snothing to do: no migration is applied",
            step->migrate->sql_only ? "-- " : "");
        return 0;
    }
    revision = plan_target(PLAN_DOWN, target, range, step->err);
    if (revision < 0)
        return revision;
    for (int next = range.current; code == 0 && next > revision; next--)
        code = apply(step, next, false);
    return code;
}

static int put_stamp(struct step *step, const struct standing *standing, const char *target)
{
    struct plan_range range = { current_of(standing), migration_count };
    int revision = plan_target(PLAN_STAMP, target, range, step->err);
    int code;

    if (revision < 0)
        return revision;
    code = ensure_table(step, standing);
    if (code == 0)
        code = forget_above(step, 0);
    for (int next = 1; code == 0 && next <= revision; next++)
        code = record(step, next);
    if (code == 0 && !step->migrate->sql_only)
        say(step->migrate, "the schema is recorded as %04d", revision);
    return code;
}

int migrate_upgrade(const struct migrate *migrate, const char *target, struct error *err)
{
    return run_command(migrate, go_up, target, err);
}

int migrate_downgrade(const struct migrate *migrate, const char *target, struct error *err)
{
    return run_command(migrate, go_down, target, err);
}

int migrate_stamp(const struct migrate *migrate, const char *target, struct error *err)
{
    return run_command(migrate, put_stamp, target, err);
}

static int look(const struct migrate *migrate, struct standing *standing, struct error *err)
{
    AUTO(pq_close) PGconn *conn = NULL;
    struct step step = { migrate, NULL, err };
    int code;

    if (migrate->conninfo == NULL)
        return error_set(err, EINVAL, "migrate: no ledger is configured: set DATABASE_URL");
    code = open_ledger(migrate, &conn, err);
    if (code != 0)
        return code;
    step.conn = conn;
    return read_standing(&step, standing);
}

int migrate_current(const struct migrate *migrate, struct error *err)
{
    struct standing standing = { 0 };
    int code = look(migrate, &standing, err);
    int revision;

    if (code != 0)
        return code;
    revision = current_of(&standing);
    if (revision == 0)
        say(migrate, "none: run probity migrate upgrade");
    else if (revision > migration_count)
        say(migrate, "%04d (newer than this program, which knows %04d)", revision, migration_count);
    else
        say(migrate, "%04d %s%s", revision, migrations[revision - 1].name,
            revision == migration_count ? " (head)" : "");
    return 0;
}

static const struct applied *find_applied(const struct standing *standing, int revision)
{
    for (int i = 0; i < standing->count; i++) {
        if (standing->rows[i].revision == revision)
            return &standing->rows[i];
    }
    return NULL;
}

int migrate_history(const struct migrate *migrate, struct error *err)
{
    struct standing standing = { 0 };
    int code = look(migrate, &standing, err);

    if (code != 0)
        return code;
    for (int i = 0; i < migration_count; i++) {
        const struct applied *row = find_applied(&standing, migrations[i].revision);

        say(migrate, "%04d %s %s", migrations[i].revision, migrations[i].name,
            row == NULL ? "pending" : row->applied_at);
    }
    for (int i = 0; i < standing.count; i++) {
        if (standing.rows[i].revision > migration_count)
            say(migrate, "%04d (not known to this program) %s", standing.rows[i].revision,
                standing.rows[i].applied_at);
    }
    return 0;
}
