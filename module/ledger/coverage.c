/* coverage.c - the union of spans of time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/coverage.h"

#include <stdlib.h>

static int compare_from(const void *a, const void *b)
{
    int64_t left = ((const struct coverage_span *)a)->from_ms;
    int64_t right = ((const struct coverage_span *)b)->from_ms;

    return (left > right) - (left < right);
}

int64_t coverage_union_ms(struct coverage_span spans[], int count, struct coverage_span within)
{
    int64_t covered_until_ms = within.from_ms;
    int64_t sum_ms = 0;

    if (count > 0)
        qsort(spans, (size_t)count, sizeof(*spans), compare_from);
    for (int i = 0; i < count; i++) {
        int64_t from_ms = spans[i].from_ms > covered_until_ms ? spans[i].from_ms : covered_until_ms;
        int64_t until_ms =
            spans[i].until_ms < within.until_ms ? spans[i].until_ms : within.until_ms;

        if (until_ms <= from_ms)
            continue;
        sum_ms += until_ms - from_ms;
        covered_until_ms = until_ms;
    }
    return sum_ms;
}
