/* status_counts.h - how many events had which status code, as a few bytes that the ledger keeps per
 * route and minute, so that an indicator that is defined later can be derived from them.  Pure.
 *
 * A version, then per status that occurred its distance from the one before and its count.  499
 * (the client left) is among them, although no indicator ever looks at it.
 */
#ifndef SLO_STATUS_COUNTS_H
#define SLO_STATUS_COUNTS_H

#include "base/auto.h"
#include "base/buf.h"
#include "slo/selector.h"

#include <stdbool.h>
#include <stdint.h>

enum { STATUS_COUNTS = STATUS_HIGH - STATUS_LOW + 1 };

/* By status - STATUS_LOW.  A zeroed one is empty. */
struct status_counts {
    uint64_t counts[STATUS_COUNTS];
};

/* A status out of range is a mistake of the caller. */
void status_counts_add(struct status_counts *counts, int status, uint64_t count);
uint64_t status_counts_of(const struct status_counts *counts, int status);

/* Appends the encoded form; equal counts have equal bytes. */
void status_counts_encode(const struct status_counts *counts, struct buf *buf);

/* Adds what was encoded.  Returns 0, or -EINVAL for bytes that are none of this version or would
 * overflow a count; the counts are then as before. */
int status_counts_merge(struct status_counts *counts, struct slice encoded) MUST_CHECK;

#endif
