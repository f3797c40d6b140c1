/* feed.h - what a reader has seen of each file, held against the positions of a snapshot.  Pure,
 * but for memory.
 *
 * Only the holder of a file's position writes the file's rows, and stamps them with the position
 * that they are committed with: so the rows with a stamp beyond the position seen last are all that
 * has changed.  A position that went back (a failover lost commits), or a file that is gone, is a
 * break: everything has to be read again.  A file for which more is counted than before has rows
 * that no stamp tells of.
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
    int service; /* index into the catalogue's */
    struct file_id file;
    int64_t offset;
    int64_t until_ms; /* wall: how far it has been watched */
    int64_t counted;  /* stands for which indicators and slices are counted in its rows */
};

struct feed {
    struct feed_file *files; /* by service, then id, rising */
    int count;
    bool begun; /* something has been seen */
};

void feed_done(struct feed *feed);

/* Columns of the positions' rows, which come in the order of service and file_id. */
enum {
    FEED_REVISION,
    FEED_OLDEST_PROGRAM,
    FEED_SERVICE, /* counted from 1; NULL in the only row when there is no position */
    FEED_FILE,
    FEED_OFFSET,
    FEED_COUNTED,
    FEED_FROM_MS,
    FEED_UNTIL_MS,
    FEED_LAST_EVENT_MS,
    FEED_LINES,
    FEED_REJECTED_LINES,
    FEED_LOST_BYTES,
    FEED_LATE_EVENTS,
    FEED_HOLES,
};

/* Takes the files out of the positions' rows.  0, or -ENOMEM. */
int feed_take(struct feed *feed, const PGresult *positions) MUST_CHECK;

/* 0 or -ENOMEM. */
int feed_copy(const struct feed *feed, struct feed *ret) MUST_CHECK;

/* Whether `now` follows on `seen` without a break.  A file that was left before `retired_ms` may be
 * gone: retention took it, and nothing of it is in any window. */
bool feed_continues(const struct feed *seen, const struct feed *now, int64_t retired_ms);

/* Marks the services with a file for which more is counted than before. */
void feed_mark_grown(const struct feed *seen, const struct feed *now, bool grown[]);

/* The files whose position has moved, as three array parameters. */
struct feed_changes {
    struct buf services; /* counted from 1 */
    struct buf ids;
    struct buf offsets; /* seen last; -1 for a new file */
};

/* Returns how many.  `seen` has begun and continues. */
int feed_list_changes(const struct feed *seen, const struct feed *now,
                      struct feed_changes *changes);

/* Makes `*seen` what `*now` is, and empties `*now`. */
void feed_advance(struct feed *seen, struct feed *now);

#endif
