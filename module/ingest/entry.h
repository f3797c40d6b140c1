/* entry.h - the journal's records: what was posted, part by part, each behind a line that says what
 * it is.  Pure.
 *
 *   {"entry":"CRC","bytes":N,"events":N,"part":N,"parts":N,"posted":S.mmm}
 *   {"entry":"CRC","bytes":N,"events":N,"part":N,"parts":N,"posted":S.mmm,"key":"…","first":"…","body":"…"}
 *
 * and then `bytes` bytes of lines as batch.h makes them.  The CRC-32 is that of everything behind
 * it, up to the last line's newline.  A batch counts once its last part is whole.
 */
#ifndef INGEST_ENTRY_H
#define INGEST_ENTRY_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/slice.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct entry {
    struct flush_batch batch;
    int events;
    int part; /* from 0 */
    int parts;
    size_t bytes; /* of its lines */
};

enum { ENTRY_HEADER_BYTES = 384 }; /* no header is longer */

/* Appends a whole entry; `entry->bytes` is the length of `lines`. */
void entry_write(const struct entry *entry, struct slice lines, struct buf *buf);

/* Reads the header at the front of `text`.  Returns how long it is with its newline, or 0 if there
 * is none. */
size_t entry_read(struct slice text, struct entry *ret) MUST_CHECK;

/* Whether header and lines are as they were written. */
bool entry_holds(struct slice header, struct slice lines);

#endif
