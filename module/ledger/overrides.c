/* overrides.c - books overrides of the gate, and reads those in force. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/overrides.h"

#include "ledger/arrays.h"
#include "ledger/snapshot.h"
#include "ledger/trouble.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MS_OF(column) "(extract(epoch FROM " column ") * 1000)::bigint"

#define COLUMNS \
    "service, id, objective, reason, author, " MS_OF("created_at") ", " MS_OF("expires_at")

/* A thousand services of 64 bytes, each in quotes. */
enum { SERVICES_BYTES = 256 * 1024 };

static void read_row(const PGresult *rows, int row, struct gate_override *ret)
{
    *ret = (struct gate_override){ .created_at_ms = pq_int(rows, row, 5, 0),
                                   .expires_at_ms = pq_int(rows, row, 6, 0) };
    (void)snprintf(ret->service, sizeof(ret->service), "%s", PQgetvalue(rows, row, 0));
    (void)snprintf(ret->id, sizeof(ret->id), "%s", PQgetvalue(rows, row, 1));
    (void)snprintf(ret->objective, sizeof(ret->objective), "%s", PQgetvalue(rows, row, 2));
    (void)snprintf(ret->reason, sizeof(ret->reason), "%s", PQgetvalue(rows, row, 3));
    (void)snprintf(ret->author, sizeof(ret->author), "%s", PQgetvalue(rows, row, 4));
}

int overrides_add(struct desk_visit *visit, int minutes, struct gate_override *override)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char number[SESSION_NUMBER_BYTES];
    const char *const values[] = { override->service,   override->id,
                                   override->objective, override->reason,
                                   override->author,    session_number(minutes, number) };
    int code;

    random_hex(override->id);
    code = desk_run(visit,
                    "INSERT INTO probity.gate_overrides "
                    "(service, id, objective, reason, author, expires_at) VALUES ($1::text, "
                    "$2::text, $3::text, $4::text, $5::text, "
                    "now() + $6::integer * interval '1 minute') RETURNING " COLUMNS,
                    SESSION_PARAMS(values), &rows);
    if (code == 0)
        read_row(rows, 0, override);
    return code;
}

static int read_rows(struct session *session, const char *services, PGresult **ret,
                     struct error *err)
{
    char number[SESSION_NUMBER_BYTES];
    const char *const values[] = { services, session_number(OVERRIDES_MAX, number) };

    return session_ask(session,
                       "SELECT " COLUMNS " FROM probity.gate_overrides "
                       "WHERE service = ANY ($1::text[]) AND expires_at > now() "
                       "ORDER BY created_at DESC LIMIT $2::integer",
                       SESSION_PARAMS(values), ret, err);
}

int ledger_reader_overrides(struct ledger_reader *reader, const struct gate_override_list *list,
                            int64_t deadline_ms, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    struct error cause = { 0 };
    struct buf services;
    int code;

    buf_init(&services, SERVICES_BYTES);
    array_open(&services);
    for (int i = 0; i < list->service_count; i++)
        array_put_text(&services, slice_of(list->services[i]));
    array_close(&services);
    reader->session.latest_ms = deadline_ms;
    code = buf_ok(&services) ? read_rows(&reader->session, buf_text(&services), &rows, &cause)
                             : -ENOMEM;
    buf_done(&services);
    if (code != 0) {
        session_close(&reader->session);
        return error_set(err, -code, "ledger: %s", trouble_words(code, reader->session.sqlstate));
    }
    *list->count = PQntuples(rows);
    for (int row = 0; row < *list->count; row++)
        read_row(rows, row, &list->rows[row]);
    return 0;
}
