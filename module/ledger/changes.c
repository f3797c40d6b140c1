/* changes.c - what has a stamp beyond the position seen last: minutes that are held, quarter hours,
 * slices. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/snapshot.h"

#include "ledger/arrays.h"

#include <errno.h>
#include <string.h>

enum {
    ARRAY_BYTES = 16 * 1024 * 1024,
    /* More than this at once (a backfill, a long pause) is read whole, in steps. */
    CHANGES_MAX = 50 * 1000,
    WANTED_MAX = 4096, /* quarter hours of all tracks together */
};

/* The feed's parameters come first: $1 services (counted from 1), $2 their names, $3 files, $4
 * positions seen.  LATERAL with OFFSET 0 keeps to one index look-up per file and per changed row:
 * tables that have never been analyzed would tempt the planner to read them whole.  "stamp >= 0" is
 * the condition of the index of changes. */
#define FEED_SQL                                                                \
    "unnest($1::integer[], $3::bytea[], $4::bigint[]) AS w(n, file_id, seen), " \
    "LATERAL (SELECT ($2::text[])[w.n] AS service OFFSET 0) AS f, "

/* Minutes from $5 on, and those within the quarter hours of $6. */
static const char minutes_sql[] =
    "SELECT k.n, k.indicator_id, k.minute, s.total, s.bad FROM ("
    "SELECT DISTINCT w.n, f.service, d.indicator_id, d.minute FROM " FEED_SQL
    "LATERAL (SELECT indicator_id, minute FROM probity.indicator_minutes "
    "WHERE service = f.service AND file_id = w.file_id AND stamp > w.seen AND stamp >= 0 "
    "OFFSET 0) AS d "
    "WHERE d.minute >= $5::integer OR d.minute / 15 = ANY($6::integer[]) LIMIT $7::integer) AS k, "
    "LATERAL (SELECT sum(total)::bigint AS total, sum(bad)::bigint AS bad "
    "FROM probity.indicator_minutes WHERE service = k.service AND indicator_id = k.indicator_id "
    "AND minute = k.minute OFFSET 0) AS s";

static const char quarters_sql[] =
    "SELECT k.n, k.indicator_id, k.quarter, s.total, s.bad FROM ("
    "SELECT DISTINCT w.n, f.service, d.indicator_id, d.quarter FROM " FEED_SQL
    "LATERAL (SELECT indicator_id, quarter FROM probity.indicator_quarters "
    "WHERE service = f.service AND file_id = w.file_id AND stamp > w.seen AND stamp >= 0 "
    "OFFSET 0) AS d "
    "LIMIT $5::integer) AS k, "
    "LATERAL (SELECT sum(total)::bigint AS total, sum(bad)::bigint AS bad "
    "FROM probity.indicator_quarters WHERE service = k.service "
    "AND indicator_id = k.indicator_id AND quarter = k.quarter OFFSET 0) AS s";

/* All slices of each quarter hour in which one has changed, in their order. */
static const char slices_sql[] =
    "SELECT k.n, k.indicator_id, k.slice_minutes, k.quarter, s.slice, s.total, s.bad FROM ("
    "SELECT DISTINCT w.n, f.service, d.indicator_id, d.slice_minutes, d.quarter FROM " FEED_SQL
    "LATERAL (SELECT indicator_id, slice_minutes, slice / 15 AS quarter FROM probity.slices "
    "WHERE service = f.service AND file_id = w.file_id AND stamp > w.seen AND stamp >= 0 "
    "OFFSET 0) AS d "
    "LIMIT $5::integer) AS k, "
    "LATERAL (SELECT slice, sum(total)::bigint AS total, sum(bad)::bigint AS bad "
    "FROM probity.slices WHERE service = k.service AND indicator_id = k.indicator_id "
    "AND slice_minutes = k.slice_minutes AND slice >= k.quarter * 15 "
    "AND slice < k.quarter * 15 + 15 GROUP BY slice OFFSET 0) AS s "
    "ORDER BY k.n, k.indicator_id, k.slice_minutes, k.quarter";

