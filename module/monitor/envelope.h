/* envelope.h - what stands around the histories in their file: version, checksum, who wrote it.
 * Pure. */
#ifndef MONITOR_ENVELOPE_H
#define MONITOR_ENVELOPE_H

#include "base/buf.h"
#include "base/random.h"

#include <stdint.h>

struct envelope {
    uint64_t generation; /* of processes, one after the other at one file */
    uint64_t sequence;   /* of files, by one process */
    char instance[RANDOM_HEX_BYTES];
    struct slice content; /* borrowed */
};

enum envelope_verdict {
    ENVELOPE_GOOD,
    ENVELOPE_FOREIGN, /* not a file of ours */
    ENVELOPE_OTHER,   /* ours, of another version of the format */
    ENVELOPE_DAMAGED,
};

enum { ENVELOPE_HEAD_BYTES = 74 };

/* Appends head and content. */
void envelope_write(const struct envelope *envelope, struct buf *buf);

/* Leaves `*ret` unless the verdict is good; the content borrows `file`. */
enum envelope_verdict envelope_read(struct slice file, struct envelope *ret);

/* "damaged": for a sentence.  Static. */
const char *envelope_verdict_text(enum envelope_verdict verdict);

#endif
