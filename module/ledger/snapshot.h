/* snapshot.h - what the parts of the reader share: the connection, the indicators' ids, what has
 * been seen, and a snapshot of the positions.  For reader.c, load.c, changes.c and details.c. */
#ifndef LEDGER_SNAPSHOT_H
#define LEDGER_SNAPSHOT_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/feed.h"
#include "ledger/reader.h"
#include "ledger/session.h"
#include "ledger/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* Where rows of an indicator go: by service, id and slice_minutes (0: events), rising. */
struct track_key {
    int service;
    int id;
    int32_t slice_minutes;
    int track;
};

struct ledger_reader {
    /* set when opened */
    struct ledger_settings settings;
    const struct tracks *tracks;
    char *services;                         /* the names as an array literal */
    const struct indicator **by_definition; /* the catalogue's indicators by service, definition */

    struct session session;
    int *ids;                       /* of the catalogue's indicators; 0: not registered (yet) */
    struct ledger_derived *derived; /* of the same */
    struct track_key *keys;         /* of tracks whose indicator is registered */
    int key_count;
    bool registered; /* every indicator has its id, and nothing was derived since */

    struct feed seen;       /* up to here changes are in the windows */
    struct feed latest;     /* the newest positions that were met: they must not go back */
    struct feed histograms; /* seen by ledger_reader_histograms() */

    int64_t retired_ms; /* wall: files that were left before then may be gone */

    bool *unread; /* by track: to be read whole */
    int unread_count;
    int per_step; /* how many tracks a step of a load takes: adapted to their size */
    bool anew;    /* there was a load since the last complete read */
    int ahead_at; /* the track from which the next portion of coming edges is taken */
};

/* The positions as one snapshot shows them; its transaction is open until snapshot_end(). */
struct snapshot {
    PGresult *positions;
    struct feed now;
};

/* Frees what a snapshot holds; a destructor for AUTO(). */
void snapshot_done(struct snapshot *snapshot);

/* 0, or -errno as ledger_reader_read() has it, with `err` in words for people; the connection is
 * closed then. */
int snapshot_begin(struct ledger_reader *reader, int64_t deadline_ms, struct snapshot *ret,
                   struct error *err) MUST_CHECK;

/* Ends the transaction.  `code` is what the reading between came to, `cause` its own error: both
 * become words for people.  Returns the first failure of the two, or 0. */
int snapshot_end(struct ledger_reader *reader, int code, const struct error *cause,
                 struct error *err) MUST_CHECK;

/* One statement within the snapshot, with text parameters. */
struct snapshot_query {
    const char *sql;
    const char *const *values;
    int count;
    bool binary; /* the result's cells */
};

int snapshot_run(struct ledger_reader *reader, const struct snapshot_query *query, PGresult **ret,
                 struct error *err) MUST_CHECK;

#define SNAPSHOT_VALUES(...)                        \
    .values = (const char *const[]){ __VA_ARGS__ }, \
    .count = (int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

/* The tracks that rows of this kind go to: keys[*ret_from] and the next ones; returns how many. */
int snapshot_keys(const struct ledger_reader *reader, const struct track_key *wanted,
                  int *ret_from);

/* Whether these can be the counts of one row: somebody may have written to the tables by hand, and
 * the arithmetic behind us trusts what it gets.  0 or -EPROTO. */
int snapshot_check_counts(int64_t total, int64_t bad, struct error *err) MUST_CHECK;

/* --- load.c: whole tracks, and the minutes of single quarter hours --- */

/* Marks tracks to be read whole: all, or those of the marked services. */
void load_all(struct ledger_reader *reader);
void load_services(struct ledger_reader *reader, const bool marked[]);

/* Reads some of what is marked, within the snapshot.  0 or -errno. */
int load_step(struct ledger_reader *reader, struct window *const windows[],
              struct error *err) MUST_CHECK;

/* Reads the minutes in which sums begin or end now, and a portion of those where they will.  0 or
 * -errno. */
int load_edges(struct ledger_reader *reader, struct window *const windows[],
               struct error *err) MUST_CHECK;

/* --- changes.c --- */

/* Brings what changed since `seen` into the windows.  0; -EOVERFLOW: there is so much that
 * everything has to be read; or -errno. */
int changes_take(struct ledger_reader *reader, const struct snapshot *snapshot,
                 struct window *const windows[], int32_t now_minute, struct error *err) MUST_CHECK;

#endif
