/* journal.h - where posted events are kept from the moment they are taken until the ledger has
 * them.
 *
 * Appends from any thread are made durable together, by whoever comes first: nobody returns before
 * what it brought is on the disk.  The follower reads what is; segments that earlier processes left
 * in the directory are taken over.  Nothing here touches the disk before the first batch, and a
 * directory that can't be written is tried again with every batch.
 */
#ifndef INGEST_JOURNAL_H
#define INGEST_JOURNAL_H

#include "ingest/batch.h"
#include "ingest/recall.h"
#include "ingest/segment.h"

#include <stdbool.h>
#include <stdint.h>

struct journal;

/* What became of a batch, in the words of the metrics. */
#define FOR_EACH_BATCH_RESULT(X)                                                 \
    X(ACCEPTED, "accepted")   /* on the disk, and told so */                     \
    X(REPEATED, "repeated")   /* its key was taken before, with the same body */ \
    X(CONFLICT, "conflict")   /* its key was taken before, with another body */  \
    X(BAD, "bad")             /* something in it is wrong */                     \
    X(TOO_LARGE, "too_large") /* too many events */                              \
    X(FULL, "full")           /* no room: on the disk, or for more that waits */ \
    X(FAILED, "failed")       /* the disk failed, or did not answer */

enum batch_result {
#define X(name, text) BATCH_##name,
    FOR_EACH_BATCH_RESULT(X)
#undef X
        BATCH_RESULTS
};

struct journal_settings {
    const char *state_dir; /* segments go into its journal/SERVICE/; copied */
    const char *service;   /* the home service; copied */
};

/* NULL when out of memory. */
struct journal *journal_new(const struct journal_settings *settings) MUST_CHECK;

/* When nobody uses it any more; what is not in the ledger stays on the disk. */
void journal_free(struct journal **journal);

/* The services whose events are counted from now on; copied.  Before the first call none is.
 * Returns 0 or -ENOMEM.  Any thread. */
int journal_set_services(struct journal *journal, const char *const services[],
                         int count) MUST_CHECK;

/* --- posting; any thread --- */

/* Reads a body as batch_parse() does, for the services that were set. */
int journal_parse(struct journal *journal, struct slice body, int64_t now_wall_ms,
                  struct batch *batch, struct error *err) MUST_CHECK;

/* Whether this instance has taken the batch before; `tag` has the hashes of key and body. */
enum recall_verdict journal_recall(struct journal *journal, const struct flush_batch *tag);

/* Takes a batch: returns 0 once it is on the disk.  Else nothing is taken, and `err` says why:
 * -ENOSPC when the disk is full, -EDQUOT when LIMIT_JOURNAL_BYTES wait, or another -errno.
 * -ETIMEDOUT, when the disk has not answered by `deadline_ms` (boot clock), leaves it open whether
 * the batch will count.  `tag->first_hash` need not be set. */
int journal_append(struct journal *journal, const struct batch *batch,
                   const struct flush_batch *tag, int64_t deadline_ms,
                   struct error *err) MUST_CHECK;

/* Counts a batch; any thread. */
void journal_note(struct journal *journal, enum batch_result result);

/* "accepted": the word for metrics.  Static. */
const char *batch_result_text(enum batch_result result);

/* --- reading; the ingest thread only --- */

/* Takes over what processes that are gone have left; slow, as much as there is to read. */
void journal_look(struct journal *journal);

/* Opens a segment where none is open, so that there is one to say that posts are waited for.  What
 * keeps it from that, the next batch will be told. */
void journal_begin(struct journal *journal);

/* The segments as they stand, oldest first, at most LIMIT_SEGMENTS.  They are there until they are
 * dropped; what changes in them is `written`, `synced` and `open`, so these are copies. */
int journal_segments(struct journal *journal, struct segment ret[LIMIT_SEGMENTS]);

/* Removes a segment for good, unless somebody still writes it. */
void journal_drop(struct journal *journal, const struct file_id *id);

/* Whether so much waits that segments which are done should go early. */
bool journal_is_crowded(struct journal *journal);

struct journal_counters {
    uint64_t batches[BATCH_RESULTS];
    int64_t bytes;         /* on the disk */
    int segments;          /* taken over or our own */
    uint64_t syncs;        /* how often the disk was waited for */
    uint64_t torn_bytes;   /* cut off from segments of processes that were killed */
    uint64_t broken;       /* segments ended because the disk failed */
    const char *directory; /* the journal's */
};

void journal_counters(struct journal *journal, struct journal_counters *ret);

#endif
