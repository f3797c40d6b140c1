/* history.c - running totals over cells, refined by minutes where a span needs it. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/history.h"

#include "ledger/arrays.h"
#include "ledger/session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Cells that one question asks for: bounds what libpq holds at a time. */
    PORTION_CELLS = 8192,
    /* Minutes of histograms at a time: some hundred bytes each, from every file. */
    PORTION_MINUTES = 240,
    ARRAY_BYTES = 1024 * 1024,
};

/* Far beyond what can be counted, and their sums still fit. */
#define CELL_EVENTS_MAX (INT64_C(1) << 52)

/* A run of cells of equal length. */
struct cells {
    int minutes;              /* that one takes */
    int32_t first;            /* number of the first: minute / minutes */
    int32_t count;            /* 0: none */
    struct window_sum *until; /* [i]: the sum of the first i cells; count + 1 of them */
};

struct history {
    struct cells coarse;
    struct cells fine[HISTORY_FINE_SPANS];
};

static const struct table {
    int minutes;
    const char *sql;
} tables[] = {
#define CELLS_SQL(table, key)                                                                      \
    "SELECT " key ", sum(total)::bigint, sum(bad)::bigint FROM probity." table                     \
    " WHERE service = $1::text AND indicator_id = $2::integer AND " key " >= $3::integer AND " key \
    " < $4::integer GROUP BY " key
    { 1, CELLS_SQL("indicator_minutes", "minute") },
    { HISTORY_QUARTER, CELLS_SQL("indicator_quarters", "quarter") },
    { HISTORY_DAY, CELLS_SQL("indicator_days", "day") },
#undef CELLS_SQL
};

static const char *sql_for(int minutes)
{
    size_t i = 0;

    while (tables[i].minutes != minutes)
        i++;
    return tables[i].sql;
}

/* --- spans --- */

static int compare_spans(const void *a, const void *b)
{
    const struct minute_span *left = a;
    const struct minute_span *right = b;

    return (left->from > right->from) - (left->from < right->from);
}

int minute_spans_merge(struct minute_span *spans, int count)
{
    int kept = 0;

    qsort(spans, (size_t)count, sizeof(*spans), compare_spans);
    for (int i = 0; i < count; i++) {
        if (spans[i].until <= spans[i].from)
            continue;
        if (kept > 0 && spans[i].from <= spans[kept - 1].until) {
            if (spans[i].until > spans[kept - 1].until)
                spans[kept - 1].until = spans[i].until;
        } else {
            spans[kept++] = spans[i];
        }
    }
    return kept;
}

static struct minute_span overlap(struct minute_span a, struct minute_span b)
{
    struct minute_span both = { a.from > b.from ? a.from : b.from,
                                a.until < b.until ? a.until : b.until };

    return both.until > both.from ? both : (struct minute_span){ 0 };
}

int32_t minute_spans_cover(const struct minute_span *spans, int count, struct minute_span within)
{
    int32_t minutes = 0;

    for (int i = 0; i < count; i++) {
        struct minute_span both = overlap(spans[i], within);

        minutes += both.until - both.from;
    }
    return minutes;
}

/* --- cells --- */

static int cells_init(struct cells *cells, int minutes, struct minute_span span)
{
    *cells = (struct cells){ .minutes = minutes, .first = span.from / minutes };
    cells->count = (span.until + minutes - 1) / minutes - cells->first;
    cells->until = calloc((size_t)cells->count + 1, sizeof(*cells->until));
    return cells->until == NULL ? -ENOMEM : 0;
}

/* Somebody may have written to the tables by hand. */
static int take_row(struct cells *cells, const PGresult *rows, int row)
{
    int64_t cell = pq_int(rows, row, 0, -1) - cells->first;
    int64_t total = pq_int(rows, row, 1, -1);
    int64_t bad = pq_int(rows, row, 2, -1);

    if (cell < 0 || cell >= cells->count || total < 0 || total > CELL_EVENTS_MAX || bad < 0
        || bad > total)
        return -EPROTO;
    cells->until[cell + 1] = (struct window_sum){ (uint64_t)total, (uint64_t)bad };
    return 0;
}

/* Not yet running totals: each cell's own sum, one place further. */
static int cells_read(struct cells *cells, struct desk_visit *visit,
                      const struct history_request *request)
{
    int code = 0;

    for (int32_t at = 0; code == 0 && at < cells->count; at += PORTION_CELLS) {
        int32_t until = cells->count - at < PORTION_CELLS ? cells->count : at + PORTION_CELLS;
        AUTO(pq_clear) PGresult *rows = NULL;
        char numbers[3][SESSION_NUMBER_BYTES];
        const char *const values[] = {
            request->service,
            session_number(request->indicator_id, numbers[0]),
            session_number(cells->first + at, numbers[1]),
            session_number(cells->first + until, numbers[2]),
        };

        code = desk_run(visit, sql_for(cells->minutes), SESSION_PARAMS(values), &rows);
        for (int row = 0; code == 0 && row < PQntuples(rows); row++) {
            code = take_row(cells, rows, row);
            if (code != 0)
                code = desk_refuse_rows(visit);
        }
    }
    return code;
}

