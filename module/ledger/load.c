/* load.c - whole tracks out of arrays that the server puts together, a few tracks a step; and the
 * minutes of single quarter hours. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/snapshot.h"

#include "ledger/arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARRAY_BYTES = 4 * 1024 * 1024,
    /* A step must neither take long nor much memory, whatever the number of files: some 8 MiB and
     * 200 ms. */
    STEP_ELEMENTS = 200 * 1000,
    STEP_TRACKS_FIRST = 4,
    STEP_TRACKS_MAX = 64,
    /* Quarter hours whose minutes come with one statement. */
    EDGES_MAX = 1024,
    /* Every quarter of an hour the edges of all spans come to the next quarter hour, for a thousand
     * indicators some four thousand: taken by portions, so that no tick bears them all. */
    AHEAD_MAX = 64,
    MISSING_MAX = 64, /* of one track */
    MINUTE_MS = 60000,
};

/* LATERAL: one walk along the key for each row of the list; tables that have never been analyzed
 * would tempt the planner to read them whole.  Rows of several files are added up here. */
static const char quarters_sql[] =
    "SELECT f.n, q.keys, q.totals, q.bads FROM unnest($1::integer[], $2::text[], "
    "$3::integer[], $4::integer[]) AS f(n, service, id, first), LATERAL (SELECT "
    "array_agg(quarter) AS keys, array_agg(total) AS totals, array_agg(bad) AS bads "
    "FROM probity.indicator_quarters WHERE service = f.service AND indicator_id = f.id "
    "AND quarter >= f.first) AS q WHERE q.keys IS NOT NULL";

static const char minutes_sql[] =
    "SELECT f.n, m.keys, m.totals, m.bads FROM unnest($1::integer[], $2::text[], "
    "$3::integer[], $4::integer[]) AS f(n, service, id, quarter), LATERAL (SELECT "
    "array_agg(minute) AS keys, array_agg(total) AS totals, array_agg(bad) AS bads "
    "FROM probity.indicator_minutes WHERE service = f.service AND indicator_id = f.id "
    "AND minute >= f.quarter * 15 AND minute < f.quarter * 15 + 15) AS m "
    "WHERE m.keys IS NOT NULL";

/* What a slice lost is known only from its sum over all files. */
static const char slices_sql[] =
    "SELECT f.n, s.keys, s.totals, s.bads FROM unnest($1::integer[], $2::text[], "
    "$3::integer[], $4::integer[], $5::integer[], $6::integer[]) "
    "AS f(n, service, id, first, slice_minutes, until), LATERAL (SELECT array_agg(slice) "
    "AS keys, array_agg(total) AS totals, array_agg(bad) AS bads FROM (SELECT slice, "
    "sum(total)::bigint AS total, sum(bad)::bigint AS bad FROM probity.slices "
    "WHERE service = f.service AND indicator_id = f.id AND slice_minutes = f.slice_minutes "
    "AND slice >= f.first AND slice < f.until GROUP BY slice) AS g) AS s "
    "WHERE s.keys IS NOT NULL";

/* --- the list that a statement works through --- */

enum { PLACE, SERVICE, ID, FIRST, SLICE_MINUTES, UNTIL, COLUMNS };

/* Parameters, column by column; a place is what its caller knows a row by. */
struct list {
    struct buf columns[COLUMNS];
    int count;
};

static void list_begin(struct list *list)
{
    list->count = 0;
    for (int i = 0; i < COLUMNS; i++) {
        buf_init(&list->columns[i], ARRAY_BYTES);
        array_open(&list->columns[i]);
    }
}

static void list_done(struct list *list)
{
    for (int i = 0; i < COLUMNS; i++)
        buf_done(&list->columns[i]);
}

/* `first` and `until` are quarter hours or minutes, as the statement has it. */
struct stretch {
    int32_t first;
    int32_t until;
};

static void list_add(struct list *list, const struct ledger_reader *reader, int key_at, int place,
                     struct stretch stretch)
{
    const struct track_key *key = &reader->keys[key_at];

    array_put_int(&list->columns[PLACE], place);
    array_put_text(&list->columns[SERVICE],
                   slice_of(reader->settings.catalogue->services[key->service]));
    array_put_int(&list->columns[ID], key->id);
    array_put_int(&list->columns[FIRST], stretch.first);
    array_put_int(&list->columns[SLICE_MINUTES], key->slice_minutes);
    array_put_int(&list->columns[UNTIL], stretch.until);
    list->count++;
}

