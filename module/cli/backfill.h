/* backfill.h - `probity backfill` from inside: what the files of one run share. */
#ifndef CLI_BACKFILL_H
#define CLI_BACKFILL_H

#include "base/error.h"
#include "base/queue.h"
#include "cli/progress.h"
#include "ingest/follow.h"
#include "ledger/writer.h"

struct backfill {
    struct follow_settings follow; /* its sources: the one of the file */
    struct queue *flushes;         /* to the writer */
    struct queue *positions;       /* and back: one question at a time */
    struct ledger_writer *writer;
    struct progress progress;
    int64_t done_bytes; /* of the files before this one */
    uint64_t lines;
};

/* What became of one file. */
struct backfill_result {
    struct follow_counters counted; /* what this run has committed */
    int64_t known_bytes;            /* what the ledger had already when it began */
};

/* Counts a file of `follow.sources[0]` from where the ledger has it to its end.  Returns 0, or
 * -errno with `err`; `ret` is what was committed all the same. */
int backfill_file(struct backfill *backfill, const char *path, struct backfill_result *ret,
                  struct error *err) MUST_CHECK;

#endif
