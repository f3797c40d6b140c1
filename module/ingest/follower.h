/* follower.h - the follower from inside: what follow.c, trail.c and handover.c share.
 *
 * One turn looks at the path, reads what has grown, and talks to the writer; it neither sleeps nor
 * reads a clock, so that tests drive it step by step.
 */
#ifndef INGEST_FOLLOWER_H
#define INGEST_FOLLOWER_H

#include "base/thread.h"
#include "ingest/file.h"
#include "ingest/follow.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    FOLLOWER_FILES = 48,        /* the log, its siblings, and rotated ones under watch */
    FOLLOWER_LINGER_MS = 60000, /* a rotated file may still get lines from a slow worker */
    FOLLOWER_HANDOVER_MS = 250,
    FOLLOWER_WATCH_MS = 10000, /* how often "still watched, nothing happened" is committed */
    FOLLOWER_CHUNKS = 16,      /* per file and turn, so that none starves the others */
    FOLLOWER_POLL_MS = 100,
    FOLLOWER_FINISH_MS = 1800, /* what the end may take */
};

/* How far reading may run ahead of what is committed. */
#define FOLLOWER_AHEAD_BYTES (INT64_C(64) * 1024 * 1024)

struct follower {
    /* set before start, read-only afterwards */
    char *path;
    struct queue *flushes;   /* borrowed */
    struct queue *positions; /* borrowed */
    /* ingest thread only */
    struct counting *counting;
    char *buffer; /* FILE_CHUNK_BYTES */
    struct log_file *files[FOLLOWER_FILES];
    int file_count;
    struct log_file *asked; /* the file of the message that is under way; NULL: none is */
    struct flush *unsent;   /* built, but the queue was full */
    int next_file;          /* whose flush is looked at first: in turn */
    bool discovery_due;     /* siblings are to be looked at */
    bool discovery_all;     /* also those older than what was followed last */
    bool had_path;          /* a file has been at the path before */
    int64_t known_since_ms; /* when counting began: the service's, the oldest known file's; wall */
    int64_t drained_until_ms; /* up to when the file rotated away last was watched; wall, 0 none */
    int64_t wall_ms;          /* this turn's clocks */
    int64_t boot_ms;
    struct error trouble;    /* why the log can't be read now; code 0: it can */
    int trouble_logged;      /* its code that was logged last */
    int64_t minute_at_ms;    /* boot clock: when this minute of logging rejects began */
    int samples_logged;      /* in this minute */
    uint64_t samples_silent; /* rejected in this minute without being logged */
    bool blocked;            /* reading stopped because the writer has not answered */
    int64_t caught_up_at_ms; /* boot clock; -1 never */
    bool finishing;          /* hand over what there is, without waiting for more */
    /* under the mutex */
    pthread_mutex_t mutex;
    struct follow_counters published;
    /* any thread */
    atomic_bool stopping;
    /* the owner's */
    struct thread thread;
};

struct follower *follower_new(const struct follow_settings *settings, struct queue *flushes,
                              struct queue *positions) MUST_CHECK;
void follower_free(struct follower **follower);

/* One turn at the given clocks.  Returns whether there is more to do at once. */
bool follower_turn(struct follower *follower, int64_t wall_ms, int64_t boot_ms);

/* Whether everything that was read is committed and nothing is under way. */
bool follower_settled(const struct follower *follower);

/* --- trail.c: which files there are --- */

/* Looks where the path leads now, and at siblings when that is due. */
void trail_look(struct follower *follower);

/* The content of `file` is no longer under its descriptor: goes on in the sibling that holds it, or
 * counts what nobody has read as lost. */
void trail_recover(struct follower *follower, struct log_file *file);

/* Decides about siblings once the writer has answered for all of them. */
void trail_decide(struct follower *follower);

/* The ledger has lost commits: asks again about every file that is done, the closed ones too. */
void trail_doubt(struct follower *follower);

/* Closes rotated files that nobody writes to any more. */
void trail_retire(struct follower *follower);

/* --- handover.c: the protocol with the writer --- */

/* Takes the writer's answers, waiting for the first until `deadline_ms` (boot clock; 0: not). */
void handover_receive(struct follower *follower, int64_t deadline_ms);

/* Sends the next message if none is under way. */
void handover_send(struct follower *follower);

#endif
