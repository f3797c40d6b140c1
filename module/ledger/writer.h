/* writer.h - commits counts and the file's position in one transaction.
 *
 * One thread and one lasting connection.  It takes flushes from a queue, answers each with a
 * position, retries as long as the ledger is out of reach (the follower then stops reading: the
 * file is the buffer), and never loses or repeats a count: the position moves by compare-and-set.
 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "base/error.h"
#include "base/queue.h"
#include "ledger/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger_writer;

/* `flushes` holds struct flush * (the writer owns what it pops), `positions` takes struct
 * file_position.  Both outlive the writer. */
int ledger_writer_start(const struct ledger_settings *settings, struct queue *flushes,
                        struct queue *positions, struct ledger_writer **ret,
                        struct error *err) MUST_CHECK;

/* Commits what is queued, at most for 3 s, then ends. */
void ledger_writer_stop(struct ledger_writer **writer);

/* Somebody asks for it: what it would look for within a minute (what others have applied, files
 * that nobody completes) it looks for now, or as soon as the ledger answers.  Any thread. */
void ledger_writer_hurry(struct ledger_writer *writer);

/* What happened so far.  Any thread. */
#define FOR_EACH_LEDGER_COUNTER(X)                                                              \
    X(commits, "probity_ledger_commits_total", "Flushes committed to the ledger")               \
    X(failures, "probity_ledger_failures_total", "Flushes that failed and were tried again")    \
    X(rewinds, "probity_ledger_rewinds_total",                                                  \
      "Flushes dropped because the ledger's position had moved")                                \
    X(rejected_rows, "probity_ledger_rejected_rows_total", "Minute rows that Postgres refused") \
    X(rows, "probity_ledger_rows_total", "Minute rows written")                                 \
    X(batches_repeated, "probity_ledger_batches_repeated_total",                                \
      "Posted batches left out because one with the same key and body was counted before")      \
    X(batches_contradicted, "probity_ledger_batches_contradicted_total",                        \
      "Posted batches left out because another body was counted under their key")

struct ledger_counters {
#define X(field, metric, help) uint64_t field;
    FOR_EACH_LEDGER_COUNTER(X)
#undef X
    int64_t last_commit_at_ms; /* boot clock; -1 before the first */
    char trouble[128];        /* why it does not commit now, in words for people; "" when it does */
    int64_t trouble_since_ms; /* boot clock: when it ceased to commit, whatever the words since */
    bool definitions_changed; /* other objectives have been applied to the ledger than those of
                               * the catalogue: it should be read anew */
    bool definitions_known;   /* the ledger has been asked, and holds no others */
};

void ledger_writer_counters(const struct ledger_writer *writer, struct ledger_counters *ret);

#endif
