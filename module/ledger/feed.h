/* feed.h - what a reader has seen of each file, held against the positions of a snapshot.  Pure,
 * but for memory.
 *
 * Only the holder of a file's position writes the file's rows, and stamps them with the position
 * that they are committed with: so the rows with a stamp beyond the position seen last are all that
 * has changed.  A position that went back (a failover lost commits), or a file that is gone, is a
 * break: everything has to be read again.
 */
#ifndef LEDGER_FEED_H
#define LEDGER_FEED_H

#include "base/auto.h"
#include "base/buf.h"
#include "slo/tally.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct feed_file {
    struct file_id file;
    int64_t offset;
};

struct feed {
    struct feed_file *files; /* by their ids, rising */
    int count;
    bool begun; /* something has been seen */
};

void feed_done(struct feed *feed);

/* Columns of the positions' rows, which come in the order of file_id. */
enum {
    FEED_REVISION,
    FEED_OLDEST_PROGRAM,
    FEED_FILE, /* NULL in the only row when there is no position */
    FEED_OFFSET,
    FEED_FROM_MS,
    FEED_UNTIL_MS,
    FEED_LAST_EVENT_MS,
    FEED_LINES,
    FEED_REJECTED_LINES,
    FEED_LOST_BYTES,
};

/* Takes the files out of the positions' rows.  0, or -ENOMEM. */
int feed_take(struct feed *feed, const PGresult *positions) MUST_CHECK;

/* Whether `now` follows on `seen` without a break. */
bool feed_continues(const struct feed *seen, const struct feed *now);

/* The files whose position has moved, as two array parameters: their ids, and the offset seen last
 * (-1 for a new file).  Returns how many.  `seen` has begun and continues. */
int feed_changes(const struct feed *seen, const struct feed *now, struct buf *ids,
                 struct buf *offsets);

/* Makes `*seen` what `*now` is, and empties `*now`. */
void feed_advance(struct feed *seen, struct feed *now);

#endif
