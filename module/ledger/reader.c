/* reader.c - the minutes that changed, each as a whole. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/reader.h"

#include "ledger/arrays.h"
#include "ledger/coverage.h"
#include "ledger/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_MS = 60000,
    /* A day of four objectives: a first read goes in steps, or the rows on their way would take
     * more memory than all windows. */
    STEP_MINUTES = 1440,
    ARRAY_BYTES = 16 * 1024 * 1024,
};

/* Far beyond what a minute can see, and a whole window of it still is a count below 2^62. */
#define MINUTE_EVENTS_MAX (INT64_C(1) << 46)

/* LATERAL with OFFSET 0 keeps to one index look-up per file and per minute: tables that have never
 * been analyzed would tempt the planner to read them whole. */
#define CHANGED_SQL                                                                           \
    "SELECT k.objective_id, k.minute, s.total, s.bad FROM ("                                  \
    "SELECT DISTINCT d.objective_id, d.minute FROM "                                          \
    "unnest($2::bytea[], $3::bigint[]) AS f(file_id, seen), "                                 \
    "LATERAL (SELECT objective_id, minute FROM probity.objective_minutes WHERE service = $1 " \
    "AND file_id = f.file_id AND stamp > f.seen OFFSET 0) AS d "                              \
    "WHERE d.minute >= $4::integer) AS k, "                                                   \
    "LATERAL (SELECT sum(total)::bigint AS total, sum(bad)::bigint AS bad "                   \
    "FROM probity.objective_minutes WHERE service = $1 AND objective_id = k.objective_id "    \
    "AND minute = k.minute OFFSET 0) AS s"

#define RANGE_SQL                                                                              \
    "SELECT objective_id, minute, sum(total)::bigint, sum(bad)::bigint "                       \
    "FROM probity.objective_minutes WHERE service = $1 AND objective_id = ANY($2::integer[]) " \
    "AND minute >= $3::integer AND minute < $4::integer GROUP BY objective_id, minute"

/* Minutes as they arrive, before their number is known. */
struct gathered {
    struct ledger_minute *minutes;
    size_t count;
    size_t capacity;
};

static int make_room(struct gathered *gathered, size_t more)
{
    size_t capacity = gathered->capacity == 0 ? 64 : gathered->capacity;
    struct ledger_minute *minutes;

    if (gathered->count + more <= gathered->capacity)
        return 0;
    while (capacity < gathered->count + more)
        capacity *= 2;
    minutes = realloc(gathered->minutes, capacity * sizeof(*minutes));
    if (minutes == NULL)
        return -ENOMEM;
    gathered->minutes = minutes;
    gathered->capacity = capacity;
    return 0;
}

/* Somebody may have written to the tables by hand; the arithmetic behind us trusts what it gets. */
static int gather(const struct ledger_reader *reader, const PGresult *rows,
                  struct gathered *gathered, struct error *err)
{
    if (make_room(gathered, (size_t)PQntuples(rows)) != 0)
        return -ENOMEM;
    for (int i = 0; i < PQntuples(rows); i++) {
        int objective = snapshot_objective(reader, pq_int(rows, i, 0, 0));
        int64_t total = pq_int(rows, i, 2, -1);
        int64_t bad = pq_int(rows, i, 3, -1);

        if (objective < 0)
            continue; /* another version of an objective */
        if (total < 0 || total > MINUTE_EVENTS_MAX || bad < 0 || bad > total)
            return error_set(err, EPROTO, "ledger: minute %s holds no counts: %s events, %s bad",
                             PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2),
                             PQgetvalue(rows, i, 3));
        /* make_room saw to it: the analyser takes libpq's row count for another each time. */
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        gathered->minutes[gathered->count++] = (struct ledger_minute){
            .objective = objective,
            .minute = (int32_t)pq_int(rows, i, 1, 0),
            .sum = { (uint64_t)total, (uint64_t)bad },
        };
    }
    return 0;
}

static int read_range(struct ledger_reader *reader, int32_t from, int32_t until,
                      struct gathered *gathered, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[2][SESSION_NUMBER_BYTES];
    struct buf ids;
    int code;

    buf_init(&ids, ARRAY_BYTES);
    snapshot_ids(reader, &ids);
    code = snapshot_run(reader, RANGE_SQL,
                        (const char *const[]){ buf_text(&ids), session_number(from, numbers[0]),
                                               session_number(until, numbers[1]) },
                        3, &rows, err);
    buf_done(&ids);
    return code != 0 ? code : gather(reader, rows, gathered, err);
}

static int read_all(struct ledger_reader *reader, int32_t from, int32_t now_minute,
                    struct gathered *gathered, struct error *err)
{
    int code = 0;

    for (int32_t at = from; code == 0 && at <= now_minute; at += STEP_MINUTES) {
        bool last = now_minute - at < STEP_MINUTES;

        code = read_range(reader, at, last ? INT32_MAX : at + STEP_MINUTES, gathered, err);
    }
    return code;
}

