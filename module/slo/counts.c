/* counts.c - pairs in one block of memory, widened as a whole. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/counts.h"

#include "slo/window.h"

#include <errno.h>
#include <stdlib.h>

struct narrow {
    uint32_t total;
    uint32_t bad;
};

void counts_clear(struct counts *counts)
{
    free(counts->cells);
    *counts = (struct counts){ 0 };
}

bool counts_is_empty(const struct counts *counts)
{
    return counts->cells == NULL;
}

struct window_sum counts_at(const struct counts *counts, int at)
{
    const struct narrow *narrow = counts->cells;
    const struct window_sum *wide = counts->cells;

    if (counts->cells == NULL)
        return (struct window_sum){ 0, 0 };
    return counts->wide ? wide[at] : (struct window_sum){ narrow[at].total, narrow[at].bad };
}

static int widen(struct counts *counts, int length)
{
    struct window_sum *wide = calloc((size_t)length, sizeof(*wide));

    if (wide == NULL)
        return -ENOMEM;
    for (int i = 0; i < length; i++)
        wide[i] = counts_at(counts, i);
    free(counts->cells);
    *counts = (struct counts){ .cells = wide, .wide = true };
    return 0;
}

static bool fits(struct window_sum sum)
{
    return sum.total <= UINT32_MAX && sum.bad <= UINT32_MAX;
}

int counts_set(struct counts *counts, int length, int at, struct window_sum sum)
{
    if (!counts->wide && !fits(sum)) {
        int code = widen(counts, length);

        if (code != 0)
            return code;
    }
    if (counts->cells == NULL)
        counts->cells = calloc((size_t)length, sizeof(struct narrow));
    if (counts->cells == NULL)
        return -ENOMEM;
    if (counts->wide)
        ((struct window_sum *)counts->cells)[at] = sum;
    else
        ((struct narrow *)counts->cells)[at] =
            (struct narrow){ (uint32_t)sum.total, (uint32_t)sum.bad };
    return 0;
}

struct window_sum counts_sum(const struct counts *counts, int from, int until)
{
    const struct narrow *narrow = counts->cells;
    const struct window_sum *wide = counts->cells;
    struct window_sum sum = { 0, 0 };

    if (counts->cells == NULL)
        return sum;
    for (int i = from; i < until; i++) {
        sum.total += counts->wide ? wide[i].total : narrow[i].total;
        sum.bad += counts->wide ? wide[i].bad : narrow[i].bad;
    }
    return sum;
}

uint64_t counts_bytes(const struct counts *counts, int length)
{
    if (counts->cells == NULL)
        return 0;
    return (uint64_t)length * (counts->wide ? sizeof(struct window_sum) : sizeof(struct narrow));
}
