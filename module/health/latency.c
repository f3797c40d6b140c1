/* latency.c - eleven small log-linear histograms in a ring. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "health/latency.h"

#include "base/auto.h"

#include <string.h>

/* Below 2^(SUB_BITS + 1) every value has a bucket of its own; above, the SUB_BITS bits below the
 * highest one choose it. */
static int bucket_of(int64_t latency_us)
{
    const int64_t largest = ((int64_t)1 << LATENCY_LARGEST_BITS) - 1;
    uint64_t value = latency_us < 0 ? 0 : (uint64_t)(latency_us > largest ? largest : latency_us);
    int shift = 0;

    if (value >> (LATENCY_SUB_BITS + 1) != 0)
        shift = 63 - __builtin_clzll(value) - LATENCY_SUB_BITS;
    return (shift << LATENCY_SUB_BITS) + (int)(value >> shift);
}

static int64_t bucket_end_us(int bucket)
{
    int shift = (bucket >> LATENCY_SUB_BITS) - 1;

    if (shift <= 0)
        return bucket;
    return (((int64_t)bucket - ((int64_t)shift << LATENCY_SUB_BITS) + 1) << shift) - 1;
}

void latency_add(struct latency *latency, int64_t latency_us, int64_t now_ms)
{
    int64_t number = now_ms / LATENCY_SLICE_MS;
    struct latency_slice *slice = &latency->slices[number % LATENCY_SLICES];
    uint16_t *count = &slice->counts[bucket_of(latency_us)];

    if (slice->number != number)
        *slice = (struct latency_slice){ .number = number };
    if (*count < UINT16_MAX)
        (*count)++;
}

int64_t latency_p95_us(const struct latency *latency, int64_t now_ms)
{
    int64_t newest = now_ms / LATENCY_SLICE_MS;
    uint32_t sums[LATENCY_BUCKETS] = { 0 };
    uint64_t total = 0;
    uint64_t seen = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(latency->slices); i++) {
        if (latency->slices[i].number <= newest - LATENCY_SLICES)
            continue;
        for (int bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
            sums[bucket] += latency->slices[i].counts[bucket];
            total += latency->slices[i].counts[bucket];
        }
    }
    for (int bucket = 0; bucket < LATENCY_BUCKETS && total > 0; bucket++) {
        seen += sums[bucket];
        if (seen * 100 >= total * 95)
            return bucket_end_us(bucket);
    }
    return -1;
}
