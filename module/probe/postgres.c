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
#include "probe/postgres_facts.h"
#include "probe/postgres_reason.h"
#include "probe/postgres_tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    bool wants_replica; /* the URL asks for a server that may be read-only */
    struct postgres_facts facts;
};

/* What the address says that decides what is well.  One that libpq does not understand fails when
 * it connects, and says so. */
static void read_address(struct probe *probe, struct memory *memory)
{
    AUTO(postgres_places_done) struct postgres_places places;

    if (postgres_places_read(probe->check.target.conninfo, &places, NULL) != 0)
        return;
    memory->wants_replica = places.wants_replica;
    /* A certificate that nobody verifies may be as old as it likes; its date is shown. */
    if (places.sslmode < POSTGRES_TLS_VERIFY_CA)
        probe->check.limits.certificate_days = -1;
}

static int prepare_postgres(struct probe *probe, const struct config *config, struct error *err)
{
    struct memory *memory = calloc(1, sizeof(*memory));

    (void)config;
    if (memory == NULL)
        return error_set(err, ENOMEM, "check %s: out of memory", probe->check.name);
    postgres_facts_init(&memory->facts);
    read_address(probe, memory);
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

/* What libpq has no words for is judged first, and so it stays. */
static void explain_certificate(const struct probe *probe, int64_t deadline_ms,
                                const struct error *said, struct outcome *outcome)
{
    struct error err = { 0 };
    int code;

    if (strstr(said->text, "certificate verify failed") == NULL)
        return;
    code = postgres_tls_explain(probe->check.target.conninfo, probe->cancel_fd, deadline_ms,
                                &outcome->tls, &err);
    if (code <= -TLS_FAILED)
        (void)probe_judge_failure(probe, code, &err, outcome);
}

static enum probe_result open_postgres(struct probe *probe, int64_t deadline_ms, void **ret,
                                       struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    struct error err = { 0 };
    char sqlstate[6] = "";
    PGconn *conn = NULL;
    int code = pq_open(probe->check.target.conninfo, deadline_ms, &conn, sqlstate, &err);

    if (code != 0) {
        explain_certificate(probe, deadline_ms, &err, outcome);
        return judge(probe, code, sqlstate, &err, outcome);
    }
    postgres_tls_note(conn, &outcome->tls);
    /* Somebody may have granted, or another server may stand there. */
    memory->facts.detail = POSTGRES_REPLICATION;
    *ret = conn;
    return PROBE_KEEP;
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

/* Whether the server does not know, or does not let us call, what we asked for (class 42, 0A). */
static bool is_beyond_it(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return sqlstate != NULL && (strncmp(sqlstate, "42", 2) == 0 || strncmp(sqlstate, "0A", 2) == 0);
}

/* Asks, and asks for less where that is too much for the server.  `*ret` is what it said. */
static int ask(struct probe *probe, PGconn *conn, int64_t deadline_ms, enum postgres_detail *ret,
               PGresult **result, struct error *err)
{
    struct postgres_facts *facts = &((struct memory *)probe->memory)->facts;
    char sql[POSTGRES_SQL_BYTES];

    for (;;) {
        int code;

        *ret = clock_boot_ms() >= facts->due_ms ? facts->detail : POSTGRES_STATE;
        postgres_facts_ask(*ret, probe->check.timeout_ms, sql);
        code = pq_script(conn, sql, deadline_ms, result, err);
        if (code != 0 || *ret == POSTGRES_STATE || !is_beyond_it(*result))
            return code;
        postgres_facts_ask_less(facts);
        pq_clear(result);
    }
}

static enum probe_result look_postgres(struct probe *probe, void *link, int64_t deadline_ms,
                                       struct outcome *outcome)
{
    struct memory *memory = probe->memory;
    AUTO(pq_clear) PGresult *result = NULL;
    enum postgres_detail detail;
    struct error err = { 0 };
    int64_t started_us = clock_boot_us();
    int code = ask(probe, link, deadline_ms, &detail, &result, &err);
    bool read_only;

    if (code != 0)
        return judge(probe, code, "", &err, outcome);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return judge_refusal(probe, result, outcome);
    if (PQntuples(result) != 1) {
        probe_set_detail(outcome, "postgres: the answer is not one row");
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL, 0);
        return PROBE_DROP;
    }
    memory->facts.shown.query_us = clock_boot_us() - started_us;
    read_only = postgres_facts_take(&memory->facts, detail, result, clock_boot_ms());
    outcome->facts.database = memory->facts.shown;
    outcome->has_facts = true;
    if (read_only && !memory->wants_replica)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_READ_ONLY, 0);
    postgres_facts_judge(&memory->facts, &probe->check.limits, outcome);
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