static int list_run(struct list *list, struct ledger_reader *reader, const char *sql,
                    PGresult **ret, struct error *err)
{
    const char *values[COLUMNS];
    struct snapshot_query query = { .sql = sql, .values = values, .binary = true };

    if (list->count == 0)
        return 0;
    for (int i = 0; i < COLUMNS; i++) {
        array_close(&list->columns[i]);
        if (!buf_ok(&list->columns[i]))
            return -ENOMEM;
        values[i] = buf_text(&list->columns[i]);
    }
    query.count = sql == slices_sql ? COLUMNS : FIRST + 1;
    return snapshot_run(reader, &query, ret, err);
}

/* --- a row: where it belongs, and three arrays side by side --- */

struct row {
    int place;
    struct array_walk keys;
    struct array_walk totals;
    struct array_walk bads;
};

static struct slice cell_of(const PGresult *rows, int row, int column)
{
    return (struct slice){ PQgetvalue(rows, row, column), (size_t)PQgetlength(rows, row, column) };
}

static int row_begin(struct row *row, const PGresult *rows, int at, struct error *err)
{
    const unsigned char *place = (const unsigned char *)PQgetvalue(rows, at, 0);

    row->place = (int)((uint32_t)place[0] << 24 | (uint32_t)place[1] << 16 | (uint32_t)place[2] << 8
                       | (uint32_t)place[3]);
    if (!array_walk_begin(&row->keys, cell_of(rows, at, 1))
        || !array_walk_begin(&row->totals, cell_of(rows, at, 2))
        || !array_walk_begin(&row->bads, cell_of(rows, at, 3))
        || row->totals.count != row->keys.count || row->bads.count != row->keys.count)
        return error_set(err, EPROTO, "ledger: rows came in another shape than asked for");
    return 0;
}

/* 1, 0 at the end, or -EPROTO. */
static int row_next(struct row *row, int32_t *ret_key, struct window_sum *ret, struct error *err)
{
    int64_t key = 0;
    int64_t total = 0;
    int64_t bad = 0;

    if (!array_walk_next(&row->keys, &key))
        return 0;
    if (!array_walk_next(&row->totals, &total) || !array_walk_next(&row->bads, &bad))
        return error_set(err, EPROTO, "ledger: rows came in another shape than asked for");
    if (snapshot_check_counts(total, bad, err) != 0)
        return -EPROTO;
    *ret_key = (int32_t)key;
    *ret = (struct window_sum){ (uint64_t)total, (uint64_t)bad };
    return 1;
}

/* --- sums under construction: of quarter hours, or of the minutes of one --- */

struct sums {
    struct window_sum *at;
    int32_t first;
    int32_t count;
};

static void sums_add(struct sums *sums, int32_t key, struct window_sum sum)
{
    if (key < sums->first || key >= sums->first + sums->count)
        return;
    sums->at[key - sums->first].total += sum.total;
    sums->at[key - sums->first].bad += sum.bad;
}

/* Adds up a row.  What a slice amounts to lies at the minute in which it begins. */
static int sums_take(struct sums *sums, struct row *row, const struct track *track,
                     struct error *err)
{
    bool minutes = sums->count == WINDOW_QUARTER_MINUTES;
    struct window_sum sum;
    int32_t key = 0;
    int code;

    memset(sums->at, 0, (size_t)sums->count * sizeof(*sums->at));
    while ((code = row_next(row, &key, &sum, err)) > 0) {
        if (track->slice_minutes > 0 && !minutes)
            key /= WINDOW_QUARTER_MINUTES;
        sums_add(sums, key, track_slice(track, sum));
    }
    return code;
}

/* --- whole tracks --- */

static int fill_track(struct window *window, const struct sums *sums)
{
    int code = 0;

    window_clear(window);
    for (int32_t i = 0; code == 0 && i < sums->count; i++) {
        if (sums->at[i].total > 0)
            code = window_set_quarter(window, sums->first + i, sums->at[i]);
    }
    return code;
}

static int fill_tracks(const struct ledger_reader *reader, const PGresult *rows,
                       struct window *const windows[], int64_t *elements, struct error *err)
{
    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        struct row row;
        int code = row_begin(&row, rows, i, err);
        int at = code != 0 ? 0 : reader->keys[row.place].track;
        struct sums sums = {
            .first = window_first_quarter(windows[at]),
            .count = window_last_quarter(windows[at]) - window_first_quarter(windows[at]) + 1,
        };
        AUTO(auto_free) void *memory = calloc((size_t)sums.count, sizeof(*sums.at));

