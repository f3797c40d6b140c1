/* pq.c - libpq's non-blocking calls, driven by poll(2) until an absolute deadline. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/pq.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/slice.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits for `events` on the connection's socket.  Returns 0 or -ETIMEDOUT. */
static int wait_for(const PGconn *conn, short events, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd socket = { .fd = PQsocket(conn), .events = events };
        int left_ms = clock_left_ms(deadline_ms);
        int ready = poll(&socket, 1, left_ms);

        if (ready > 0)
            return 0;
        if (left_ms == 0)
            return -ETIMEDOUT;
    }
}

/* One line, without libpq's final newline; `text` is PQerrorMessage's.  A driver may quote what it
 * was given: secrets are blanked before the error's bound could cut one in two. */
static int fail(struct error *err, int code, const char *what, const char *text)
{
    char line[1024];

    (void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
    log_scrub(line);
    return error_set(err, code, "postgres: %s: %s", what, line);
}

/* libpq 15 tells the server's code of a refused login only within its message. */
static int code_of_refusal(const char *message)
{
    static const struct {
        const char *words;
        int code;
    } refusals[] = {
        { "could not translate host name", EHOSTUNREACH },
        { "Connection refused", ECONNREFUSED },
        { "No such file or directory", ECONNREFUSED },
        { "password authentication failed", EACCES },
        { "no password supplied", EACCES },
        { "authentication failed", EACCES },
        { "no pg_hba.conf entry", EACCES },
        { "is not permitted to log in", EACCES },
        { "SASL authentication", EACCES },
        { "no such user", EACCES },
        { "too many", EAGAIN },
        { "remaining connection slots", EAGAIN },
        { "no more connections allowed", EAGAIN },
        { "starting up", EAGAIN },
        { "shutting down", EAGAIN },
        { "recovery mode", EAGAIN },
        { "not yet accepting connections", EAGAIN },
        { "database \"", ENOENT },
        { "no such database", ENOENT },
        { "role \"", EACCES },
        { "certificate", EPROTO },
        { "SSL", EPROTO },
        { "timeout expired", ETIMEDOUT },
        { "Connection timed out", ETIMEDOUT },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        if (strstr(message, refusals[i].words) != NULL)
            return refusals[i].code;
    }
    return EIO;
}

static int finish_connecting(PGconn *conn, int64_t deadline_ms, struct error *err)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;

    while (state != PGRES_POLLING_OK) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (state == PGRES_POLLING_FAILED)
            return fail(err, code_of_refusal(PQerrorMessage(conn)), "connect",
                        PQerrorMessage(conn));
        if (wait_for(conn, events, deadline_ms) != 0)
            return fail(err, ETIMEDOUT, "connect", "no answer within the deadline");
        state = PQconnectPoll(conn);
    }
    return 0;
}

/* SQLSTATE stands in the message of a failed connection only with this verbosity. */
static void find_sqlstate(const char *message, char sqlstate[6])
{
    const char *at = strstr(message, "FATAL:  ");

    sqlstate[0] = '\0';
    if (at == NULL || strlen(at) < 14 || at[13] != ':')
        return;
    memcpy(sqlstate, at + 8, 5);
    sqlstate[5] = '\0';
}

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

int pq_open(const char *conninfo, int64_t deadline_ms, PGconn **ret, char sqlstate[6],
            struct error *err)
{
    /* Later keywords win over what the URL says: the name marks our own sessions among its users'.
     */
    static const char *const keywords[] = { "dbname", "application_name", NULL };
    const char *const values[] = { conninfo, "probity", NULL };
    AUTO(pq_close) PGconn *conn = PQconnectStartParams(keywords, values, 1);
    int code;

