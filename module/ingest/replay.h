/* replay.h - counts what the journal holds, segment by segment, as the logs are counted.
 *
 * Positions, compare-and-set and the question where a segment was left are those of a log; there is
 * no rotation, no truncation, and nothing is read beyond the mark up to which it is on the disk.
 * What was posted with a key is handed over by itself, so that the writer can leave it out.  The
 * ingest thread only.
 */
#ifndef INGEST_REPLAY_H
#define INGEST_REPLAY_H

#include "ingest/journal.h"
#include "ingest/trail.h"

struct replay;

enum {
    REPLAY_LOOK_MS = 10000,    /* how often segments that somebody left behind are looked for */
    REPLAY_DOUBT_MS = 60000,   /* how often a segment is asked for that is done: a failover may have
                                * lost its commits */
    REPLAY_LINGER_MS = 600000, /* so long a segment that is done stays on the disk */
};

/* Everything is borrowed.  NULL when out of memory. */
struct replay *replay_new(const struct follow_settings *settings,
                          struct trail_room *room) MUST_CHECK;
void replay_free(struct replay **replay);

/* One turn at the room's clocks.  Returns whether there is more to do at once. */
bool replay_turn(struct replay *replay);

/* Whether this answer is about the message that is under way, and taking it. */
bool replay_awaits(const struct replay *replay, const struct file_position *position);
void replay_take(struct replay *replay, const struct file_position *position);

/* The ledger has lost commits: asks again about every segment. */
void replay_doubt(struct replay *replay);

/* Whether everything that is on the disk is committed and nothing is under way. */
bool replay_settled(const struct replay *replay);

/* What has been counted, and what waits in `lag_bytes`. */
void replay_counters(const struct replay *replay, struct follow_counters *ret);

#endif
