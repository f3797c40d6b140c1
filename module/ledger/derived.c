/* derived.c - estimates by series, summed by indicator and minute. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/derived.h"

#include "ledger/arrays.h"
#include "ledger/estimate.h"
#include "slo/histogram.h"

#include <errno.h>
#include <string.h>

enum { CELL_BYTES = 64 * 1024, SCRATCH_BYTES = 1024 * 1024 };

int derived_init(struct derived *derived)
{
    size_t minutes = (size_t)(derived->until_minute - derived->from_minute);

    derived->minutes =
        arena_alloc(derived->arena, (size_t)derived->count * minutes * sizeof(*derived->minutes));
    derived->scratch = arena_new(SCRATCH_BYTES);
    columns_open(&derived->bads, 4);
    return derived->minutes == NULL || derived->scratch == NULL ? -ENOMEM : 0;
}

void derived_done(struct derived *derived)
{
    columns_done(&derived->bads);
    arena_free(&derived->scratch);
}

/* --- one row --- */

/* A row of evidence with its cells decoded. */
struct decoded {
    struct evidence evidence;
    struct estimate_status statuses[STATUS_COUNTS];
    struct histogram durations;
    struct slice route;
    enum event_method method;
    bool any_method; /* methods were not kept: it is all of them */
    int32_t minute;
};

static struct slice cell_of(const PGresult *result, int row, int column)
{
    return (struct slice){ PQgetvalue(result, row, column),
                           (size_t)PQgetlength(result, row, column) };
}

/* The bytes of a bytea cell; none for NULL or what is no hex. */
static struct slice bytes_of(const PGresult *result, int row, int column, struct arena *arena)
{
    struct slice text = cell_of(result, row, column);
    unsigned char *bytes = arena_alloc(arena, text.length + 1);
    int64_t length = bytes == NULL ? -1 : array_read_hex(text, bytes);

    return (struct slice){ (const char *)bytes, length < 0 ? 0 : (size_t)length };
}

static void decode_statuses(struct decoded *decoded, struct slice bytes)
{
    struct status_counts counts = { { 0 } };

    if (bytes.length == 0 || status_counts_merge(&counts, bytes) != 0)
        return;
    decoded->evidence.status_count = estimate_statuses(&counts, decoded->statuses);
    decoded->evidence.statuses = decoded->statuses;
}

static void decode(struct decoded *decoded, const PGresult *result, int row, struct arena *scratch)
{
    struct slice histogram = bytes_of(result, row, EVIDENCE_HISTOGRAM, scratch);

    decoded->evidence = (struct evidence){
        .total = (uint64_t)pq_int(result, row, EVIDENCE_TOTAL, 0),
        .errors = (uint64_t)pq_int(result, row, EVIDENCE_ERRORS, 0),
    };
    decoded->route = cell_of(result, row, EVIDENCE_ROUTE);
    decoded->method = event_method_of(cell_of(result, row, EVIDENCE_METHOD));
    decoded->any_method = PQgetlength(result, row, EVIDENCE_METHOD) == 0;
    decoded->minute = (int32_t)pq_int(result, row, EVIDENCE_MINUTE, 0);
    decode_statuses(decoded, bytes_of(result, row, EVIDENCE_STATUSES, scratch));
    histogram_init(&decoded->durations, scratch);
    if (histogram.length > 0 && histogram_merge_encoded(&decoded->durations, histogram, 1) == 0)
        decoded->evidence.durations = &decoded->durations;
    else if (decoded->evidence.total == decoded->evidence.errors)
        decoded->evidence.durations = &decoded->durations; /* empty, and rightly so */
}

/* --- the sums --- */

