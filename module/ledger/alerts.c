/* alerts.c - a lease by upsert, and alert states under its row lock. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/alerts.h"

#include "ledger/arrays.h"
#include "ledger/snapshot.h"
#include "ledger/trouble.h"

#include <assert.h>
#include <errno.h>

enum { ARRAY_BYTES = 8 * 1024 * 1024 };

/* Sorted, so that two that claim several leases at once wait for each other instead of for ever. */
#define CLAIM_SQL                                                               \
    "INSERT INTO probity.leases AS l (service, name, holder, held_until) "      \
    "SELECT s, 'alerts', $2::text, now() + make_interval(secs => $3::integer) " \
    "FROM unnest($1::text[]) AS s ORDER BY s "                                  \
    "ON CONFLICT (service, name) DO UPDATE "                                    \
    "SET holder = excluded.holder, held_until = excluded.held_until "           \
    "WHERE l.holder = excluded.holder OR l.held_until < now() RETURNING service"

/* By the catalogue's services, so that the keys' first column is known. */
#define RELEASE_SQL                                                                   \
    "UPDATE probity.leases SET held_until = 'epoch' WHERE service = ANY($1::text[]) " \
    "AND name = 'alerts' AND holder = $2::text"

#define MS_OF(column) "coalesce((extract(epoch FROM " column ") * 1000)::bigint, 0)"

#define LOAD_SQL                                                                                 \
    "SELECT service, objective, rule, state, " MS_OF("since") ", " MS_OF("fired_at") ", " MS_OF( \
        "resolved_at") ", summary, severity FROM probity.alerts "                                \
                       "WHERE service = ANY($1::text[]) AND state <> 'inactive'"

/* No time limit here: whoever took an expired lease has put its own name there, and the lock keeps
 * others out until the states are committed. */
#define HOLD_SQL                                                                              \
    "SELECT service FROM probity.leases WHERE service = ANY($1::text[]) AND name = 'alerts' " \
    "AND holder = $2::text ORDER BY service FOR UPDATE"

#define TIME_OF(ms) "'epoch'::timestamptz + nullif(" ms ", 0) * interval '1 millisecond'"

#define WRITE_SQL                                                                                  \
    "WITH given AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], "         \
    "$5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], "              \
    "$11::text[], $12::integer[]) AS g (service, objective, rule, severity, state, since, fired, " \
    "resolved, suppressed_by, frozen, summary, changed)), "                                        \
    "noted AS (INSERT INTO probity.alert_changes (service, objective, rule, at, state, summary, "  \
    "instance) SELECT service, objective, rule, " TIME_OF(                                         \
        "since") ", state, summary, $13::text "                                                    \
                 "FROM given WHERE changed <> 0 ON CONFLICT DO NOTHING) "                          \
                 "INSERT INTO probity.alerts (service, objective, rule, severity, state, since, "  \
                 "fired_at, "                                                                      \
                 "resolved_at, suppressed_by, frozen, summary, judged_at) "                        \
                 "SELECT service, objective, rule, severity, state, " TIME_OF(                     \
                     "since") ", " TIME_OF("fired") ", " TIME_OF("resolved") ", suppressed_by, "   \
                                                                             "frozen, summary, "   \
                                                                             "now() FROM given "   \
                                                                             "ON CONFLICT "        \
                                                                             "(service, "          \
                                                                             "objective, rule) "   \
                                                                             "DO UPDATE SET "      \
                                                                             "severity = "         \
                                                                             "excluded.severity, " \
                                                                             "state = "            \
                                                                             "excluded.state, "    \
                                                                             "since = "            \
                                                                             "excluded.since, "    \
                                                                             "fired_at = "         \
                                                                             "excluded.fired_at, " \
                                                                             "resolved_at = "      \
                                                                             "excluded.resolved_"  \
                                                                             "at, suppressed_by "  \
                                                                             "= "                  \
                                                                             "excluded."           \
                                                                             "suppressed_by, "     \
                                                                             "frozen = "           \
                                                                             "excluded.frozen, "   \
                                                                             "summary = "          \
                                                                             "excluded.summary, "  \
                                                                             "judged_at = "        \
                                                                             "excluded.judged_at"

/* A driver's text stays behind. */
static int tell(struct ledger_reader *reader, int code, struct error *err)
{
    session_close(&reader->session);
    return error_set(err, -code, "ledger: %s", trouble_words(code, reader->session.sqlstate));
}

