/* status_counts.c - delta-coded status codes and their counts. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/status_counts.h"

#include "slo/varint.h"

#include <assert.h>
#include <errno.h>

enum { ENCODING_VERSION = 1 };

void status_counts_add(struct status_counts *counts, int status, uint64_t count)
{
    assert(status >= STATUS_LOW && status <= STATUS_HIGH);
    counts->counts[status - STATUS_LOW] += count;
}

uint64_t status_counts_of(const struct status_counts *counts, int status)
{
    assert(status >= STATUS_LOW && status <= STATUS_HIGH);
    return counts->counts[status - STATUS_LOW];
}

void status_counts_encode(const struct status_counts *counts, struct buf *buf)
{
    unsigned next = 0; /* the index behind the last one written: deltas count from it */

    buf_append_char(buf, ENCODING_VERSION);
    for (unsigned index = 0; index < STATUS_COUNTS; index++) {
        if (counts->counts[index] == 0)
            continue;
        varint_put(buf, index - next);
        varint_put(buf, counts->counts[index]);
        next = index + 1;
    }
}

/* Takes the next count off the front and leaves in `*index` whose it is. */
static bool take_count(struct slice *rest, unsigned *next, unsigned *index, uint64_t *count)
{
    uint64_t delta;

    if (!varint_take(rest, &delta) || !varint_take(rest, count))
        return false;
    if (*count == 0 || delta >= STATUS_COUNTS - *next)
        return false;
    *index = *next + (unsigned)delta;
    *next = *index + 1;
    return true;
}

int status_counts_merge(struct status_counts *counts, struct slice encoded)
{
    struct status_counts sum = *counts;
    struct slice rest;
    unsigned next = 0;
    unsigned index = 0;
    uint64_t count = 0;

    if (encoded.length < 1 || encoded.data[0] != ENCODING_VERSION)
        return -EINVAL;
    rest = (struct slice){ encoded.data + 1, encoded.length - 1 };
    while (rest.length > 0) {
        if (!take_count(&rest, &next, &index, &count) || count > UINT64_MAX - sum.counts[index])
            return -EINVAL;
        sum.counts[index] += count;
    }
    *counts = sum;
    return 0;
}
