/* latency.h - the 95th percentile of a check's latency over the last 5 minutes.  Pure.
 *
 * Counts in buckets at most 1/32 wide instead of samples, so that its memory is fixed however often
 * a check in doubt looks again.
 */
#ifndef HEALTH_LATENCY_H
#define HEALTH_LATENCY_H

#include <stdint.h>

enum {
    LATENCY_SLICES = 11, /* ten full ones and the one that fills */
    LATENCY_SLICE_MS = 30000,
    LATENCY_SUB_BITS = 5,
    LATENCY_LARGEST_BITS = 26, /* a latency of 67 s or more counts as that */
    LATENCY_BUCKETS = (LATENCY_LARGEST_BITS - LATENCY_SUB_BITS + 1) << LATENCY_SUB_BITS,
};

struct latency_slice {
    int64_t number; /* which 30 s of the boot clock it holds */
    uint16_t counts[LATENCY_BUCKETS];
};

struct latency {
    struct latency_slice slices[LATENCY_SLICES]; /* zeroed: nothing counted */
};

/* Counts one latency at `now_ms` of the boot clock. */
void latency_add(struct latency *latency, int64_t latency_us, int64_t now_ms);

/* The smallest latency that 95 % don't exceed, rounded up to its bucket's end: never better than
 * the truth.  -1 when nothing was counted in the last 5 minutes. */
int64_t latency_p95_us(const struct latency *latency, int64_t now_ms);

#endif