/* The changes under way. */
struct taking {
    struct ledger_reader *reader;
    struct window *const *windows;
    struct feed_changes moved;
    int32_t newest_minute; /* from here on all minutes are held */
    struct buf wanted;     /* quarter hours before that of which somebody holds the minutes */
};

static int run(struct taking *taking, const struct snapshot_query *query, PGresult **ret,
               struct error *err)
{
    int code = snapshot_run(taking->reader, query, ret, err);

    if (code == 0 && PQntuples(*ret) >= CHANGES_MAX)
        return -EOVERFLOW;
    return code;
}

/* --- minutes and quarter hours of events --- */

typedef int (*set_fn)(struct window *window, int32_t at, struct window_sum sum);

static int set_rows(const struct taking *taking, const PGresult *rows, set_fn set,
                    struct error *err)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        struct track_key kind = {
            .service = (int)pq_int(rows, i, 0, 0) - 1,
            .id = (int)pq_int(rows, i, 1, 0),
        };
        int64_t total = pq_int(rows, i, 3, -1);
        int64_t bad = pq_int(rows, i, 4, -1);
        int from = 0;
        int count = snapshot_keys(taking->reader, &kind, &from);
        int code = snapshot_check_counts(total, bad, err);

        for (int key = from; code == 0 && key < from + count; key++)
            code = set(taking->windows[taking->reader->keys[key].track],
                       (int32_t)pq_int(rows, i, 2, -1),
                       (struct window_sum){ (uint64_t)total, (uint64_t)bad });
        if (code != 0)
            return code;
    }
    return 0;
}

static int take_minutes(struct taking *taking, const char *limit, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char newest[SESSION_NUMBER_BYTES];
    struct snapshot_query query = {
        minutes_sql,
        SNAPSHOT_VALUES(buf_text(&taking->moved.services), taking->reader->services,
                        buf_text(&taking->moved.ids), buf_text(&taking->moved.offsets),
                        session_number(taking->newest_minute, newest), buf_text(&taking->wanted),
                        limit),
    };
    int code = run(taking, &query, &rows, err);

    return code != 0 ? code : set_rows(taking, rows, window_set_minute, err);
}

static int take_quarters(struct taking *taking, const char *limit, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    struct snapshot_query query = {
        quarters_sql,
        SNAPSHOT_VALUES(buf_text(&taking->moved.services), taking->reader->services,
                        buf_text(&taking->moved.ids), buf_text(&taking->moved.offsets), limit),
    };
    int code = run(taking, &query, &rows, err);

    return code != 0 ? code : set_rows(taking, rows, window_set_quarter, err);
}

/* --- slices --- */

enum { SLICE_KIND_COLUMNS = 4 };

static bool same_quarter(const PGresult *rows, int a, int b)
{
    for (int column = 0; column < SLICE_KIND_COLUMNS; column++) {
        if (pq_int(rows, a, column, 0) != pq_int(rows, b, column, 0))
            return false;
    }
    return true;
}

/* The slices of one quarter hour, into one track. */
static int set_slices(const struct taking *taking, int track, const PGresult *rows, int from,
                      int until)
{
    struct window_sum minutes[WINDOW_QUARTER_MINUTES] = { { 0, 0 } };
    struct window *window = taking->windows[track];
    int32_t quarter = (int32_t)pq_int(rows, from, 3, 0);
    struct window_sum sum = { 0, 0 };
    int code;

    for (int i = from; i < until; i++) {
        struct window_sum lost =
            track_slice(&taking->reader->tracks->tracks[track],
                        (struct window_sum){ (uint64_t)pq_int(rows, i, 5, 0),
                                             (uint64_t)pq_int(rows, i, 6, 0) });

        minutes[pq_int(rows, i, 4, 0) % WINDOW_QUARTER_MINUTES] = lost;
        sum.total += lost.total;
        sum.bad += lost.bad;
    }
    code = window_set_quarter(window, quarter, sum);
    return code != 0 ? code : window_set_detail(window, quarter, minutes);
}

