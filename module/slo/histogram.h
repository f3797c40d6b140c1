/* histogram.h - integer log-linear histogram of durations: 7 sub-bucket bits, exact below 256, then
 * buckets at most 1/128 (0.78 %) wide.  Pure; memory comes from an arena.
 *
 * The bucket of a value is found by count-leading-zeros and a shift; merging is addition, so it is
 * associative, commutative and reproducible.  Verdicts never read it.  Layout after HdrHistogram.
 */
#ifndef SLO_HISTOGRAM_H
#define SLO_HISTOGRAM_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 7,
    HISTOGRAM_EXACT = 1 << (HISTOGRAM_SUB_BITS + 1), /* values below it have a bucket each */
    HISTOGRAM_MAX_VALUE = (1 << 27) - 1,             /* larger values go to the last bucket */
    HISTOGRAM_GROUPS = 27 - HISTOGRAM_SUB_BITS + 1,  /* of 128 buckets each; the first two exact */
    HISTOGRAM_GROUP_BUCKETS = 1 << HISTOGRAM_SUB_BITS,
};

/* Groups are allocated when a value first falls into them: most rows touch two or three. */
struct histogram {
    struct arena *arena; /* borrowed */
    uint64_t count;      /* beside the first groups: those are in use all the time */
    uint64_t *groups[HISTOGRAM_GROUPS];
};

void histogram_init(struct histogram *histogram, struct arena *arena);

/* Adds one value.  Returns false when the arena is full: nothing was added. */
bool histogram_add(struct histogram *histogram, uint64_t value) MUST_CHECK;

/* Adds (or with `sign` -1 takes away) all of `other`.  Returns false when the arena is full, or
 * when more would be taken away than is there: the counts are then as before. */
bool histogram_merge(struct histogram *histogram, const struct histogram *other,
                     int sign) MUST_CHECK;

/* The bucket of a value, and the smallest and largest value of a bucket. */
uint32_t histogram_index(uint64_t value);
uint64_t histogram_low(uint32_t index);
uint64_t histogram_high(uint32_t index);

/* The nearest-rank quantile numerator/denominator (95/100): the upper edge of its bucket, so never
 * better than the truth.  0 for an empty histogram. */
uint64_t histogram_quantile(const struct histogram *histogram, uint64_t numerator,
                            uint64_t denominator);

/* How many values are `threshold` or more; exact where the threshold is a bucket's lower edge, else
 * with the whole bucket that holds it: never fewer than the truth. */
uint64_t histogram_count_from(const struct histogram *histogram, uint64_t threshold);

/* Appends the sparse form: version, sub-bucket bits, then delta-coded index and count as varints.
 */
void histogram_encode(const struct histogram *histogram, struct buf *buf);

/* Adds (sign 1) or takes away (sign -1) an encoded histogram.  Returns 0, -EINVAL for bytes that
 * are no histogram of this layout or more than can be taken away, -ENOMEM when the arena is full;
 * on failure the counts are as before. */
int histogram_merge_encoded(struct histogram *histogram, struct slice encoded, int sign) MUST_CHECK;

#endif
