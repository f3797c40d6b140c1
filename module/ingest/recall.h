/* recall.h - the keys of the batches that were taken last.  Pure.
 *
 * Remembers no more than LIMIT_BATCH_KEYS: whom it has forgotten, the ledger knows.
 */
#ifndef INGEST_RECALL_H
#define INGEST_RECALL_H

#include "base/limits.h"
#include "slo/tally.h"

/* A key that comes again later is another batch. */
#define RECALL_MS (INT64_C(24) * 60 * 60 * 1000)

enum recall_verdict { RECALL_NEW, RECALL_SAME, RECALL_OTHER_BODY };

struct recall {
    struct flush_batch batches[LIMIT_BATCH_KEYS]; /* a ring */
    int next;
    int count;
};

/* Whether a batch with that key was taken within the day before `batch->posted_ms`. */
enum recall_verdict recall_judge(const struct recall *recall, const struct flush_batch *batch);

void recall_note(struct recall *recall, const struct flush_batch *batch);

#endif