/* Connects if needed; the transaction is open behind it. */
static int begin(struct ledger_reader *reader, int64_t deadline_ms, struct error *err)
{
    reader->session.latest_ms = deadline_ms;
    return session_begin(&reader->session, " ISOLATION LEVEL READ COMMITTED READ WRITE", err);
}

/* --- claiming --- */

static int put_services(const char *const services[], int count, struct buf *array)
{
    array_open(array);
    for (int i = 0; i < count; i++)
        array_put_text(array, slice_of(services[i]));
    array_close(array);
    return buf_ok(array) ? 0 : -ENOMEM;
}

static bool has_row(const PGresult *rows, const char *service)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        if (strcmp(PQgetvalue(rows, i, 0), service) == 0)
            return true;
    }
    return false;
}

static const char *copy_cell(const PGresult *rows, int row, int column, struct arena *arena)
{
    return arena_copy(arena, slice_of(PQgetvalue(rows, row, column)));
}

/* Returns false when it does not fit. */
static bool copy_alert(const PGresult *rows, int row, struct arena *arena, struct ledger_alert *ret)
{
    *ret = (struct ledger_alert){
        .service = copy_cell(rows, row, 0, arena),
        .objective = copy_cell(rows, row, 1, arena),
        .rule = copy_cell(rows, row, 2, arena),
        .severity = copy_cell(rows, row, 8, arena),
        .summary = copy_cell(rows, row, 7, arena),
        .suppressed_by = "",
        .frozen = "",
        .alert = { .since_ms = pq_int(rows, row, 4, 0),
                   .fired_at_ms = pq_int(rows, row, 5, 0),
                   .resolved_at_ms = pq_int(rows, row, 6, 0) },
    };
    /* A state that nobody knows is as good as none: the next turn judges anew. */
    (void)!alert_state_parse(PQgetvalue(rows, row, 3), &ret->alert.state);
    return ret->service != NULL && ret->objective != NULL && ret->rule != NULL
           && ret->severity != NULL && ret->summary != NULL;
}

static int copy_alerts(const PGresult *rows, struct arena *arena, struct ledger_alerts *ret)
{
    int count = PQntuples(rows) < LEDGER_ALERTS_MAX ? PQntuples(rows) : LEDGER_ALERTS_MAX;
    struct ledger_alert *alerts = arena_alloc(arena, (size_t)count * sizeof(*alerts) + 1);

    if (alerts == NULL)
        return -ENOMEM;
    for (int i = 0; i < count; i++) {
        if (!copy_alert(rows, i, arena, &alerts[i]))
            return -ENOMEM;
    }
    *ret = (struct ledger_alerts){ alerts, count };
    return 0;
}

/* The states are read behind the lease: who gets it sees all that its last holder committed. */
static int claim_and_load(struct ledger_reader *reader, const char *array, PGresult **ret_leases,
                          PGresult **ret_alerts, struct error *err)
{
    char seconds[SESSION_NUMBER_BYTES];
    const char *const claim[] = { array, reader->settings.instance,
                                  session_number(LEDGER_ALERTS_LEASE_S, seconds) };
    const char *const load[] = { array };
    int code = session_run(&reader->session, CLAIM_SQL, SESSION_PARAMS(claim), ret_leases, err);

    if (code == 0)
        code = session_run(&reader->session, LOAD_SQL, SESSION_PARAMS(load), ret_alerts, err);
    return code == 0 ? session_commit(&reader->session, err) : code;
}

int ledger_alerts_claim(struct ledger_reader *reader, const char *const services[], int count,
                        int64_t deadline_ms, struct arena *arena, bool ret_held[],
                        struct ledger_alerts *ret, struct error *err)
{
    AUTO(pq_clear) PGresult *leases = NULL;
    AUTO(pq_clear) PGresult *alerts = NULL;
    AUTO(buf_done) struct buf array;
    struct error cause = { 0 };
    int code;

    buf_init(&array, ARRAY_BYTES);
    code = put_services(services, count, &array);
    if (code == 0)
        code = begin(reader, deadline_ms, &cause);
    if (code == 0)
        code = claim_and_load(reader, buf_text(&array), &leases, &alerts, &cause);
    if (code == 0)
        code = copy_alerts(alerts, arena, ret);
    if (code != 0)
        return tell(reader, code, err);
    for (int i = 0; i < count; i++)
        ret_held[i] = has_row(leases, services[i]);
    return 0;
}

