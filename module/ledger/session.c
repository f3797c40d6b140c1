/* session.c - connect, begin, run, commit: each with a deadline. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/session.h"

#include "base/buf.h"
#include "base/clock.h"
#include "ledger/schema.h"
#include "ledger/trouble.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SCRIPT_BYTES = 1024 * 1024 };

void session_init(struct session *session, const char *conninfo)
{
    *session = (struct session){ .conninfo = conninfo,
                                 .latest_ms = INT64_MAX,
                                 .statement_ms = SESSION_STATEMENT_MS };
}

void session_close(struct session *session)
{
    pq_close(&session->conn);
}

static int64_t deadline_in(const struct session *session, int64_t duration_ms)
{
    int64_t deadline_ms = clock_boot_ms() + duration_ms;

    return deadline_ms < session->latest_ms ? deadline_ms : session->latest_ms;
}

int session_connect(struct session *session, struct error *err)
{
    session->sqlstate[0] = '\0';
    if (session->conn != NULL)
        return 0;
    session->started[0] = '\0';
    return pq_open(session->conninfo, deadline_in(session, SESSION_CONNECT_MS), &session->conn,
                   session->sqlstate, err);
}

/* A missing table is an everyday answer here: nobody has migrated yet. */
static int refused(const struct session *session, int code, struct error *err)
{
    if (code != -EPROTO || !trouble_is_missing_schema(session->sqlstate))
        return code;
    error_clear(err);
    return error_set(err, ENODATA, "ledger: %s", trouble_words(-ENODATA, ""));
}

static int accept_result(struct session *session, const PGresult *result, struct error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorMessage(result);

    if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
        return 0;
    (void)snprintf(session->sqlstate, sizeof(session->sqlstate), "%s", state == NULL ? "" : state);
    return error_set(err, EPROTO, "ledger: refused: %.*s", (int)strcspn(text, "\n"), text);
}

static int judge_schema(const PGresult *result, struct error *err)
{
    bool any = PQntuples(result) > 0;
    const char *oldest = any ? PQgetvalue(result, 0, 1) : "";

    switch (schema_judge(any ? (int)pq_int(result, 0, 0, 0) : 0, oldest)) {
    case SCHEMA_MISSING:
        return error_set(err, ENODATA, "ledger: %s", trouble_words(-ENODATA, ""));
    case SCHEMA_OLD:
        return error_set(err, ESTALE, "ledger: %s", trouble_words(-ESTALE, ""));
    case SCHEMA_NEW:
        return error_set(err, ENOTSUP,
                         "ledger: the schema is newer than this program: it wants "
                         "probity %s and this is " PACKAGE_VERSION,
                         oldest);
    case SCHEMA_FITS:
        break;
    }
    return 0;
}

/* After a failover that lost commits, ids that we know may mean something else by now.  Who
 * connects directly loses the connection; behind a pooler it stays. */
static int judge_server(struct session *session, const PGresult *result, struct error *err)
{
    int column = PQfnumber(result, "started");
    const char *started = column < 0 || PQntuples(result) == 0 ? "" : PQgetvalue(result, 0, column);

    if (session->started[0] != '\0' && strcmp(session->started, started) != 0)
        return error_set(err, ECONNRESET, "ledger: another server answers on this connection");
    (void)snprintf(session->started, sizeof(session->started), "%s", started);
    return 0;
}

/* One message, one round trip; the transaction stays open behind it. */
static int begin(struct session *session, const char *mode, const char *sql, PGresult **ret,
                 struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    struct buf script;
    int code;

    buf_init(&script, SCRIPT_BYTES);
    buf_printf(&script,
               "BEGIN%s; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = %d; "
               "SET LOCAL jit = off; %s",
               mode, session->statement_ms, session->statement_ms - session->statement_ms / 10,
               sql);
    code = buf_ok(&script) ? pq_script(session->conn, buf_text(&script),
                                       deadline_in(session, SESSION_STATEMENT_MS), &result, err)
                           : error_set(err, ENOMEM, "ledger: out of memory");
    buf_done(&script);
    if (code == 0)
        code = refused(session, accept_result(session, result, err), err);
    if (code == 0)
        code = judge_schema(result, err);
    if (code == 0)
        code = judge_server(session, result, err);
    if (code == 0 && ret != NULL) {
        *ret = result;
        result = NULL;
    }
    return code;
}

int session_begin(struct session *session, const char *mode, struct error *err)
{
    int code = session_connect(session, err);

    return code != 0 ? code : begin(session, mode, SCHEMA_SQL, NULL, err);
}

int session_begin_snapshot(struct session *session, const char *sql, PGresult **ret,
                           struct error *err)
{
    return begin(session, " ISOLATION LEVEL REPEATABLE READ READ ONLY", sql, ret, err);
}

int session_run(struct session *session, const char *sql, const struct pq_params *params,
                PGresult **ret, struct error *err)
{
    int code = pq_run(session->conn, sql, params, deadline_in(session, SESSION_STATEMENT_MS), ret,
                      session->sqlstate, err);

    return refused(session, code, err);
}

int session_run_binary(struct session *session, const char *sql, const struct pq_params *params,
                       PGresult **ret, struct error *err)
{
    int code = pq_run_binary(session->conn, sql, params, deadline_in(session, SESSION_STATEMENT_MS),
                             ret, session->sqlstate, err);

    return refused(session, code, err);
}

int session_commit(struct session *session, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    int code = session_run(session, "COMMIT", NULL, &result, err);

    /* COMMIT of a transaction that has failed answers ROLLBACK and is no error to the server. */
    if (code == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        return error_set(err, EPROTO, "ledger: the transaction was rolled back");
    return code;
}

int session_ask(struct session *session, const char *sql, const struct pq_params *params,
                PGresult **ret, struct error *err)
{
    int code = session_begin(session, " ISOLATION LEVEL READ COMMITTED READ ONLY", err);

    if (code == 0)
        code = session_run(session, sql, params, ret, err);
    return code == 0 ? session_commit(session, err) : code;
}

void session_rollback(struct session *session)
{
    struct error ignored = { 0 };

    if (session->conn == NULL)
        return;
    if (pq_run(session->conn, "ROLLBACK", NULL, deadline_in(session, SESSION_STATEMENT_MS), NULL,
               NULL, &ignored)
        != 0)
        session_close(session);
}

const char *session_number(int64_t value, char text[SESSION_NUMBER_BYTES])
{
    (void)snprintf(text, SESSION_NUMBER_BYTES, "%" PRId64, value);
    return text;
}

const char *session_file(struct file_id file, char text[SESSION_FILE_BYTES])
{
    (void)snprintf(text, SESSION_FILE_BYTES, "\\x");
    for (size_t i = 0; i < sizeof(file.bytes); i++)
        (void)snprintf(text + 2 + 2 * i, 3, "%02x", file.bytes[i]);
    return text;
}
