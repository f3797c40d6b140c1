/* session.h - one lasting connection to the ledger, and transactions with a deadline on it.
 *
 * Belongs to one thread.  Nothing is ever set for the session, only for a transaction, so that a
 * transaction-pooling PgBouncer may stand between.  Whoever gets a failure closes the session: the
 * next begin connects anew.
 */
#ifndef LEDGER_SESSION_H
#define LEDGER_SESSION_H

#include "base/auto.h"
#include "base/error.h"
#include "base/pq.h"
#include "slo/tally.h"

#include <stdint.h>

enum { SESSION_CONNECT_MS = 5000, SESSION_STATEMENT_MS = 5000 };

struct session {
    const char *conninfo;
    PGconn *conn;      /* NULL: not connected */
    int64_t latest_ms; /* no statement lasts beyond it; INT64_MAX for none */
    int statement_ms;  /* for how long the server works on one: the next transaction's */
    char sqlstate[6];  /* of the last failure, or "" */
    char started[32];  /* the server, by when it was started; "": not known yet */
};

void session_init(struct session *session, const char *conninfo);
void session_close(struct session *session);

/* Connects unless there is a connection.  0, or -errno as pq_open. */
int session_connect(struct session *session, struct error *err) MUST_CHECK;

/* Connects if needed, begins a transaction in one round trip, and makes sure that this program may
 * use the schema: -ENODATA where it is missing, -ESTALE where it is older than this program needs,
 * -ENOTSUP where it wants a newer program; -ECONNRESET where a pooler has put another server behind
 * the connection, or the same one after a restart: what was learnt on it may be gone.  `mode` goes
 * behind BEGIN (" ISOLATION LEVEL …", whatever the role's default is). */
int session_begin(struct session *session, const char *mode, struct error *err) MUST_CHECK;

/* The same with a question of the caller's own in the same round trip, in a read-only snapshot, on
 * a session that is connected: `sql` has no parameters, and its first two columns are those of
 * SCHEMA_SQL. */
int session_begin_snapshot(struct session *session, const char *sql, PGresult **ret,
                           struct error *err) MUST_CHECK;

/* One statement.  0, or -errno as pq_run, with -ENODATA where a table is missing. */
int session_run(struct session *session, const char *sql, const struct pq_params *params,
                PGresult **ret, struct error *err) MUST_CHECK;

/* The same with the result's cells in binary. */
int session_run_binary(struct session *session, const char *sql, const struct pq_params *params,
                       PGresult **ret, struct error *err) MUST_CHECK;

int session_commit(struct session *session, struct error *err) MUST_CHECK;

/* One question in a read-only transaction of its own. */
int session_ask(struct session *session, const char *sql, const struct pq_params *params,
                PGresult **ret, struct error *err) MUST_CHECK;

/* Ends the transaction, or the connection where that fails. */
void session_rollback(struct session *session);

/* Text parameters: SESSION_PARAMS(values) for an array of const char *. */
#define SESSION_PARAMS(array) \
    (&(struct pq_params){ .count = (int)ARRAY_LENGTH(array), .values = (array) })

#define SESSION_NUMBER_BYTES 24

/* An integer as a text parameter; returns `text`. */
const char *session_number(int64_t value, char text[SESSION_NUMBER_BYTES]);

enum { SESSION_FILE_BYTES = 2 * sizeof(struct file_id) + 3 };

/* A file's id as a bytea parameter; returns `text`. */
const char *session_file(struct file_id file, char text[SESSION_FILE_BYTES]);

#endif
