/* pq.h - libpq with a deadline for everything.
 *
 * One connection belongs to one thread.  Names are resolved inside libpq, which blocks: only
 * threads that may hang for that long (a prober, the writer, the reader) open connections.  No
 * session state is ever set, so that a transaction-pooling PgBouncer may stand between.
 */
#ifndef BASE_PQ_H
#define BASE_PQ_H

#include "base/auto.h"
#include "base/error.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* Parameters of one statement, in libpq's own shape; formats may be NULL (all text). */
struct pq_params {
    int count;
    const Oid *types;
    const char *const *values;
    const int *lengths;
    const int *formats;
};

/* Connects with a conninfo string or URL that libpq understands.
 * Returns 0, or -errno with `err`: ETIMEDOUT at the deadline, ECONNREFUSED, EACCES for a refused
 * login, ENOENT for a missing database, EHOSTUNREACH for a name that isn't resolved, EAGAIN for too
 * many connections or a server that starts or stops, EPROTO for TLS, EIO otherwise.  `sqlstate`, if
 * not NULL, receives the server's code or "". */
int pq_open(const char *conninfo, int64_t deadline_ms, PGconn **ret, char sqlstate[6],
            struct error *err) MUST_CHECK;

/* Closes; never waits.  A destructor for AUTO(). */
void pq_close(PGconn **conn);

/* Runs one statement.  `params` may be NULL, and `ret` when the result doesn't matter.  Returns 0,
 * or -errno with `err`: ETIMEDOUT or ECONNRESET, and the connection is of no further use; -EPROTO
 * for a statement that is refused, with the server's message in `err` and its code in `sqlstate`
 * (may be NULL; "" when the failure isn't the server's). */
int pq_run(PGconn *conn, const char *sql, const struct pq_params *params, int64_t deadline_ms,
           PGresult **ret, char sqlstate[6], struct error *err) MUST_CHECK;

/* Like pq_run with the result's cells in binary, as the wire has them. */
int pq_run_binary(PGconn *conn, const char *sql, const struct pq_params *params,
                  int64_t deadline_ms, PGresult **ret, char sqlstate[6],
                  struct error *err) MUST_CHECK;

/* Runs several statements in one message and one round trip; the server runs them as one
 * transaction, also through a transaction-pooling PgBouncer.  The last result is returned, whatever
 * its status: the last statement's, or the first refusal's.  Returns 0, or -ETIMEDOUT or
 * -ECONNRESET with `err`. */
int pq_script(PGconn *conn, const char *sql, int64_t deadline_ms, PGresult **ret,
              struct error *err) MUST_CHECK;

/* PQclear as a destructor. */
void pq_clear(PGresult **result);

/* A result's cell as an integer; `fallback` for NULL or what is none. */
int64_t pq_int(const PGresult *result, int row, int column, int64_t fallback);

#endif