    if (sqlstate != NULL)
        sqlstate[0] = '\0';
    if (conn == NULL)
        return error_set(err, ENOMEM, "postgres: out of memory");
    (void)PQsetNoticeReceiver(conn, ignore_notice, NULL);
    if (PQstatus(conn) == CONNECTION_BAD)
        return fail(err, code_of_refusal(PQerrorMessage(conn)), "connect", PQerrorMessage(conn));
    (void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    code = finish_connecting(conn, deadline_ms, err);
    if (code != 0) {
        if (sqlstate != NULL)
            find_sqlstate(PQerrorMessage(conn), sqlstate);
        return code;
    }
    (void)PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
    if (PQsetnonblocking(conn, 1) != 0)
        return fail(err, EIO, "connect", PQerrorMessage(conn));
    *ret = conn;
    conn = NULL;
    return 0;
}

void pq_close(PGconn **conn)
{
    if (*conn != NULL)
        PQfinish(*conn);
    *conn = NULL;
}

void pq_clear(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

static int flush_out(PGconn *conn, int64_t deadline_ms)
{
    for (;;) {
        int state = PQflush(conn);

        if (state == 0)
            return 0;
        if (state < 0)
            return -ECONNRESET;
        /* The server may wait for us to read before it reads on. */
        if (wait_for(conn, POLLIN | POLLOUT, deadline_ms) != 0)
            return -ETIMEDOUT;
        if (PQconsumeInput(conn) == 0)
            return -ECONNRESET;
    }
}

/* Keeps the last result, as PQexec does. */
static int collect(PGconn *conn, int64_t deadline_ms, PGresult **last)
{
    for (;;) {
        PGresult *result;

        while (PQisBusy(conn)) {
            if (wait_for(conn, POLLIN, deadline_ms) != 0)
                return -ETIMEDOUT;
            if (PQconsumeInput(conn) == 0)
                return -ECONNRESET;
        }
        result = PQgetResult(conn);
        if (result == NULL)
            return *last == NULL ? -ECONNRESET : 0;
        pq_clear(last);
        *last = result;
        if (PQstatus(conn) == CONNECTION_BAD)
            return -ECONNRESET;
    }
}

/* Waits for the answer to what was just sent. */
static int finish_query(PGconn *conn, int64_t deadline_ms, PGresult **ret, struct error *err)
{
    AUTO(pq_clear) PGresult *last = NULL;
    int code = flush_out(conn, deadline_ms);

    if (code == 0)
        code = collect(conn, deadline_ms, &last);
    if (code == -ETIMEDOUT)
        return fail(err, ETIMEDOUT, "query", "no answer within the deadline");
    if (code != 0)
        return fail(err, -code, "query", PQerrorMessage(conn));
    *ret = last;
    last = NULL;
    return 0;
}

enum format { FORMAT_TEXT, FORMAT_BINARY }; /* libpq's numbers */

static int send_query(PGconn *conn, const char *sql, const struct pq_params *params,
                      enum format format, struct error *err)
{
    static const struct pq_params none;
    const struct pq_params *with = params == NULL ? &none : params;

    if (PQsendQueryParams(conn, sql, with->count, with->types, with->values, with->lengths,
                          with->formats, (int)format)
        == 0)
        return fail(err, ECONNRESET, "send", PQerrorMessage(conn));
    return 0;
}

int pq_script(PGconn *conn, const char *sql, int64_t deadline_ms, PGresult **ret, struct error *err)
{
    if (PQsendQuery(conn, sql) == 0)
        return fail(err, ECONNRESET, "send", PQerrorMessage(conn));
    return finish_query(conn, deadline_ms, ret, err);
}

/* A refused statement becomes a failure. */
static int accept_answer(PGconn *conn, int64_t deadline_ms, PGresult **ret, char sqlstate[6],
                         struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    int code = finish_query(conn, deadline_ms, &result, err);

    if (code != 0)
        return code;
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (sqlstate != NULL && state != NULL && strlen(state) == 5)
            memcpy(sqlstate, state, 6);
        return fail(err, EPROTO, "statement refused", PQresultErrorMessage(result));
    }
    if (ret != NULL) {
        *ret = result;
        result = NULL;
    }
    return 0;
}

int pq_run(PGconn *conn, const char *sql, const struct pq_params *params, int64_t deadline_ms,
           PGresult **ret, char sqlstate[6], struct error *err)
{
    int code = send_query(conn, sql, params, FORMAT_TEXT, err);

    if (sqlstate != NULL)
        sqlstate[0] = '\0';
    return code != 0 ? code : accept_answer(conn, deadline_ms, ret, sqlstate, err);
}

int pq_run_binary(PGconn *conn, const char *sql, const struct pq_params *params,
                  int64_t deadline_ms, PGresult **ret, char sqlstate[6], struct error *err)
{
    int code = send_query(conn, sql, params, FORMAT_BINARY, err);

    if (sqlstate != NULL)
        sqlstate[0] = '\0';
    return code != 0 ? code : accept_answer(conn, deadline_ms, ret, sqlstate, err);
}

int64_t pq_int(const PGresult *result, int row, int column, int64_t fallback)
{
    const char *text = PQgetvalue(result, row, column);
    long long value;
    char *end;

    if (PQgetisnull(result, row, column))
        return fallback;
    errno = 0;
    value = strtoll(text, &end, 10);
    return errno != 0 || end == text || *end != '\0' ? fallback : value;
}
