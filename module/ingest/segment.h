/* segment.h - one file of the journal.
 *
 * Its first line is unique, and names it to the ledger as that of a log does.  Who writes or reads
 * it holds a lock on it, which ends with the process, so that nobody takes over what is alive.
 */
#ifndef INGEST_SEGMENT_H
#define INGEST_SEGMENT_H

#include "base/auto.h"
#include "base/error.h"
#include "base/slice.h"
#include "ingest/head.h"

#include <stdbool.h>
#include <stdint.h>

enum { SEGMENT_NAME_BYTES = 48 };

#define SEGMENT_SUFFIX ".journal"

struct segment {
    int directory; /* borrowed */
    int fd;
    char name[SEGMENT_NAME_BYTES];
    struct head head;
    uint64_t inode;
    int64_t written; /* whole batches up to here */
    int64_t synced;  /* and up to here they are on the disk: nobody reads further */
    int64_t torn;    /* bytes of half a batch that were cut off when it was taken over */
    bool open;       /* it is being appended to */
    bool named;      /* its name in the directory is on the disk too */
    bool syncing;    /* somebody is at it */
    int broken;      /* why nothing may be appended any more: an errno; 0: it may */
    int users;       /* threads that look at it without the lock */
};

/* Makes a new segment in the directory, with its first line written.  Returns 0, or -errno. */
int segment_new(int directory, const char *service, int64_t now_wall_ms,
                struct segment **ret) MUST_CHECK;

/* Takes over one that a process left.  Returns 0; -EBUSY while its process lives; -ENODATA for one
 * in which nothing was ever taken, which is removed; or -errno. */
int segment_take_over(int directory, const char *name, struct segment **ret) MUST_CHECK;

/* These two touch nothing but the disk, and need no lock.  Writes whole batches at `offset`: 0, or
 * -errno, with what was written of them cut off again if that can be done. */
int segment_write(int fd, struct slice entries, int64_t offset) MUST_CHECK;

/* Makes the file durable, and its name too where a directory is given.  0 or -errno. */
int segment_sync(int fd, int directory) MUST_CHECK;

/* Nothing beyond the mark was promised to anybody: cuts it off and ends the segment. */
void segment_break(struct segment *segment, int code);

/* Takes the file away from the disk. */
void segment_remove(struct segment *segment);

/* Closes it, which lets others take it over. */
void segment_close(struct segment **segment);

/* Where the entry begins in which `offset` lies, and in `*ret_end` where it ends.  Returns -1 when
 * it lies in none. */
int64_t segment_find(const struct segment *segment, int64_t offset, int64_t *ret_end);

#endif
