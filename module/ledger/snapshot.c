/* snapshot.c - BEGIN and the positions in one round trip, and who is who among the rows. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/snapshot.h"

#include "ledger/arrays.h"
#include "ledger/schema.h"
#include "ledger/trouble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_BYTES = 1024 * 1024 };

/* Far beyond what a row can see, and a year of them still is a count below 2^62. */
#define ROW_EVENTS_MAX (INT64_C(1) << 46)

/* Between the two stand the services' names, as a literal.  `counted` is another number when what a
 * file's rows hold is something else, even if it is as much. */
static const char positions_sql[] =
    "SELECT v.revision, v.oldest_program, p.n, p.file_id, p.\"offset\", p.counted, p.from_ms, "
    "p.until_ms, p.last_event_ms, p.lines, p.rejected_lines, p.lost_bytes, p.late_events, "
    "p.holes, v.started "
    "FROM (" SCHEMA_SQL ") AS v LEFT JOIN (SELECT s.n, f.file_id, f.\"offset\", "
    "hash_array_extended(f.indicators, 0) # hash_array_extended(f.slices, 1) AS counted, "
    "(extract(epoch FROM f.watched_from) * 1000)::bigint AS from_ms, "
    "(extract(epoch FROM f.watched_until) * 1000)::bigint AS until_ms, "
    "(extract(epoch FROM f.last_event) * 1000)::bigint AS last_event_ms, "
    "f.lines, f.rejected_lines, f.lost_bytes, f.late_events, f.holes FROM unnest(";
static const char of_services_sql[] =
    "::text[]) WITH ORDINALITY AS s(service, n) "
    "JOIN probity.positions AS f ON f.service = s.service) AS p ON true "
    "ORDER BY p.n, p.file_id";

static const char indicators_sql[] =
    "SELECT s.n, i.id, i.definition, i.derived_from, i.derived_until FROM unnest($1::text[]) WITH "
    "ORDINALITY AS s(service, n) "
    "JOIN probity.indicators AS i ON i.service = s.service ORDER BY s.n, i.id DESC";

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

/* As a parameter it would not fit into the message that begins the transaction. */
static int read_positions(struct ledger_reader *reader, struct snapshot *snapshot,
                          struct error *err)
{
    char *services =
        PQescapeLiteral(reader->session.conn, reader->services, strlen(reader->services));
    struct buf sql;
    int code;

    if (services == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    buf_init(&sql, SQL_BYTES);
    buf_append_text(&sql, positions_sql);
    buf_append_text(&sql, services);
    buf_append_text(&sql, of_services_sql);
    PQfreemem(services);
    code = buf_ok(&sql)
               ? session_begin_snapshot(&reader->session, buf_text(&sql), &snapshot->positions, err)
               : error_set(err, ENOMEM, "ledger: out of memory");
    buf_done(&sql);
    return code != 0 ? code : feed_take(&snapshot->now, snapshot->positions);
}

/* --- who is who --- */

struct definition {
    const char *service;
    const char *text;
};

static int compare_definition(const void *key, const void *element)
{
    const struct definition *wanted = key;
    const struct indicator *indicator = *(const struct indicator *const *)element;
    int by_service = strcmp(wanted->service, indicator->service);

    return by_service != 0 ? by_service : strcmp(wanted->text, indicator->definition);
}

/* Where a definition is there twice, the row that comes last, the one with the lowest id, has it.
 */
static void take_ids(struct ledger_reader *reader, const PGresult *rows)
{
    const struct catalogue *catalogue = reader->settings.catalogue;

    memset(reader->ids, 0, (size_t)catalogue->indicator_count * sizeof(*reader->ids));
    for (int i = 0; i < PQntuples(rows); i++) {
        struct definition wanted = {
            .service = catalogue->services[pq_int(rows, i, 0, 1) - 1],
            .text = PQgetvalue(rows, i, 2),
        };
        const struct indicator *const *found = bsearch(
            &wanted, (const void *)reader->by_definition, (size_t)catalogue->indicator_count,
            sizeof(struct indicator *), compare_definition);

        if (found == NULL)
            continue;
        reader->ids[*found - catalogue->indicators] = (int)pq_int(rows, i, 1, 0);
        reader->derived[*found - catalogue->indicators] = (struct ledger_derived){
            (int32_t)pq_int(rows, i, 3, 0),
            (int32_t)pq_int(rows, i, 4, 0),
        };
    }
}

static int compare_kind(const struct track_key *a, const struct track_key *b)
{
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return (a->slice_minutes > b->slice_minutes) - (a->slice_minutes < b->slice_minutes);
}

static int compare_keys(const void *a, const void *b)
{
    return compare_kind(a, b);
}

static void make_keys(struct ledger_reader *reader)
{
    const struct catalogue *catalogue = reader->settings.catalogue;

    reader->key_count = 0;
    for (int i = 0; i < reader->tracks->count; i++) {
        const struct track *track = &reader->tracks->tracks[i];
        const struct indicator *indicator = &catalogue->indicators[track->indicator];

        if (reader->ids[track->indicator] == 0)
            continue;
        reader->keys[reader->key_count++] = (struct track_key){
            .service = catalogue_service(catalogue, slice_of(indicator->service)),
            .id = reader->ids[track->indicator],
            .slice_minutes = track->slice_minutes,
            .track = i,
        };
    }
    qsort(reader->keys, (size_t)reader->key_count, sizeof(*reader->keys), compare_keys);
}

int snapshot_keys(const struct ledger_reader *reader, const struct track_key *wanted, int *ret_from)
{
    int low = 0;
    int high = reader->key_count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (compare_kind(&reader->keys[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_from = low;
    while (high < reader->key_count && compare_kind(&reader->keys[high], wanted) == 0)
        high++;
    return high - low;
}

int snapshot_check_counts(int64_t total, int64_t bad, struct error *err)
{
    if (total >= 0 && total <= ROW_EVENTS_MAX && bad >= 0 && bad <= total)
        return 0;
    return error_set(err, EPROTO, "ledger: a row holds no counts: %lld events, %lld bad",
                     (long long)total, (long long)bad);
}

/* Looks again as long as one is missing: the writer registers them, and it may come later; and when
 * something was derived.  What is new among them has not been read. */
static int find_indicators(struct ledger_reader *reader, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    int known = reader->key_count;
    int code;

    if (reader->registered)
        return 0;
    code = snapshot_run(
        reader, &(struct snapshot_query){ indicators_sql, SNAPSHOT_VALUES(reader->services) },
        &rows, err);
    if (code != 0)
        return code;
    take_ids(reader, rows);
    make_keys(reader);
    reader->registered = reader->key_count == reader->tracks->count;
    if (reader->key_count != known)
        load_all(reader);
    return 0;
}

/* --- the transaction --- */

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
    if (code == 0 && !feed_continues(&reader->latest, &ret->now, reader->retired_ms))
        reader->registered = false;
    if (code == 0)
        code = find_indicators(reader, &cause);
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

int snapshot_run(struct ledger_reader *reader, const struct snapshot_query *query, PGresult **ret,
                 struct error *err)
{
    struct pq_params params = {
        .count = query->count,
        .values = query->values,
    };

    return query->binary ? session_run_binary(&reader->session, query->sql, &params, ret, err)
                         : session_run(&reader->session, query->sql, &params, ret, err);
}