static int merge_durations(struct derived *derived, struct derived_minute *sum,
                           const struct decoded *decoded)
{
    if (decoded->evidence.durations == NULL || decoded->durations.count == 0)
        return 0;
    if (sum->durations == NULL) {
        sum->durations = arena_alloc(derived->arena, sizeof(*sum->durations));
        if (sum->durations == NULL)
            return -ENOMEM;
        histogram_init(sum->durations, derived->arena);
    }
    return histogram_merge(sum->durations, &decoded->durations, 1) ? 0 : -ENOMEM;
}

static void widen(struct derived *derived, int index, int32_t minute)
{
    if (minute < derived->inexact_from[index])
        derived->inexact_from[index] = minute;
    if (minute >= derived->inexact_until[index])
        derived->inexact_until[index] = minute + 1;
}

static void put_bad(struct derived *derived, int index, const struct decoded *decoded, uint64_t bad)
{
    struct buf *arrays = derived->bads.arrays;

    array_put_int(&arrays[0], derived->ids[index]);
    array_put_text(&arrays[1], decoded->route);
    array_put_int(&arrays[2], decoded->minute);
    array_put_int(&arrays[3], (int64_t)bad);
}

static struct estimate judge(const struct indicator *indicator, const struct decoded *decoded)
{
    bool marked = selector_takes_series(&indicator->mark, decoded->route, decoded->method);

    if (decoded->any_method && (indicator->total.methods != 0 || indicator->mark.methods != 0))
        return (struct estimate){ .known = false };
    return estimate_share(indicator, marked, &decoded->evidence);
}

static int add_to(struct derived *derived, int index, const struct decoded *decoded)
{
    const struct indicator *indicator = derived->indicators[index];
    int32_t minutes = derived->until_minute - derived->from_minute;
    struct derived_minute *sum =
        &derived->minutes[index * minutes + decoded->minute - derived->from_minute];
    struct estimate estimate;

    if (!selector_takes_series(&indicator->total, decoded->route, decoded->method)
        && !decoded->any_method)
        return 0;
    estimate = judge(indicator, decoded);
    if (!estimate.known || !estimate.exact)
        widen(derived, index, decoded->minute);
    if (!estimate.known)
        return 0;
    sum->total += estimate.total;
    sum->bad += estimate.bad;
    if (estimate.bad > 0)
        put_bad(derived, index, decoded, estimate.bad);
    return indicator->timed ? merge_durations(derived, sum, decoded) : 0;
}

int derived_add(struct derived *derived, const PGresult *evidence, int row)
{
    struct decoded decoded;
    int code = 0;

    arena_clear(derived->scratch);
    decode(&decoded, evidence, row, derived->scratch);
    if (decoded.minute < derived->from_minute || decoded.minute >= derived->until_minute)
        return 0;
    for (int i = 0; code == 0 && i < derived->count; i++)
        code = add_to(derived, i, &decoded);
    return code;
}

static int put_durations(struct buf *column, const struct derived_minute *sum)
{
    struct buf encoded;
    int code;

    if (sum->durations == NULL) {
        array_put_null(column);
        return 0;
    }
    buf_init(&encoded, CELL_BYTES);
    histogram_encode(sum->durations, &encoded);
    array_put_bytes(column, buf_slice(&encoded));
    code = buf_ok(&encoded) ? 0 : -ENOMEM;
    buf_done(&encoded);
    return code;
}

int derived_fill(const struct derived *derived, struct columns *columns)
{
    int32_t minutes = derived->until_minute - derived->from_minute;
    int code = 0;

    for (int i = 0; code == 0 && i < derived->count * minutes; i++) {
        const struct derived_minute *sum = &derived->minutes[i];

        if (sum->total == 0)
            continue;
        array_put_int(&columns->arrays[0], derived->ids[i / minutes]);
        array_put_int(&columns->arrays[1], derived->from_minute + i % minutes);
        array_put_int(&columns->arrays[2], (int64_t)sum->total);
        array_put_int(&columns->arrays[3], (int64_t)sum->bad);
        code = put_durations(&columns->arrays[4], sum);
    }
    return code;
}