        sums.at = memory;
        if (code == 0 && memory == NULL)
            code = -ENOMEM;
        *elements += code == 0 ? row.keys.count : 0;
        if (code == 0)
            code = sums_take(&sums, &row, &reader->tracks->tracks[at], err);
        if (code == 0)
            code = fill_track(windows[at], &sums);
        if (code != 0)
            return code;
    }
    return 0;
}

static bool counts_slices(const struct ledger_reader *reader, int key)
{
    return reader->keys[key].slice_minutes > 0;
}

/* Puts as many unread tracks as make a step on the lists; returns the key behind the last one. */
static int list_tracks(const struct ledger_reader *reader, struct window *const windows[],
                       struct list *events, struct list *slices)
{
    int taken = 0;
    int key = 0;

    for (; key < reader->key_count && taken < reader->per_step; key++) {
        const struct window *window = windows[reader->keys[key].track];
        int32_t first = window_first_quarter(window);

        if (!reader->unread[reader->keys[key].track])
            continue;
        if (counts_slices(reader, key))
            list_add(slices, reader, key, key,
                     (struct stretch){ first * WINDOW_QUARTER_MINUTES, INT32_MAX });
        else
            list_add(events, reader, key, key, (struct stretch){ first, 0 });
        taken++;
    }
    return key;
}

static void adapt_step(struct ledger_reader *reader, int taken, int64_t elements)
{
    int64_t fitting = elements == 0 ? STEP_TRACKS_MAX : taken * (int64_t)STEP_ELEMENTS / elements;

    reader->per_step = fitting < 1 ? 1 : fitting > STEP_TRACKS_MAX ? STEP_TRACKS_MAX : (int)fitting;
}

/* --- single quarter hours --- */

struct edge {
    int key;
    int32_t quarter;
};

static int fill_edges(const struct ledger_reader *reader, const struct edge edges[],
                      const PGresult *rows, struct window *const windows[], struct error *err)
{
    struct window_sum minutes[WINDOW_QUARTER_MINUTES];

    for (int i = 0; rows != NULL && i < PQntuples(rows); i++) {
        struct row row;
        struct sums sums = { .at = minutes, .count = WINDOW_QUARTER_MINUTES };
        int code = row_begin(&row, rows, i, err);
        const struct edge *edge = code != 0 ? NULL : &edges[row.place];
        int track = edge == NULL ? 0 : reader->keys[edge->key].track;

        if (code != 0)
            return code;
        sums.first = edge->quarter * WINDOW_QUARTER_MINUTES;
        code = sums_take(&sums, &row, &reader->tracks->tracks[track], err);
        if (code == 0)
            code = window_set_detail(windows[track], edge->quarter, minutes);
        if (code != 0)
            return code;
    }
    return 0;
}

/* Where there are no rows the minutes are gone: the window has to know that too. */
static int forget_edges(const struct ledger_reader *reader, const struct edge edges[], int count,
                        struct window *const windows[])
{
    static const struct window_sum none[WINDOW_QUARTER_MINUTES];
    int code = 0;

    for (int i = 0; code == 0 && i < count; i++) {
        struct window *window = windows[reader->keys[edges[i].key].track];

        if (!window_knows_minutes(window, edges[i].quarter))
            code = window_set_detail(window, edges[i].quarter, none);
    }
    return code;
}

static int read_edges(struct ledger_reader *reader, const struct edge edges[], int count,
                      struct window *const windows[], struct error *err)
{
    AUTO(pq_clear) PGresult *of_events = NULL;
    AUTO(pq_clear) PGresult *of_slices = NULL;
    AUTO(list_done) struct list events;
    AUTO(list_done) struct list slices;
    int code;

    list_begin(&events);
    list_begin(&slices);
    for (int i = 0; i < count; i++) {
        int32_t first = edges[i].quarter * WINDOW_QUARTER_MINUTES;

        if (counts_slices(reader, edges[i].key))
            list_add(&slices, reader, edges[i].key, i,
                     (struct stretch){ first, first + WINDOW_QUARTER_MINUTES });
        else
            list_add(&events, reader, edges[i].key, i, (struct stretch){ edges[i].quarter, 0 });
    }
    code = list_run(&events, reader, minutes_sql, &of_events, err);
    if (code == 0)
        code = list_run(&slices, reader, slices_sql, &of_slices, err);
    if (code == 0)
        code = fill_edges(reader, edges, of_events, windows, err);
    if (code == 0)
        code = fill_edges(reader, edges, of_slices, windows, err);
    return code != 0 ? code : forget_edges(reader, edges, count, windows);
}

