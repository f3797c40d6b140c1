/* trail.h - one log under way: the files that are or were it, and what its writer's answers mean.
 *
 * One turn looks at the path, reads what has grown, and talks to the ledger's writer; it neither
 * sleeps nor reads a clock, so that tests drive it step by step.  The ingest thread only, but for
 * trail_counters().
 */
#ifndef INGEST_TRAIL_H
#define INGEST_TRAIL_H

#include "base/queue.h"
#include "ingest/file.h"
#include "ingest/follow.h"
#include "ingest/sight.h"

#include <pthread.h>
#include <stdbool.h>

enum {
    TRAIL_FILES = 48,        /* the log, its siblings, and rotated ones under watch */
    TRAIL_LINGER_MS = 60000, /* a rotated file may still get lines from a slow worker */
    TRAIL_HANDOVER_MS = 250,
    TRAIL_WATCH_MS = 10000, /* how often "still watched, nothing happened" is committed */
    TRAIL_CHUNKS = 16,      /* per file and turn, so that none starves the others */
};

/* How far reading may run ahead of what is committed. */
#define TRAIL_AHEAD_BYTES (INT64_C(64) * 1024 * 1024)

/* What the trails of one thread share, by the thread itself. */
struct trail_room {
    struct queue *flushes;   /* borrowed */
    int (*obstacle)(int fd); /* sight_obstacle() */
    char *buffer;            /* FILE_CHUNK_BYTES */
    uint64_t questions;      /* sent so far: answers come in their order */
    int64_t wall_ms;         /* this turn's clocks */
    int64_t boot_ms;
    bool finishing;           /* hand over what there is, without waiting for more */
    int64_t resting_since_ms; /* wall: what is later waits; 0: nobody rests */
};

struct trail {
    /* set before start, read-only afterwards */
    const struct source_config *source;
    const char *path;        /* the source's */
    struct trail_room *room; /* borrowed */
    /* ingest thread only */
    struct counting *counting;
    struct log_file *files[TRAIL_FILES];
    int file_count;
    struct log_file *asked; /* the file of the message that is under way; NULL: none is */
    uint64_t question;      /* the number of that message */
    struct flush *unsent;   /* built, but the queue was full */
    int next_file;          /* whose flush is looked at first: in turn */
    bool discovery_due;     /* siblings are to be looked at */
    bool discovery_all;     /* also those older than what was followed last */
    bool had_path;          /* a file has been at the path before */
    int64_t known_since_ms; /* when counting began: the service's, the oldest known file's; wall */
    int64_t drained_until_ms; /* up to when the file rotated away last was watched; wall, 0 none */
    struct error trouble;     /* why the log can't be read now; code 0: it can */
    int trouble_logged;       /* its code that was logged last */
    int64_t minute_at_ms;     /* boot clock: when this minute of logging rejects began */
    int samples_logged;       /* in this minute */
    uint64_t samples_silent;  /* rejected in this minute without being logged */
    bool blocked;             /* reading stopped because the writer has not answered */
    int64_t caught_up_at_ms;  /* boot clock; -1 never */
    struct sight sight;
    int obstacle_logged; /* as the log was told last */
    int64_t seen_bytes;  /* in the file at the path, at the end of this turn */
    bool grown;          /* or it was cut: others were at it since the turn before */
    bool rested;         /* all has been handed over since a pause began */
    /* under the mutex */
    pthread_mutex_t mutex;
    struct follow_counters published;
};

/* `source` and `room` are borrowed.  NULL when out of memory. */
struct trail *trail_new(const struct source_config *source, const struct follow_settings *settings,
                        struct trail_room *room) MUST_CHECK;
void trail_free(struct trail **trail);

/* One turn at the room's clocks.  Returns whether there is more to do at once. */
bool trail_turn(struct trail *trail);

/* Whether everything that was read is committed and nothing is under way. */
bool trail_settled(const struct trail *trail);

/* Classifies by other templates (borrowed) from now on.  Returns false when out of memory. */
bool trail_set_templates(struct trail *trail, const struct templates *templates) MUST_CHECK;

/* What happened so far.  Any thread. */
void trail_counters(const struct trail *trail, struct follow_counters *ret);

/* --- trail.c: which files there are --- */

/* Looks where the path leads now, and at siblings when that is due. */
void trail_look(struct trail *trail);

/* The content of `file` is no longer under its descriptor: goes on in the sibling that holds it, or
 * counts what nobody has read as lost. */
void trail_recover(struct trail *trail, struct log_file *file);

/* Decides about siblings once the writer has answered for all of them. */
void trail_decide(struct trail *trail);

/* The ledger has lost commits: asks again about every file that is done, the closed ones too. */
void trail_doubt(struct trail *trail);

/* Closes rotated files that nobody writes to any more. */
void trail_retire(struct trail *trail);

/* --- handover.c: the protocol with the writer --- */

/* Whether this answer is about the message that is under way; and takes it, if it is. */
bool handover_awaits(const struct trail *trail, const struct file_position *position);
void handover_take(struct trail *trail, const struct file_position *position);

/* Sends the next message if none is under way. */
void handover_send(struct trail *trail);

#endif
