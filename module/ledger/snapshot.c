/* snapshot.c - BEGIN and the positions in one round trip. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/snapshot.h"

#include "ledger/arrays.h"
#include "ledger/schema.h"
#include "ledger/trouble.h"

#include <errno.h>
#include <stdlib.h>

enum { SQL_BYTES = 2048, VALUES_MAX = 6 };

#define MS_OF(column) "(extract(epoch FROM " column ") * 1000)::bigint"

#define POSITIONS_SQL                                                                              \
    "SELECT v.revision, v.oldest_program, p.file_id, p.\"offset\", " MS_OF(                        \
        "p.watched_from") ", " MS_OF("p.watched_until") ", " MS_OF("p.last_event") ", p.lines, "   \
                                                                                   "p.rejected_"   \
                                                                                   "lines, "       \
                                                                                   "p.lost_bytes " \
                                                                                   "FROM "         \
                                                                                   "(" SCHEMA_SQL  \
                                                                                   ") AS v LEFT "  \
                                                                                   "JOIN "         \
                                                                                   "probity."      \
                                                                                   "positions AS " \
                                                                                   "p ON "         \
                                                                                   "p.service = "

void snapshot_done(struct snapshot *snapshot)
{
    pq_clear(&snapshot->positions);
    feed_done(&snapshot->now);
}

/* Ours are in words already; a driver's text stays behind. */
static int tell(struct ledger_reader *reader, int code, const struct error *cause,
                struct error *err)
{
    bool own = code == -ENODATA || code == -ESTALE || code == -ENOTSUP;

    session_close(&reader->session);
    reader->registered = false;
    if (own)
        return error_set(err, -code, "%s", cause->text);
    return error_set(err, -code, "ledger: %s", trouble_words(code, reader->session.sqlstate));
}

static int read_positions(struct ledger_reader *reader, struct snapshot *snapshot,
                          struct error *err)
{
    char *service = PQescapeLiteral(reader->session.conn, reader->settings.service,
                                    strlen(reader->settings.service));
    struct buf sql;
    int code;

    if (service == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    buf_init(&sql, SQL_BYTES);
    buf_printf(&sql, POSITIONS_SQL "%s ORDER BY p.file_id", service);
    PQfreemem(service);
    code = buf_ok(&sql)
               ? session_begin_snapshot(&reader->session, buf_text(&sql), &snapshot->positions, err)
               : error_set(err, ENOMEM, "ledger: out of memory");
    buf_done(&sql);
    return code != 0 ? code : feed_take(&snapshot->now, snapshot->positions);
}

/* Looks again as long as one is missing: the writer registers them, and it may come later. */
static int load_registry(struct ledger_reader *reader, struct error *err)
{
    int code;

    if (reader->registered)
        return 0;
    code = registry_load(&reader->session, &reader->settings, false, &reader->registry, err);
    if (code != 0)
        return code;
    reader->registered = true;
    for (int i = 0; i < reader->settings.objective_count; i++)
        reader->registered = reader->registered && reader->registry.ids[i] != 0;
    return 0;
}

int snapshot_begin(struct ledger_reader *reader, int64_t deadline_ms, struct snapshot *ret,
                   struct error *err)
{
    struct error cause = { 0 };
    int code;

    reader->session.latest_ms = deadline_ms;
    code = session_connect(&reader->session, &cause);
    if (code == 0)
        code = read_positions(reader, ret, &cause);
    /* After a break the schema may be another one, with other ids. */
    if (code == 0 && !feed_continues(&reader->minutes, &ret->now))
        reader->registered = false;
    if (code == 0)
        code = load_registry(reader, &cause);
    return code == 0 ? 0 : tell(reader, code, &cause, err);
}

int snapshot_end(struct ledger_reader *reader, int code, const struct error *cause,
                 struct error *err)
{
    struct error end = { 0 };

    if (code != 0)
        return tell(reader, code, cause, err);
    code = session_commit(&reader->session, &end);
    return code == 0 ? 0 : tell(reader, code, &end, err);
}

int snapshot_run(struct ledger_reader *reader, const char *sql, const char *const *values,
                 int count, PGresult **ret, struct error *err)
{
    const char *all[VALUES_MAX] = { reader->settings.service };
    struct pq_params params = { .count = count + 1, .values = all };

    for (int i = 0; i < count; i++)
        all[i + 1] = values[i];
    return session_run(&reader->session, sql, &params, ret, err);
}

int snapshot_objective(const struct ledger_reader *reader, int64_t id)
{
    for (int i = 0; i < reader->settings.objective_count; i++) {
        if (reader->registry.ids[i] == id)
            return i;
    }
    return -1;
}

void snapshot_ids(const struct ledger_reader *reader, struct buf *array)
{
    array_open(array);
    for (int i = 0; i < reader->settings.objective_count; i++)
        array_put_int(array, reader->registry.ids[i]);
    array_close(array);
}
