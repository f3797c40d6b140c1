/* shelf.h - the journal from inside: what journal.c, which writes, and shelf.c, which knows the
 * segments of the directory, share. */
#ifndef INGEST_SHELF_H
#define INGEST_SHELF_H

#include "base/arena.h"
#include "ingest/journal.h"

#include <pthread.h>

enum {
    /* Our own, which roll: the rest is for what was left behind. */
    OWN_SEGMENTS = LIMIT_JOURNAL_BYTES / LIMIT_SEGMENT_BYTES + 2,
};

/* Those of before stay: somebody may be reading with them, and reloads are rare. */
struct service_set {
    struct arena *arena; /* holds this too */
    const char *const *names;
    int count;
    struct service_set *before;
};

struct journal {
    /* set before it is shared, read-only afterwards */
    char *directory_path;
    char *service;
    /* under the mutex */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int directory; /* -1: not opened yet */
    struct segment *segments[LIMIT_SEGMENTS];
    int segment_count;
    int64_t other_bytes; /* in segments of others that live, when we looked last */
    bool writing;
    uint64_t batches[BATCH_RESULTS];
    uint64_t syncs;
    uint64_t torn_bytes;
    uint64_t broken;
    struct service_set *services; /* NULL: none yet */
    struct recall recall;
};

void journal_lock(struct journal *journal);
void journal_unlock(struct journal *journal);

/* Opens the directory unless it is open; of two threads that do it at the same time the second
 * takes the first one's.  Returns it, or -errno.  Without the mutex. */
int journal_directory(struct journal *journal, bool make) MUST_CHECK;

/* --- with the mutex --- */

int64_t journal_bytes(const struct journal *journal);

/* The segment that takes `bytes` more; NULL: a new one is needed. */
struct segment *journal_open_segment(const struct journal *journal, size_t bytes);

/* Gives a new segment its place and takes it.  0, or -EDQUOT when there is none. */
int journal_register(struct journal *journal, struct segment **segment) MUST_CHECK;

/* Waits for the disk on behalf of all; the mutex is let go meanwhile. */
void journal_sync(struct journal *journal, struct segment *segment);

/* --- by the one that writes, without the mutex --- */

int journal_add(struct journal *journal) MUST_CHECK;

#endif
