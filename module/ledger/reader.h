/* reader.h - the complete feed of changes: which minutes are new or different since the last look.
 *
 * Used by the accountant's thread alone, over one lasting connection.  A first read, and one that
 * finds a file's position gone back, is a reload: `reload` is set and the caller forgets all.
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/coverage.h"
#include "ledger/settings.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger_reader;

/* One objective's whole minute, summed over files. */
struct ledger_minute {
    int objective; /* index into settings.objectives */
    int32_t minute;
    struct window_sum sum;
};

/* How well the log was watched. */
struct ledger_coverage {
    int64_t measured_since_ms; /* wall clock; 0: nothing yet */
    int64_t watched_until_ms;  /* newest over all files */
    int64_t watched_ms;        /* within the window: the union of what was watched */
    int64_t last_event_ms;     /* 0: none yet */
    uint64_t lines;
    uint64_t rejected_lines;
    uint64_t lost_bytes;
    const struct coverage_span *spans; /* what was watched, disjoint and rising; in the arena */
    int span_count;
};

/* One route's bad events for one objective, over the window. */
struct ledger_route {
    int objective;
    char route[LIMIT_ROUTE_BYTES];
    uint64_t total;
    uint64_t bad;
};

struct ledger_changes {
    bool reload;
    const struct ledger_minute *minutes; /* in the arena passed to the read */
    int minute_count;
    struct ledger_coverage coverage;
};

int ledger_reader_open(const struct ledger_settings *settings, struct ledger_reader **ret,
                       struct error *err) MUST_CHECK;
void ledger_reader_close(struct ledger_reader **reader);

/* Connects if needed and reads what changed since the last successful read, in one snapshot.
 * Returns 0, or -errno with `err` in words for people ("ledger: the schema is missing: run
 * probity migrate upgrade"); nothing is considered read then.  -ENODATA: the schema is missing;
 * -ESTALE: it is older than this program needs; -ENOTSUP: it is newer; anything else: the ledger is
 * out of reach. */
int ledger_reader_read(struct ledger_reader *reader, int64_t now_wall_ms, int64_t deadline_ms,
                       struct arena *arena, struct ledger_changes *ret,
                       struct error *err) MUST_CHECK;

/* One minute's histogram of a latency objective, summed over files, encoded. */
struct ledger_histogram {
    int objective;
    int32_t minute;
    struct slice encoded;
};

/* The histograms of minutes in [from_minute, to_minute] that changed since this reader's last call
 * with `since_last` set; without it all of that range.  Each changed minute comes as a whole (the
 * rows of all its files, one element per row). */
int ledger_reader_histograms(struct ledger_reader *reader, int32_t from_minute, int32_t to_minute,
                             bool since_last, int64_t deadline_ms, struct arena *arena,
                             const struct ledger_histogram **ret, int *ret_count,
                             struct error *err) MUST_CHECK;

/* The routes with bad events in the window, the worst ten per objective, most bad first. */
int ledger_reader_routes(struct ledger_reader *reader, int32_t from_minute, int32_t to_minute,
                         int64_t deadline_ms, struct arena *arena, const struct ledger_route **ret,
                         int *ret_count, struct error *err) MUST_CHECK;

#endif
