/* follow.h - follows access logs through rotation, truncation, moves and restarts.
 *
 * One thread for all: reads, parses, classifies and tallies, and hands a flush of each log to the
 * ledger's writer two to four times a second, one at a time.  While the writer has not answered it
 * reads on into the log's next tally, up to its bounds, then stops: the file is the buffer.
 */
#ifndef INGEST_FOLLOW_H
#define INGEST_FOLLOW_H

#include "base/error.h"
#include "base/queue.h"
#include "config/sources.h"
#include "ingest/reject.h"
#include "slo/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct follower;
struct idle;
struct journal;
struct requests;
struct templates;

struct follow_settings {
    const struct source_config *sources; /* borrowed, at most LIMIT_SOURCES */
    int source_count;
    const char *service; /* the instance's own, one of the plan's: it keeps the positions of sources
                          * whose service is none of them */
    const struct plan *plan;                  /* with its catalogue it outlives every flush */
    const struct templates *const *templates; /* by source, for counting rooms that are made by
                                               * themselves; the follower makes its own */
    struct idle *idle;                        /* hears of what is logged, and says when to rest:
                                               * then nothing is handed over; NULL: never */
    struct journal *journal;                  /* what was posted; NULL: nothing is */
    struct requests *requests; /* hears of every line that is logged from now on; NULL: nobody */
    bool offline; /* there is no ledger: nothing is handed over, only `requests` hears */
};

/* `flushes` takes struct flush *, `positions` gives struct file_position; both outlive it. */
int follower_start(const struct follow_settings *settings, struct queue *flushes,
                   struct queue *positions, struct follower **ret, struct error *err) MUST_CHECK;

/* Reads to the end of the files, hands over the last flush and ends: at most 2 s. */
void follower_stop(struct follower **follower);

/* What happened so far; `rejects` by enum reject.  Any thread. */
struct follow_counters {
    uint64_t lines;
    uint64_t bytes;
    uint64_t events;
    uint64_t not_counted; /* OPTIONS, 101, Probity's own endpoints, another service */
    uint64_t rejects[REJECT_COUNT];
    uint64_t lost_bytes; /* gone from the disk before they were read */
    uint64_t rotations;
    int64_t lag_bytes;       /* between the committed position and the end of the file */
    int64_t caught_up_at_ms; /* boot clock: when the end of the file was last reached; -1 never */
    bool waiting_for_file;   /* the log does not exist (yet) */
    bool waiting_for_ledger; /* the writer has not answered and the bounds are reached */
    bool unwritable;         /* the log's volume takes no lines: what happens now is not in it */
};

/* Sums over all sources and the journal; caught up is when the last source was.  Any thread. */
void follower_counters(const struct follower *follower, struct follow_counters *ret);

/* The same for one source, by its index in the settings.  Any thread. */
int follower_source_count(const struct follower *follower);
const char *follower_source_name(const struct follower *follower, int source);
void follower_source_counters(const struct follower *follower, int source,
                              struct follow_counters *ret);

#endif
