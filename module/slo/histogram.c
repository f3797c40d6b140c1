/* histogram.c - the bucket of a value, addition of buckets, and their sparse form on disk. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/histogram.h"

#include "slo/fraction.h"
#include "slo/varint.h"

#include <assert.h>
#include <errno.h>

enum {
    BUCKETS = HISTOGRAM_GROUPS * HISTOGRAM_GROUP_BUCKETS,
    ENCODING_VERSION = 1,
};

void histogram_init(struct histogram *histogram, struct arena *arena)
{
    *histogram = (struct histogram){ .arena = arena };
}

/* The topmost 8 bits of a value name its bucket, the number of bits below them its group.  Values
 * under 256 have no bits below and so a bucket each. */
uint32_t histogram_index(uint64_t value)
{
    unsigned shift;

    if (value > HISTOGRAM_MAX_VALUE)
        value = HISTOGRAM_MAX_VALUE;
    if (value < HISTOGRAM_EXACT)
        return (uint32_t)value;
    shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return (uint32_t)(shift * HISTOGRAM_GROUP_BUCKETS + (value >> shift));
}

static unsigned shift_of(uint32_t index)
{
    return index < HISTOGRAM_EXACT ? 0 : index / HISTOGRAM_GROUP_BUCKETS - 1;
}

uint64_t histogram_low(uint32_t index)
{
    unsigned shift = shift_of(index);

    assert(index < BUCKETS);
    return (uint64_t)(index - shift * HISTOGRAM_GROUP_BUCKETS) << shift;
}

uint64_t histogram_high(uint32_t index)
{
    return histogram_low(index) + ((uint64_t)1 << shift_of(index)) - 1;
}

/* The group's counters, made when they are needed; NULL when the arena is full. */
static uint64_t *group_at(struct histogram *histogram, uint32_t group)
{
    if (histogram->groups[group] == NULL)
        histogram->groups[group] =
            arena_alloc(histogram->arena, HISTOGRAM_GROUP_BUCKETS * sizeof(uint64_t));
    return histogram->groups[group];
}

static uint64_t count_at(const struct histogram *histogram, uint32_t index)
{
    const uint64_t *group = histogram->groups[index / HISTOGRAM_GROUP_BUCKETS];

    return group == NULL ? 0 : group[index % HISTOGRAM_GROUP_BUCKETS];
}

bool histogram_add(struct histogram *histogram, uint64_t value)
{
    uint32_t index = histogram_index(value);
    uint64_t *group = group_at(histogram, index / HISTOGRAM_GROUP_BUCKETS);

    if (group == NULL)
        return false;
    group[index % HISTOGRAM_GROUP_BUCKETS]++;
    histogram->count++;
    return true;
}

/* Whether `count` can be added to, or taken away from, what stands in a bucket. */
static bool fits(uint64_t have, uint64_t count, int sign)
{
    return sign > 0 ? count <= UINT64_MAX - have : count <= have;
}

/* Unsigned arithmetic wraps, so that adding the two's complement takes away. */
static uint64_t signed_by(uint64_t count, int sign)
{
    return sign > 0 ? count : (uint64_t)0 - count;
}

static bool group_fits(const uint64_t *have, const uint64_t *other, int sign)
{
    for (int i = 0; i < HISTOGRAM_GROUP_BUCKETS; i++) {
        if (!fits(have[i], other[i], sign))
            return false;
    }
    return true;
}

bool histogram_merge(struct histogram *histogram, const struct histogram *other, int sign)
{
    if (!fits(histogram->count, other->count, sign))
        return false;
    for (uint32_t g = 0; g < HISTOGRAM_GROUPS; g++) {
        if (other->groups[g] == NULL)
            continue;
        if (group_at(histogram, g) == NULL
            || !group_fits(histogram->groups[g], other->groups[g], sign))
            return false;
    }
    for (uint32_t g = 0; g < HISTOGRAM_GROUPS; g++) {
        for (int i = 0; other->groups[g] != NULL && i < HISTOGRAM_GROUP_BUCKETS; i++)
            histogram->groups[g][i] += signed_by(other->groups[g][i], sign);
    }
    histogram->count += signed_by(other->count, sign);
    return true;
}

