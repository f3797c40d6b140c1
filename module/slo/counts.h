/* counts.h - a row of totals and bad counts, 32 bits wide until one does not fit.  Pure. */
#ifndef SLO_COUNTS_H
#define SLO_COUNTS_H

#include "base/auto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_sum;

/* Its length is the caller's to know, always the same one; all zero is empty. */
struct counts {
    void *cells; /* NULL: all are 0 */
    bool wide;   /* 64 bits each */
};

void counts_clear(struct counts *counts);
bool counts_is_empty(const struct counts *counts);

/* 0 or -ENOMEM, nothing changed then. */
int counts_set(struct counts *counts, int length, int at, struct window_sum sum) MUST_CHECK;

struct window_sum counts_at(const struct counts *counts, int at);

/* Those from `from` until before `until`. */
struct window_sum counts_sum(const struct counts *counts, int from, int until);

uint64_t counts_bytes(const struct counts *counts, int length);

#endif