static void cells_sum_up(struct cells *cells)
{
    for (int32_t i = 0; i < cells->count; i++) {
        cells->until[i + 1].total += cells->until[i].total;
        cells->until[i + 1].bad += cells->until[i].bad;
    }
}

static struct minute_span cells_span(const struct cells *cells)
{
    return (struct minute_span){ cells->first * cells->minutes,
                                 (cells->first + cells->count) * cells->minutes };
}

/* --- what is excluded --- */

/* Parts of cells, which have to be taken out by the minute. */
struct parts {
    struct buf from;
    struct buf until;
    int count;
};

static void add_part(struct parts *parts, struct minute_span part)
{
    if (part.until <= part.from)
        return;
    array_put_int(&parts->from, part.from);
    array_put_int(&parts->until, part.until);
    parts->count++;
}

/* Empties cells that are excluded whole, and lists the rest of the span. */
static void exclude_span(struct cells *cells, struct minute_span excluded, struct parts *parts)
{
    struct minute_span span = overlap(excluded, cells_span(cells));
    int32_t first = (span.from + cells->minutes - 1) / cells->minutes;
    int32_t last = span.until / cells->minutes;

    if (span.until <= span.from)
        return;
    if (first > last) { /* within one cell */
        add_part(parts, span);
        return;
    }
    for (int32_t cell = first; cell < last; cell++)
        cells->until[cell - cells->first + 1] = (struct window_sum){ 0 };
    add_part(parts, (struct minute_span){ span.from, first * cells->minutes });
    add_part(parts, (struct minute_span){ last * cells->minutes, span.until });
}

static int take_out(struct cells *cells, const PGresult *rows, int row)
{
    int64_t cell = pq_int(rows, row, 0, -1) / cells->minutes - cells->first;
    int64_t total = pq_int(rows, row, 1, -1);
    int64_t bad = pq_int(rows, row, 2, -1);
    struct window_sum *sum;

    if (cell < 0 || cell >= cells->count)
        return -EPROTO;
    sum = &cells->until[cell + 1];
    if (total < 0 || bad < 0 || (uint64_t)total > sum->total || (uint64_t)bad > sum->bad)
        return -EPROTO;
    sum->total -= (uint64_t)total;
    sum->bad -= (uint64_t)bad;
    return 0;
}

/* Minutes that retention has taken already can't be taken out of their cell: then more counts than
 * should, and the figures are worse than the truth, never better. */
static int take_out_parts(struct cells *cells, struct desk_visit *visit,
                          const struct history_request *request, struct parts *parts)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char number[SESSION_NUMBER_BYTES];
    const char *const values[] = {
        request->service,
        session_number(request->indicator_id, number),
        buf_text(&parts->from),
        buf_text(&parts->until),
    };
    int code = desk_run(visit,
                        "SELECT k.a, sum(m.total)::bigint, sum(m.bad)::bigint "
                        "FROM unnest($3::integer[], $4::integer[]) AS k(a, b), "
                        "LATERAL (SELECT total, bad FROM probity.indicator_minutes "
                        "WHERE service = $1::text AND indicator_id = $2::integer "
                        "AND minute >= k.a AND minute < k.b OFFSET 0) AS m GROUP BY k.a",
                        SESSION_PARAMS(values), &rows);

    for (int row = 0; code == 0 && row < PQntuples(rows); row++) {
        code = take_out(cells, rows, row);
        if (code != 0)
            code = desk_refuse_rows(visit);
    }
    return code;
}

static int cells_exclude(struct cells *cells, struct desk_visit *visit,
                         const struct history_request *request)
{
    struct parts parts = { 0 };
    int code = 0;

    buf_init(&parts.from, ARRAY_BYTES);
    buf_init(&parts.until, ARRAY_BYTES);
    array_open(&parts.from);
    array_open(&parts.until);
    for (int i = 0; i < request->excluded_count; i++)
        exclude_span(cells, request->excluded[i], &parts);
    array_close(&parts.from);
    array_close(&parts.until);
    if (!buf_ok(&parts.from) || !buf_ok(&parts.until))
        code = -ENOMEM;
    else if (parts.count > 0)
        code = take_out_parts(cells, visit, request, &parts);
    buf_done(&parts.from);
    buf_done(&parts.until);
    return code;
}

static int cells_load(struct cells *cells, struct desk_visit *visit,
                      const struct history_request *request)
{
    int code = cells_read(cells, visit, request);

    if (code == 0)
        code = cells_exclude(cells, visit, request);
    if (code == 0)
        cells_sum_up(cells);
    return code;
}

/* --- the whole --- */