static int release(struct ledger_reader *reader, int64_t deadline_ms, struct error *err)
{
    AUTO(pq_clear) PGresult *result = NULL;
    const char *const values[] = { reader->services, reader->settings.instance };
    int code = begin(reader, deadline_ms, err);

    if (code == 0)
        code = session_run(&reader->session, RELEASE_SQL, SESSION_PARAMS(values), &result, err);
    return code == 0 ? session_commit(&reader->session, err) : code;
}

void ledger_alerts_release(struct ledger_reader *reader, int64_t deadline_ms)
{
    struct error err = { 0 };

    if (reader->session.conn != NULL && release(reader, deadline_ms, &err) != 0)
        session_close(&reader->session);
}

/* --- writing --- */

enum {
    SERVICE,
    OBJECTIVE,
    RULE,
    SEVERITY,
    STATE,
    SINCE,
    FIRED,
    RESOLVED,
    SUPPRESSED,
    FROZEN,
    SUMMARY,
    CHANGED,
    COLUMNS
};

static void put_row(const struct ledger_alert *row, struct buf columns[COLUMNS])
{
    array_put_text(&columns[SERVICE], slice_of(row->service));
    array_put_text(&columns[OBJECTIVE], slice_of(row->objective));
    array_put_text(&columns[RULE], slice_of(row->rule));
    array_put_text(&columns[SEVERITY], slice_of(row->severity));
    array_put_text(&columns[STATE], slice_of(alert_state_text(row->alert.state)));
    array_put_int(&columns[SINCE], row->alert.since_ms);
    array_put_int(&columns[FIRED], row->alert.fired_at_ms);
    array_put_int(&columns[RESOLVED], row->alert.resolved_at_ms);
    array_put_text(&columns[SUPPRESSED], slice_of(row->suppressed_by));
    array_put_text(&columns[FROZEN], slice_of(row->frozen));
    array_put_text(&columns[SUMMARY], slice_of(row->summary));
    array_put_int(&columns[CHANGED], row->changed);
}

/* Whether the lease of every row's service is ours, and locked until the transaction ends. */
static int hold(struct ledger_reader *reader, const struct ledger_alerts *alerts,
                const char *services, struct error *err)
{
    AUTO(pq_clear) PGresult *leases = NULL;
    const char *const values[] = { services, reader->settings.instance };
    int code = session_run(&reader->session, HOLD_SQL, SESSION_PARAMS(values), &leases, err);

    for (int i = 0; code == 0 && i < alerts->count; i++) {
        if (!has_row(leases, alerts->rows[i].service))
            code = -EBUSY;
    }
    return code;
}

static int write_columns(struct ledger_reader *reader, const struct ledger_alerts *alerts,
                         const struct buf columns[COLUMNS], struct error *err)
{
    const char *values[COLUMNS + 1];
    int code = hold(reader, alerts, buf_text(&columns[SERVICE]), err);

    if (code != 0)
        return code;
    for (int i = 0; i < COLUMNS; i++)
        values[i] = buf_text(&columns[i]);
    values[COLUMNS] = reader->settings.instance;
    code = session_run(&reader->session, WRITE_SQL, SESSION_PARAMS(values), NULL, err);
    return code == 0 ? session_commit(&reader->session, err) : code;
}

/* Arrays are open before and closed behind it. */
static bool fill_columns(const struct ledger_alerts *alerts, struct buf columns[COLUMNS])
{
    bool ok = true;

    for (int i = 0; i < COLUMNS; i++)
        array_open(&columns[i]);
    for (int i = 0; i < alerts->count; i++)
        put_row(&alerts->rows[i], columns);
    for (int i = 0; i < COLUMNS; i++) {
        array_close(&columns[i]);
        ok = ok && buf_ok(&columns[i]);
    }
    return ok;
}

int ledger_alerts_write(struct ledger_reader *reader, const struct ledger_alerts *alerts,
                        int64_t deadline_ms, struct error *err)
{
    struct buf columns[COLUMNS];
    struct error cause = { 0 };
    int code = 0;

    assert(alerts->count <= LEDGER_ALERTS_MAX);
    for (int i = 0; i < COLUMNS; i++)
        buf_init(&columns[i], ARRAY_BYTES);
    if (!fill_columns(alerts, columns))
        code = -ENOMEM;
    if (code == 0)
        code = begin(reader, deadline_ms, &cause);
    if (code == 0)
        code = write_columns(reader, alerts, columns, &cause);
    for (int i = 0; i < COLUMNS; i++)
        buf_done(&columns[i]);
    if (code == -EBUSY) {
        session_rollback(&reader->session);
        return error_set(err, EBUSY, "alerts: another instance has taken them over");
    }
    return code == 0 ? 0 : tell(reader, code, err);
}