static int read_changed(struct ledger_reader *reader, const struct snapshot *snapshot, int32_t from,
                        struct gathered *gathered, struct error *err)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char number[SESSION_NUMBER_BYTES];
    struct buf files;
    struct buf offsets;
    int code = 0;

    buf_init(&files, ARRAY_BYTES);
    buf_init(&offsets, ARRAY_BYTES);
    if (feed_changes(&reader->minutes, &snapshot->now, &files, &offsets) > 0)
        code = !buf_ok(&files) || !buf_ok(&offsets)
                   ? -ENOMEM
                   : snapshot_run(reader, CHANGED_SQL,
                                  (const char *const[]){ buf_text(&files), buf_text(&offsets),
                                                         session_number(from, number) },
                                  3, &rows, err);
    buf_done(&files);
    buf_done(&offsets);
    return code != 0 || rows == NULL ? code : gather(reader, rows, gathered, err);
}

/* --- coverage --- */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int sum_coverage(const struct snapshot *snapshot, struct coverage_span within,
                        struct arena *arena, struct ledger_coverage *ret)
{
    const PGresult *rows = snapshot->positions;
    struct coverage_span *spans = arena_alloc(arena, (size_t)PQntuples(rows) * sizeof(*spans) + 1);
    struct ledger_coverage coverage = { 0 };
    int count = 0;

    if (spans == NULL)
        return -ENOMEM;
    for (int i = 0; i < PQntuples(rows); i++) {
        int64_t from_ms = pq_int(rows, i, FEED_FROM_MS, 0);
        int64_t until_ms = pq_int(rows, i, FEED_UNTIL_MS, 0);

        if (PQgetisnull(rows, i, FEED_FILE))
            continue;
        spans[count++] = (struct coverage_span){ from_ms, until_ms };
        if (coverage.measured_since_ms == 0 || from_ms < coverage.measured_since_ms)
            coverage.measured_since_ms = from_ms;
        coverage.watched_until_ms = larger(coverage.watched_until_ms, until_ms);
        coverage.last_event_ms =
            larger(coverage.last_event_ms, pq_int(rows, i, FEED_LAST_EVENT_MS, 0));
        coverage.lines += (uint64_t)pq_int(rows, i, FEED_LINES, 0);
        coverage.rejected_lines += (uint64_t)pq_int(rows, i, FEED_REJECTED_LINES, 0);
        coverage.lost_bytes += (uint64_t)pq_int(rows, i, FEED_LOST_BYTES, 0);
    }
    coverage.spans = spans;
    coverage.span_count = coverage_merge(spans, count);
    coverage.watched_ms = coverage_union_ms(spans, coverage.span_count, within);
    *ret = coverage;
    return 0;
}

/* --- the reader --- */

static int read_minutes(struct ledger_reader *reader, const struct snapshot *snapshot,
                        int32_t now_minute, struct gathered *gathered, struct error *err)
{
    int32_t from = now_minute - LIMIT_WINDOW_MINUTES + 1;

    return feed_continues(&reader->minutes, &snapshot->now)
               ? read_changed(reader, snapshot, from, gathered, err)
               : read_all(reader, from, now_minute, gathered, err);
}

/* Moves what was gathered into the caller's arena. */
static int hand_over(const struct gathered *gathered, struct arena *arena,
                     struct ledger_changes *ret)
{
    size_t bytes = gathered->count * sizeof(*gathered->minutes);
    struct ledger_minute *minutes = arena_alloc(arena, bytes + 1);

    if (minutes == NULL)
        return -ENOMEM;
    if (bytes > 0)
        memcpy(minutes, gathered->minutes, bytes);
    ret->minutes = minutes;
    ret->minute_count = (int)gathered->count;
    return 0;
}

int ledger_reader_read(struct ledger_reader *reader, int64_t now_wall_ms, int64_t deadline_ms,
                       struct arena *arena, struct ledger_changes *ret, struct error *err)
{
    AUTO(snapshot_done) struct snapshot snapshot = { 0 };
    struct coverage_span within = { now_wall_ms - (int64_t)LIMIT_WINDOW_MINUTES * MINUTE_MS,
                                    now_wall_ms };
    struct ledger_changes changes = { 0 };
    struct gathered gathered = { 0 };
    struct error cause = { 0 };
    int code = snapshot_begin(reader, deadline_ms, &snapshot, err);

    if (code != 0)
        return code;
    changes.reload = !feed_continues(&reader->minutes, &snapshot.now);
    code = read_minutes(reader, &snapshot, (int32_t)(now_wall_ms / MINUTE_MS), &gathered, &cause);
    if (code == 0)
        code = sum_coverage(&snapshot, within, arena, &changes.coverage);
    if (code == 0)
        code = hand_over(&gathered, arena, &changes);
    free(gathered.minutes);
    code = snapshot_end(reader, code, &cause, err);
    if (code != 0)
        return code;
    /* Minutes of an objective without an id can't have been read: look at everything again. */
    if (reader->registered)
        feed_advance(&reader->minutes, &snapshot.now);
    *ret = changes;
    return 0;
}

int ledger_reader_open(const struct ledger_settings *settings, struct ledger_reader **ret,
                       struct error *err)
{
    struct ledger_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return error_set(err, ENOMEM, "ledger: out of memory");
    reader->settings = *settings;
    session_init(&reader->session, settings->conninfo);
    *ret = reader;
    return 0;
}

void ledger_reader_close(struct ledger_reader **reader)
{
    if (*reader == NULL)
        return;
    session_close(&(*reader)->session);
    feed_done(&(*reader)->minutes);
    feed_done(&(*reader)->histograms);
    free(*reader);
    *reader = NULL;
}
