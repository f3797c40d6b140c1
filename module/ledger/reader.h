/* reader.h - brings the ledger's counts into windows, and keeps them what the ledger says.
 *
 * Used by the accountant's thread alone, over one lasting connection.  The first time, and after a
 * break (a file's position went back), everything is read, in steps of which each is short; from
 * then on what has changed.
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/coverage.h"
#include "ledger/settings.h"
#include "slo/track.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger_reader;

/* How well one service's logs were watched. */
struct ledger_coverage {
    int64_t measured_since_ms; /* wall clock; 0: nothing yet */
    int64_t watched_until_ms;  /* newest over all files */
    int64_t last_event_ms;     /* 0: none yet */
    uint64_t lines;
    uint64_t rejected_lines;
    uint64_t lost_bytes;
    uint64_t late_events;              /* read more than 5 minutes after their minute */
    const struct coverage_span *spans; /* what was watched, disjoint and rising */
    int span_count;
};

/* Minutes that don't count: [from_minute, until_minute). */
struct ledger_exclusion {
    int service;           /* index into the catalogue's */
    const char *objective; /* "": every objective of the service */
    const char *id;
    const char *reason;
    const char *author;
    int32_t from_minute;
    int32_t until_minute;
    bool is_maintenance; /* and not booked as an exclusion */
};

/* What a read found beside the counts; in the arena passed to it. */
struct ledger_news {
    bool complete; /* false: a load is under way, the windows say nothing yet; read on */
    bool anew;     /* there was a load: since the last complete read, or for the first time */
    const struct ledger_coverage *coverage;    /* by the catalogue's services */
    const struct ledger_exclusion *exclusions; /* by service and from_minute */
    int exclusion_count;
    int exclusions_left_out; /* the oldest, beyond LIMIT_EXCLUSIONS: they count after all */
    const struct ledger_derived *derived; /* by the catalogue's indicators */
};

struct ledger_look {
    int64_t now_wall_ms;
    int64_t until_ms;    /* boot clock: up to when a load may go on to its next step */
    int64_t deadline_ms; /* boot clock: of any statement */
};

/* The catalogue of `settings` and `tracks` are borrowed.  To rest closes the connection alone. */
int ledger_reader_open(const struct ledger_settings *settings, const struct tracks *tracks,
                       struct ledger_reader **ret, struct error *err) MUST_CHECK;
void ledger_reader_close(struct ledger_reader **reader);
void ledger_reader_rest(struct ledger_reader *reader);

/* Connects if needed and brings the windows (one per track, advanced to now by the caller) up to
 * date.  Returns 0, or -errno with `err` in words for people ("ledger: the schema is missing: run
 * probity migrate upgrade"); the windows say nothing then until the next success.  -ENODATA: the
 * schema is missing; -ESTALE: it is older than this program needs; -ENOTSUP: it is newer; anything
 * else: the ledger is out of reach. */
int ledger_reader_read(struct ledger_reader *reader, const struct ledger_look *look,
                       struct window *const windows[], struct arena *arena, struct ledger_news *ret,
                       struct error *err) MUST_CHECK;

/* --- what is asked for now and then --- */

/* A stretch of minutes, both ends included, for some indicators (indexes into the catalogue's). */
struct ledger_range {
    const int *indicators;
    int indicator_count;
    int32_t from_minute;
    int32_t to_minute;
    int64_t deadline_ms;
};

/* One minute's histogram, of one file, encoded. */
struct ledger_histogram {
    int indicator; /* index into the catalogue's */
    int32_t minute;
    struct slice encoded;
};

/* The histograms within the range; with `since_last` only minutes that changed since this reader's
 * last call with it.  Each changed minute comes as a whole (the rows of all its files, one element
 * per row). */
int ledger_reader_histograms(struct ledger_reader *reader, const struct ledger_range *range,
                             bool since_last, struct arena *arena,
                             const struct ledger_histogram **ret, int *ret_count,
                             struct error *err) MUST_CHECK;

/* One route's bad events for one indicator, over the range. */
struct ledger_route {
    int indicator;
    char route[LIMIT_ROUTE_BYTES];
    uint64_t total; /* events that the indicator looks at, where `total_known` */
    bool total_known;
    uint64_t bad;
};

/* The routes with bad events, the worst ten per indicator; all indicators are of one service. */
int ledger_reader_routes(struct ledger_reader *reader, const struct ledger_range *range,
                         struct arena *arena, const struct ledger_route **ret, int *ret_count,
                         struct error *err) MUST_CHECK;

#endif