void history_free(struct history **pointer)
{
    struct history *history = *pointer;

    *pointer = NULL;
    if (history == NULL)
        return;
    free(history->coarse.until);
    for (int i = 0; i < HISTORY_FINE_SPANS; i++)
        free(history->fine[i].until);
    free(history);
}

/* From the beginning of a cell, so that the rest of any cell is a difference of two totals. */
static struct minute_span outward(struct minute_span span, int minutes)
{
    return (struct minute_span){ span.from / minutes * minutes,
                                 (span.until + minutes - 1) / minutes * minutes };
}

int history_load(struct desk_visit *visit, const struct history_request *request,
                 struct history **ret)
{
    AUTO(history_free) struct history *history = calloc(1, sizeof(*history));
    int code = history == NULL
                   ? -ENOMEM
                   : cells_init(&history->coarse, request->cell_minutes, request->whole);

    if (code == 0)
        code = cells_load(&history->coarse, visit, request);
    for (int i = 0; code == 0 && i < HISTORY_FINE_SPANS; i++) {
        if (request->fine[i].until <= request->fine[i].from)
            continue;
        code = cells_init(&history->fine[i], 1, outward(request->fine[i], request->cell_minutes));
        if (code == 0)
            code = cells_load(&history->fine[i], visit, request);
    }
    if (code != 0)
        return code;
    *ret = history;
    history = NULL;
    return 0;
}

/* The sum of the minutes of one cell that are before `minute`. */
static struct window_sum part_before(const struct history *history, int32_t minute)
{
    int32_t begin = minute / history->coarse.minutes * history->coarse.minutes;

    for (int i = 0; i < HISTORY_FINE_SPANS; i++) {
        const struct cells *fine = &history->fine[i];

        if (begin >= fine->first && minute <= fine->first + fine->count) {
            const struct window_sum *before = &fine->until[begin - fine->first];
            const struct window_sum *until = &fine->until[minute - fine->first];

            return (struct window_sum){ until->total - before->total, until->bad - before->bad };
        }
    }
    assert(false); /* a span begins or ends where nothing fine was asked for */
    return (struct window_sum){ 0 };
}

/* The sum of everything before `minute`. */
static struct window_sum sum_before(const struct history *history, int32_t minute)
{
    const struct cells *coarse = &history->coarse;
    int32_t cell = minute / coarse->minutes - coarse->first;
    struct window_sum sum;
    struct window_sum part = { 0 };

    if (cell < 0)
        return (struct window_sum){ 0 };
    if (cell >= coarse->count)
        return coarse->until[coarse->count];
    sum = coarse->until[cell];
    if (minute % coarse->minutes != 0)
        part = part_before(history, minute);
    return (struct window_sum){ sum.total + part.total, sum.bad + part.bad };
}

struct window_sum history_sum(const struct history *history, struct minute_span span)
{
    struct window_sum until = sum_before(history, span.until);
    struct window_sum from = sum_before(history, span.from);

    return (struct window_sum){ until.total - from.total, until.bad - from.bad };
}

/* --- histograms --- */

static int read_portion(struct desk_visit *visit, const struct history_histograms *request,
                        struct minute_span span, bool *ret_stopped)
{
    AUTO(pq_clear) PGresult *rows = NULL;
    char numbers[3][SESSION_NUMBER_BYTES];
    const char *const values[] = {
        request->service,
        session_number(request->indicator_id, numbers[0]),
        session_number(span.from, numbers[1]),
        session_number(span.until, numbers[2]),
    };
    int code = desk_run(visit,
                        "SELECT minute, histogram FROM probity.indicator_minutes "
                        "WHERE service = $1::text AND indicator_id = $2::integer "
                        "AND minute >= $3::integer AND minute < $4::integer "
                        "AND histogram IS NOT NULL ORDER BY minute",
                        SESSION_PARAMS(values), &rows);

    for (int row = 0; code == 0 && !*ret_stopped && row < PQntuples(rows); row++) {
        struct slice text = slice_of(PQgetvalue(rows, row, 1));
        AUTO(auto_free) unsigned char *bytes = malloc(text.length / 2 + 1);
        int64_t length = bytes == NULL ? -1 : array_read_hex(text, bytes);

        if (bytes == NULL)
            return -ENOMEM;
        *ret_stopped = length >= 0
                       && !request->take(request->context, (int32_t)pq_int(rows, row, 0, 0),
                                         (struct slice){ (char *)bytes, (size_t)length });
    }
    return code;
}

int history_read_histograms(struct desk_visit *visit, const struct history_histograms *request)
{
    bool stopped = false;
    int code = 0;

    for (int32_t at = request->span.from; code == 0 && !stopped && at < request->span.until;
         at += PORTION_MINUTES) {
        int32_t until =
            request->span.until - at < PORTION_MINUTES ? request->span.until : at + PORTION_MINUTES;

        code = read_portion(visit, request, (struct minute_span){ at, until }, &stopped);
    }
    return code;
}
