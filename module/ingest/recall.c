/* recall.c - a ring of hashes, searched from end to end: a few microseconds beside an fsync. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/recall.h"

#include <string.h>

enum recall_verdict recall_judge(const struct recall *recall, const struct flush_batch *batch)
{
    for (int i = 0; i < recall->count; i++) {
        const struct flush_batch *known = &recall->batches[i];

        if (memcmp(known->key_hash, batch->key_hash, sizeof(known->key_hash)) != 0
            || batch->posted_ms - known->posted_ms >= RECALL_MS)
            continue;
        return memcmp(known->body_hash, batch->body_hash, sizeof(known->body_hash)) == 0
                   ? RECALL_SAME
                   : RECALL_OTHER_BODY;
    }
    return RECALL_NEW;
}

void recall_note(struct recall *recall, const struct flush_batch *batch)
{
    recall->batches[recall->next] = *batch;
    recall->next = (recall->next + 1) % LIMIT_BATCH_KEYS;
    if (recall->count < LIMIT_BATCH_KEYS)
        recall->count++;
}
