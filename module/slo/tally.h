/* tally.h - events counted by minute and series, on their way from a log file to the ledger.  Pure.
 *
 * A tally belongs to one file.  It is filled by the follower, handed over whole with the offsets
 * that it covers, and committed by the ledger's writer together with the file's new position.
 */
#ifndef SLO_TALLY_H
#define SLO_TALLY_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/limits.h"
#include "slo/histogram.h"
#include "slo/plan.h"

#include <stdint.h>

/* Names a file by its content: the first 16 bytes of the SHA-256 of its first line. */
struct file_id {
    unsigned char bytes[16];
};

struct tally_event {
    int64_t time_ms; /* wall clock, the event's own */
    uint64_t duration_ms;
    uint32_t series; /* index from tally_series() */
    uint16_t status; /* STATUS_LOW to STATUS_HIGH */
};

/* What happened in one series within one minute. */
struct tally_row {
    int32_t minute; /* since 1970 */
    uint32_t series;
    struct plan_cells *cells; /* all events, each status that occurred once */
    uint64_t duration_ms_sum; /* of everything that is neither 499 nor 5xx */
    uint64_t duration_ms_max;
    struct histogram durations; /* of the same, in milliseconds */
};

struct tally_totals {
    uint64_t total;         /* events that count: everything but 499 */
    uint64_t errors;        /* 5xx */
    uint64_t client_closed; /* 499 */
};

/* Rows by (minute, series), at most LIMIT_TALLY_ROWS and LIMIT_TALLY_SHARES. */
struct tally;

/* `plan`, and so its catalogue, outlives every tally.  NULL when out of memory. */
struct tally *tally_new(const struct plan *plan) MUST_CHECK;
void tally_free(struct tally **tally);

/* The index of a series within this tally, added if it is new.  Routes are bounded by the caller
 * (classify).  Returns -1 when the tally is full. */
int tally_series(struct tally *tally, int service, struct slice route,
                 enum event_method method) MUST_CHECK;

/* Counts one event.  Returns false when the tally is full: hand it over and start another. */
bool tally_add(struct tally *tally, const struct tally_event *event) MUST_CHECK;

/* For the writer: the rows in no particular order, and whose they are. */
const struct plan *tally_plan(const struct tally *tally);
int tally_row_count(const struct tally *tally);
const struct tally_row *tally_row_at(const struct tally *tally, int index);
int tally_series_count(const struct tally *tally);
const struct plan_series *tally_series_at(const struct tally *tally, uint32_t series);

struct tally_totals tally_row_totals(const struct tally_row *row);

/* --- what crosses between the follower (ingest/) and the writer (ledger/) --- */

enum flush_kind {
    FLUSH_ASK,    /* where was this file left?  answered by a file_position, nothing is written */
    FLUSH_COUNTS, /* commit `tally` and move the position from `from_offset` to `to_offset` */
};

/* What was posted with an Idempotency-Key, or a part of it: it counts unless its key is taken. */
struct flush_batch {
    bool keyed;
    unsigned char key_hash[32];   /* of this part: each of a large batch is settled by itself */
    unsigned char first_hash[32]; /* of the batch's first part: that of the key */
    unsigned char body_hash[32];
    int64_t posted_ms; /* wall clock: when it was taken */
};

/* One message to the writer, which owns it from the push on: queue items are `struct flush *`. */
struct flush {
    enum flush_kind kind;
    struct file_id file;
    int home; /* index of the service whose row of the file's position decides */
    int64_t from_offset;
    int64_t to_offset;
    struct tally *tally;      /* FLUSH_COUNTS: owned; NULL when only time has passed */
    uint64_t lines;           /* between the two offsets */
    uint64_t rejected_lines;  /* of these: no events, counted by reason in the metrics */
    uint64_t lost_bytes;      /* gone from the disk before they were read */
    int64_t last_event_ms;    /* newest event time in the tally, 0 for none; wall clock */
    int64_t watched_from_ms;  /* from when on this file is watched without a gap; wall clock; used
                               * when the position is created */
    int64_t watched_until_ms; /* up to when everything logged is counted with this flush; wall */
    int64_t hole_from_ms, hole_until_ms; /* in between nothing could be logged; both 0: none */
    struct flush_batch batch; /* FLUSH_COUNTS: if `tally` is that of a batch with a key */
    char path[256];           /* hints for people: where the file was seen */
    uint64_t inode;
};

void flush_free(struct flush **flush);

/* The writer's answer to every flush, in the order of the questions: seek to `offset` (backwards
 * too) unless it is where you are.  Copied through the queue. */
struct file_position {
    struct file_id file;
    int64_t offset;   /* committed; 0 for a file that the ledger does not know */
    bool known;       /* the ledger has a position for this file */
    bool committed;   /* the flush counted; false: drop what was tallied and seek to `offset` */
    bool reconnected; /* since the answer before: other files' commits may have been lost */
    int64_t watched_until_ms; /* as committed; 0 if not known */
    int64_t service_since_ms; /* wall: when the ledger first heard of the service; 0: not told */
};

#endif