/* Nearest rank: the smallest value that at least the asked share of all values does not exceed. */
uint64_t histogram_quantile(const struct histogram *histogram, uint64_t numerator,
                            uint64_t denominator)
{
    int128 product = (int128)histogram->count * (int128)numerator;
    uint64_t rank = (uint64_t)((product + (int128)denominator - 1) / (int128)denominator);
    uint64_t seen = 0;
    uint32_t last = 0;

    if (rank == 0)
        rank = 1;
    for (uint32_t index = 0; index < BUCKETS && seen < rank; index++) {
        uint64_t count = count_at(histogram, index);

        seen += count;
        if (count > 0)
            last = index;
    }
    return histogram->count == 0 ? 0 : histogram_high(last);
}

uint64_t histogram_count_from(const struct histogram *histogram, uint64_t threshold)
{
    uint64_t count = 0;

    for (uint32_t index = histogram_index(threshold); index < BUCKETS; index++)
        count += count_at(histogram, index);
    return count;
}

void histogram_encode(const struct histogram *histogram, struct buf *buf)
{
    uint32_t next = 0; /* the index behind the last one written: deltas count from it */

    buf_append_char(buf, ENCODING_VERSION);
    buf_append_char(buf, HISTOGRAM_SUB_BITS);
    for (uint32_t index = 0; index < BUCKETS; index++) {
        uint64_t count = count_at(histogram, index);

        if (count == 0)
            continue;
        varint_put(buf, index - next);
        varint_put(buf, count);
        next = index + 1;
    }
}

/* Takes the next bucket off the front and leaves in `*index` which one it is. */
static bool take_bucket(struct slice *rest, uint32_t *next, uint32_t *index, uint64_t *count)
{
    uint64_t delta;

    if (!varint_take(rest, &delta) || !varint_take(rest, count))
        return false;
    if (*count == 0 || delta >= BUCKETS - *next)
        return false;
    *index = *next + (uint32_t)delta;
    *next = *index + 1;
    return true;
}

/* Looks at every bucket before any is changed.  Returns 0 or -EINVAL, and all of their count. */
static int check_encoded(const struct histogram *histogram, struct slice rest, int sign,
                         uint64_t *ret_count)
{
    uint32_t next = 0;
    uint32_t index;
    uint64_t count;
    uint64_t sum = 0;

    while (rest.length > 0) {
        if (!take_bucket(&rest, &next, &index, &count) || count > UINT64_MAX - sum
            || !fits(count_at(histogram, index), count, sign))
            return -EINVAL;
        sum += count;
    }
    *ret_count = sum;
    return fits(histogram->count, sum, sign) ? 0 : -EINVAL;
}

static int make_groups(struct histogram *histogram, struct slice rest)
{
    uint32_t next = 0;
    uint32_t index;
    uint64_t count;

    while (rest.length > 0 && take_bucket(&rest, &next, &index, &count)) {
        if (group_at(histogram, index / HISTOGRAM_GROUP_BUCKETS) == NULL)
            return -ENOMEM;
    }
    return 0;
}

int histogram_merge_encoded(struct histogram *histogram, struct slice encoded, int sign)
{
    struct slice rest;
    uint32_t next = 0;
    uint32_t index;
    uint64_t count;
    uint64_t sum = 0;

    if (encoded.length < 2 || encoded.data[0] != ENCODING_VERSION
        || encoded.data[1] != HISTOGRAM_SUB_BITS)
        return -EINVAL;
    rest = (struct slice){ encoded.data + 2, encoded.length - 2 };
    if (check_encoded(histogram, rest, sign, &sum) != 0)
        return -EINVAL;
    if (make_groups(histogram, rest) != 0)
        return -ENOMEM;
    while (rest.length > 0 && take_bucket(&rest, &next, &index, &count))
        histogram->groups[index / HISTOGRAM_GROUP_BUCKETS][index % HISTOGRAM_GROUP_BUCKETS] +=
            signed_by(count, sign);
    histogram->count += signed_by(sum, sign);
    return 0;
}
