/* coverage.c - the union of spans of time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/coverage.h"

#include <stdbool.h>
#include <stdlib.h>

static int compare_from(const void *a, const void *b)
{
    int64_t left = ((const struct coverage_span *)a)->from_ms;
    int64_t right = ((const struct coverage_span *)b)->from_ms;

    return (left > right) - (left < right);
}

int coverage_merge(struct coverage_span spans[], int count)
{
    int merged = 0;

    if (count > 0)
        qsort(spans, (size_t)count, sizeof(*spans), compare_from);
    for (int i = 0; i < count; i++) {
        struct coverage_span *last = merged == 0 ? NULL : &spans[merged - 1];

        if (spans[i].until_ms <= spans[i].from_ms)
            continue;
        if (last == NULL || spans[i].from_ms > last->until_ms)
            spans[merged++] = spans[i];
        else if (spans[i].until_ms > last->until_ms)
            last->until_ms = spans[i].until_ms;
    }
    return merged;
}

/* The next hole; false at the end.  Postgres writes none of the blanks that strtoll() skips. */
static bool next_hole(const char **text, struct coverage_span *ret)
{
    char *end;

    if (**text != '{' && **text != ',')
        return false;
    ret->from_ms = strtoll(*text + 1, &end, 10);
    if (*end != ',')
        return false;
    ret->until_ms = strtoll(end + 1, &end, 10);
    *text = end;
    return true;
}

int coverage_cut(struct coverage_span span, const char *holes,
                 struct coverage_span ret[COVERAGE_HOLES + 1])
{
    struct coverage_span sorted[COVERAGE_HOLES];
    int count = 0;
    int parts = 0;

    while (count < COVERAGE_HOLES && next_hole(&holes, &sorted[count]))
        count++;
    count = coverage_merge(sorted, count);
    for (int i = 0; i < count; i++) {
        int64_t until_ms = sorted[i].from_ms < span.until_ms ? sorted[i].from_ms : span.until_ms;

        if (until_ms > span.from_ms)
            ret[parts++] = (struct coverage_span){ span.from_ms, until_ms };
        if (sorted[i].until_ms > span.from_ms)
            span.from_ms = sorted[i].until_ms;
    }
    if (span.until_ms > span.from_ms || parts == 0)
        ret[parts++] = span;
    return parts;
}

int64_t coverage_union_ms(struct coverage_span spans[], int count, struct coverage_span within)
{
    int merged = coverage_merge(spans, count);
    int64_t sum_ms = 0;

    for (int i = 0; i < merged; i++) {
        int64_t from_ms = spans[i].from_ms > within.from_ms ? spans[i].from_ms : within.from_ms;
        int64_t until_ms =
            spans[i].until_ms < within.until_ms ? spans[i].until_ms : within.until_ms;

        if (until_ms > from_ms)
            sum_ms += until_ms - from_ms;
    }
    return sum_ms;
}
