/* tally.h - events counted by minute and route, on their way from a log file to the ledger.  Pure.
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
#include "slo/objective.h"

#include <stdint.h>

/* Names a file by its content: the first 16 bytes of the SHA-256 of its first line. */
struct file_id {
    unsigned char bytes[16];
};

struct tally_event {
    int64_t time_ms; /* wall clock, the event's own */
    uint64_t duration_ms;
    uint32_t route; /* index from tally_route() */
    uint16_t status;
};

/* What happened on one route within one minute. */
struct tally_row {
    int32_t minute; /* since 1970 */
    uint32_t route;
    uint64_t total;                  /* events that count: everything but 499 */
    uint64_t errors;                 /* 5xx */
    uint64_t client_closed;          /* 499 */
    uint64_t slow[LIMIT_THRESHOLDS]; /* not 5xx, and at or over thresholds_ms[i] */
    uint64_t duration_ms_sum;        /* of everything that isn't 5xx */
    uint64_t duration_ms_max;
    struct histogram durations; /* of everything that isn't 5xx, in milliseconds */
};

struct tally; /* rows by (minute, route), at most LIMIT_TALLY_ROWS */

/* `thresholds_ms` are the distinct latency thresholds of all objectives; they are copied. */
struct tally *tally_new(const int64_t *thresholds_ms, int threshold_count) MUST_CHECK;
void tally_free(struct tally **tally);

/* The index of a route template within this tally, added if it is new.  Route names are bounded by
 * the caller (classify).  Returns -1 when the tally is full. */
int tally_route(struct tally *tally, struct slice name) MUST_CHECK;

/* Counts one event.  Returns false when the tally is full: hand it over and start another. */
bool tally_add(struct tally *tally, const struct tally_event *event) MUST_CHECK;

/* For the writer: the rows in no particular order, and the name of a route. */
int tally_row_count(const struct tally *tally);
const struct tally_row *tally_row_at(const struct tally *tally, int index);
const char *tally_route_name(const struct tally *tally, uint32_t route);
int tally_threshold_count(const struct tally *tally);
int64_t tally_threshold_ms(const struct tally *tally, int index);

/* One objective's share of one minute, summed over the tally's routes. */
struct tally_sum {
    int32_t minute;
    uint64_t total; /* events that the objective looks at */
    uint64_t bad;
    struct histogram durations; /* latency objectives; else empty */
};

/* Sums the rows by minute for one objective, into the arena.  Returns how many minutes (in
 * rising order, none without rows), or -1 when the arena is full or the objective's threshold is
 * none of the tally's.  Availability and error rate look at everything but 499 and call 5xx bad;
 * latency looks at everything but 499 and 5xx. */
int tally_sum_by_minute(const struct tally *tally, const struct objective *objective,
                        struct arena *arena, struct tally_sum **ret) MUST_CHECK;

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
    struct flush_batch batch; /* FLUSH_COUNTS: if `tally` is that of a batch with a key */
    char path[256];           /* hints for people: where the file was seen */
    uint64_t inode;
};

void flush_free(struct flush **flush);

/* The writer's answer to every flush, in the order of the questions: seek to `offset` (backwards
 * too) unless it is where you are.  Copied through the queue. */
struct file_position {
    struct file_id file;
    int64_t offset; /* committed; 0 for a file that the ledger does not know */
    bool known;     /* the ledger has a position for this file */
    bool committed; /* the flush counted; false: drop what was tallied and seek to `offset` */
    int64_t watched_until_ms; /* as committed; 0 if not known */
    int64_t service_since_ms; /* wall: when the ledger first heard of the service; 0: not told */
};

#endif