static int set_slice_rows(const struct taking *taking, const PGresult *rows, struct error *err)
{
    int until;

    for (int i = 0; i < PQntuples(rows); i = until) {
        struct track_key kind = {
            .service = (int)pq_int(rows, i, 0, 0) - 1,
            .id = (int)pq_int(rows, i, 1, 0),
            .slice_minutes = (int32_t)pq_int(rows, i, 2, 0),
        };
        int from = 0;
        int count = snapshot_keys(taking->reader, &kind, &from);
        int code = 0;

        for (until = i; until < PQntuples(rows) && same_quarter(rows, i, until); until++) {
            code =
                snapshot_check_counts(pq_int(rows, until, 5, -1), pq_int(rows, until, 6, -1), err);
            if (code != 0)
                return code;
        }
        for (int key = from; code == 0 && key < from + count; key++)
            code = set_slices(taking, taking->reader->keys[key].track, rows, i, until);
        if (code != 0)
            return code;
    }
    return 0;
}

static bool any_slices(const struct tracks *tracks)
{
    for (int i = 0; i < tracks->count; i++) {
        if (tracks->tracks[i].slice_minutes > 0)
            return true;
    }
    return false;
}

static int take_slices(struct taking *taking, const char *limit, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    struct snapshot_query query = {
        slices_sql,
        SNAPSHOT_VALUES(buf_text(&taking->moved.services), taking->reader->services,
                        buf_text(&taking->moved.ids), buf_text(&taking->moved.offsets), limit),
    };
    int code = 0;

    if (!any_slices(taking->reader->tracks))
        return 0;
    code = run(taking, &query, &rows, err);
    return code != 0 ? code : set_slice_rows(taking, rows, err);
}

/* --- all of it --- */

/* Which quarter hours before the newest ones any window holds by minutes; a window that does not
 * want one leaves it aside. */
static void list_wanted(struct taking *taking)
{
    int32_t quarters[WANTED_MAX];
    int count = 0;

    array_open(&taking->wanted);
    for (int i = 0; i < taking->reader->tracks->count; i++)
        count = window_add_wanted(taking->windows[i], quarters, count, WANTED_MAX);
    if (count == WANTED_MAX)
        taking->newest_minute = 0; /* too many to be told apart: all minutes then */
    for (int i = 0; i < count; i++)
        array_put_int(&taking->wanted, quarters[i]);
    array_close(&taking->wanted);
}

static int take_all(struct taking *taking, struct error *err)
{
    char limit[SESSION_NUMBER_BYTES];
    int code;

    list_wanted(taking);
    if (!buf_ok(&taking->moved.services) || !buf_ok(&taking->moved.ids)
        || !buf_ok(&taking->moved.offsets) || !buf_ok(&taking->wanted))
        return -ENOMEM;
    (void)session_number(CHANGES_MAX, limit);
    /* Minutes before their quarter hours, as windows want it. */
    code = take_minutes(taking, limit, err);
    if (code == 0)
        code = take_quarters(taking, limit, err);
    return code != 0 ? code : take_slices(taking, limit, err);
}

int changes_take(struct ledger_reader *reader, const struct snapshot *snapshot,
                 struct window *const windows[], int32_t now_minute, struct error *err)
{
    struct taking taking = {
        .reader = reader,
        .windows = windows,
        .newest_minute = window_newest_minute(now_minute),
    };
    int code = 0;

    buf_init(&taking.moved.services, ARRAY_BYTES);
    buf_init(&taking.moved.ids, ARRAY_BYTES);
    buf_init(&taking.moved.offsets, ARRAY_BYTES);
    buf_init(&taking.wanted, ARRAY_BYTES);
    if (feed_list_changes(&reader->seen, &snapshot->now, &taking.moved) > 0)
        code = take_all(&taking, err);
    buf_done(&taking.moved.services);
    buf_done(&taking.moved.ids);
    buf_done(&taking.moved.offsets);
    buf_done(&taking.wanted);
    return code;
}
