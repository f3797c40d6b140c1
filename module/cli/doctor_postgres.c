/* doctor_postgres.c - the way into a Postgres: each of its servers, TLS, the login. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/doctor.h"

#include "base/clock.h"
#include "base/pq.h"
#include "probe/kind.h"
#include "probe/postgres_reason.h"
#include "probe/postgres_tls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { SECONDS_PER_DAY = 86400 };

static void fail_by_code(struct doctor_visit *visit, int code, const struct error *err)
{
    const struct probe probe = { .check.timeout_ms = visit->timeout_ms, .cancel_fd = -1 };
    struct outcome outcome = { .status = OUTCOME_OK };

    (void)probe_judge_failure(&probe, code, err, &outcome);
    doctor_fail_with(visit, outcome.reason, outcome.number, err->text);
}

static bool connect_to(struct doctor_visit *visit, const struct postgres_place *place,
                       struct stream **ret)
{
    const struct stream_address address = { .host = place->address,
                                            .socket_path =
                                                place->name == NULL ? place->socket_path : NULL,
                                            .port = place->port,
                                            .cancel_fd = -1 };
    struct error err = { 0 };
    int code;

    doctor_begin(visit, "connect");
    code = stream_open(&address, visit->deadline_ms, ret, &err);
    if (code != 0) {
        fail_by_code(visit, code, &err);
        return false;
    }
    if (place->name == NULL)
        doctor_pass(visit, "%s", place->socket_path);
    else
        doctor_pass(visit, "%s, port %u", place->address, (unsigned)place->port);
    return true;
}

/* As libpq would: over a unix socket it never does. */
static bool shake_hands(struct doctor_visit *visit, const struct postgres_places *places,
                        const struct postgres_place *place, struct stream *stream)
{
    const struct tls_shown *shown;
    struct error err = { 0 };
    int code;

    if (places->sslmode == POSTGRES_TLS_DISABLE || place->name == NULL)
        return true;
    doctor_begin(visit, "TLS");
    code = postgres_tls_shake(places, place, stream, visit->deadline_ms, &err);
    shown = stream_shown(stream);
    /* The question for TLS comes first: who leaves that unanswered says nothing of TLS. */
    if (code == -ETIMEDOUT && shown == NULL)
        doctor_rename(visit, "answer");
    /* libpq has the last word where it looks for no name. */
    if (code == -TLS_CERTIFICATE_NAME && places->sslmode == POSTGRES_TLS_VERIFY_CA)
        code = 0;
    if (code == -EPROTO && places->sslmode <= POSTGRES_TLS_PREFER) {
        doctor_pass(visit, "none: the server has no TLS, and sslmode does not ask for it");
        return true;
    }
    if (code == -EPROTO)
        doctor_fail_with(visit, HEALTH_REASON_TLS_FAILED, 0, err.text);
    else if (code != 0)
        fail_by_code(visit, code, &err);
    else
        doctor_pass(
            visit, "%s, the certificate %s holds for %" PRId64 " more days", shown->protocol,
            places->sslmode < POSTGRES_TLS_VERIFY_CA ? "is not verified and" : "is good and",
            (shown->expires_at_s - clock_wall_ms() / 1000) / SECONDS_PER_DAY);
    return code == 0;
}

static bool walk_to_place(struct doctor_visit *visit, const struct postgres_places *places,
                          const struct postgres_place *place)
{
    AUTO(stream_close) struct stream *stream = NULL;

    return (place->name == NULL || doctor_resolve(visit, place->address))
           && connect_to(visit, place, &stream) && shake_hands(visit, places, place, stream);
}

static bool log_in(struct doctor_visit *visit, const char *conninfo)
{
    AUTO(pq_close) PGconn *conn = NULL;
    struct error err = { 0 };
    char sqlstate[6] = "";
    int code;

    doctor_begin(visit, "authenticate");
    code = pq_open(conninfo, visit->deadline_ms, &conn, sqlstate, &err);
    if (code != 0) {
        doctor_fail_with(visit, postgres_reason(sqlstate, -code, err.text), visit->timeout_ms,
                         err.text);
        return false;
    }
    doctor_pass(visit, "as %s to the database %s", PQuser(conn), PQdb(conn));
    return true;
}

bool doctor_walk_to_postgres(struct doctor_visit *visit, const char *conninfo)
{
    AUTO(postgres_places_done) struct postgres_places places;
    struct error err = { 0 };
    bool arrived = false;

    doctor_begin(visit, "configure");
    if (postgres_places_read(conninfo, &places, &err) != 0) {
        doctor_fail(visit, &(struct doctor_trouble){ .phrase = err.text });
        return false;
    }
    for (int i = 0; i < places.count; i++)
        arrived = walk_to_place(visit, &places, &places.items[i]) || arrived;
    return arrived && log_in(visit, conninfo);
}
