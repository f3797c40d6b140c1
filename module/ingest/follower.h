/* follower.h - the follower from inside: the ingest thread and the logs that take turns on it. */
#ifndef INGEST_FOLLOWER_H
#define INGEST_FOLLOWER_H

#include "base/thread.h"
#include "ingest/fetcher.h"
#include "ingest/meter.h"
#include "ingest/replay.h"
#include "ingest/templates.h"
#include "ingest/trail.h"

#include <stdatomic.h>

enum {
    FOLLOWER_POLL_MS = 100,
    FOLLOWER_FINISH_MS = 1800, /* what the end may take */
};

struct follower {
    /* set before start, read-only afterwards */
    struct queue *positions; /* borrowed */
    struct idle *idle;       /* borrowed; may be NULL */
    struct trail *trails[LIMIT_SOURCES];
    int trail_count;
    struct fetcher *fetcher; /* NULL: no templates are to be asked for */
    struct replay *replay;   /* NULL: there is no journal */
    bool offline;            /* trails take no turns */
    /* ingest thread only */
    struct trail_room room;
    struct meter *meter;                        /* NULL: nobody wants to hear of requests */
    struct templates *templates[LIMIT_SOURCES]; /* by trail; NULL: none */
    /* any thread */
    atomic_bool stopping;
    /* the owner's */
    struct thread thread;
};

struct follower *follower_new(const struct follow_settings *settings, struct queue *flushes,
                              struct queue *positions) MUST_CHECK;
void follower_free(struct follower **follower);

/* One turn of every log at the given clocks.  Returns whether there is more to do at once. */
bool follower_turn(struct follower *follower, int64_t wall_ms, int64_t boot_ms);

/* Whether everything that was read is committed and nothing is under way. */
bool follower_settled(const struct follower *follower);

#endif