/* Edges that are put together to one statement. */
struct batch {
    struct edge edges[EDGES_MAX];
    int count;
};

/* Adds what a track misses; reads the batch before it is full. */
static int add_missing(struct ledger_reader *reader, int key, bool ahead, struct batch *batch,
                       struct window *const windows[], struct error *err)
{
    int32_t quarters[MISSING_MAX];
    int count = window_missing(windows[reader->keys[key].track], ahead, quarters, MISSING_MAX);
    int code = 0;

    if (batch->count + count > EDGES_MAX) {
        code = read_edges(reader, batch->edges, batch->count, windows, err);
        batch->count = 0;
    }
    for (int i = 0; i < count; i++)
        batch->edges[batch->count++] = (struct edge){ key, quarters[i] };
    return code;
}

static int read_due(struct ledger_reader *reader, int until_key, bool unread_only,
                    struct window *const windows[], struct error *err)
{
    struct batch batch = { .count = 0 };
    int code = 0;

    for (int key = 0; code == 0 && key < until_key; key++) {
        if (!unread_only || reader->unread[reader->keys[key].track])
            code = add_missing(reader, key, false, &batch, windows, err);
    }
    if (code == 0 && batch.count > 0)
        code = read_edges(reader, batch.edges, batch.count, windows, err);
    return code;
}

static int read_ahead(struct ledger_reader *reader, struct window *const windows[],
                      struct error *err)
{
    struct batch batch = { .count = 0 };
    int code = 0;

    for (int i = 0; code == 0 && i < reader->key_count && batch.count < AHEAD_MAX; i++) {
        reader->ahead_at = (reader->ahead_at + 1) % reader->key_count;
        code = add_missing(reader, reader->ahead_at, true, &batch, windows, err);
    }
    if (code == 0 && batch.count > 0)
        code = read_edges(reader, batch.edges, batch.count, windows, err);
    return code;
}

int load_edges(struct ledger_reader *reader, struct window *const windows[], struct error *err)
{
    int code = read_due(reader, reader->key_count, false, windows, err);

    return code != 0 ? code : read_ahead(reader, windows, err);
}

/* --- what is to be read whole --- */

static void mark(struct ledger_reader *reader, const bool services[])
{
    for (int i = 0; i < reader->key_count; i++) {
        bool *unread = &reader->unread[reader->keys[i].track];

        if (*unread || (services != NULL && !services[reader->keys[i].service]))
            continue;
        *unread = true;
        reader->unread_count++;
    }
}

void load_all(struct ledger_reader *reader)
{
    memset(reader->unread, 0, (size_t)reader->tracks->count * sizeof(*reader->unread));
    reader->unread_count = 0;
    reader->per_step = STEP_TRACKS_FIRST;
    mark(reader, NULL);
}

void load_services(struct ledger_reader *reader, const bool marked[])
{
    mark(reader, marked);
}

static void unmark(struct ledger_reader *reader, int until_key)
{
    for (int i = 0; i < until_key; i++) {
        bool *unread = &reader->unread[reader->keys[i].track];

        reader->unread_count -= *unread;
        *unread = false;
    }
}

/* Tracks without rows stay as empty as they are made here. */
static void clear_tracks(const struct ledger_reader *reader, int until_key,
                         struct window *const windows[])
{
    for (int i = 0; i < until_key; i++) {
        if (reader->unread[reader->keys[i].track])
            window_clear(windows[reader->keys[i].track]);
    }
}

int load_step(struct ledger_reader *reader, struct window *const windows[], struct error *err)
{
    AUTO(pq_clear) PGresult *of_events = NULL;
    AUTO(pq_clear) PGresult *of_slices = NULL;
    AUTO(list_done) struct list events;
    AUTO(list_done) struct list slices;
    int64_t elements = 0;
    int until;
    int code;

    list_begin(&events);
    list_begin(&slices);
    until = list_tracks(reader, windows, &events, &slices);
    clear_tracks(reader, until, windows);
    code = list_run(&events, reader, quarters_sql, &of_events, err);
    if (code == 0)
        code = list_run(&slices, reader, slices_sql, &of_slices, err);
    if (code == 0)
        code = fill_tracks(reader, of_events, windows, &elements, err);
    if (code == 0)
        code = fill_tracks(reader, of_slices, windows, &elements, err);
    pq_clear(&of_events);
    pq_clear(&of_slices);
    if (code == 0)
        code = read_due(reader, until, true, windows, err);
    if (code != 0)
        return code;
    adapt_step(reader, events.count + slices.count, elements);
    unmark(reader, until);
    return 0;
}
