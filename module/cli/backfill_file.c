/* backfill_file.c - one old log: what the follower does with a file, without waiting for more. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/backfill.h"

#include "base/clock.h"
#include "ingest/archive.h"
#include "ingest/file.h"
#include "ingest/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 200,
    PATIENCE_MS = 15000, /* how long the ledger may be out of reach */
};

/* How much is read before it is committed: what an interruption repeats. */
#define AHEAD_BYTES (INT64_C(64) * 1024 * 1024)

/* A file on its way. */
struct filling {
    struct backfill *backfill;
    const char *path;
    struct archive *archive;
    struct counting *counting;
    struct sheet sheet;
    int64_t committed_offset;
    struct follow_counters committed; /* the counting room's, as they were then */
    int64_t last_event_ms;
};

static void filling_done(struct filling *filling)
{
    sheet_clear(&filling->sheet);
    counting_free(&filling->counting);
    archive_close(&filling->archive);
}

static void show(const struct filling *filling)
{
    struct backfill *backfill = filling->backfill;

    progress_show(&backfill->progress,
                  &(struct progress_state){
                      .name = filling->path,
                      .done_bytes = backfill->done_bytes + archive_bytes_read(filling->archive),
                      .lines = backfill->lines + filling->counting->counters.lines,
                  });
}

/* --- the protocol with the writer --- */

static bool is_out_of_reach(const struct backfill *backfill, struct ledger_counters *counters)
{
    ledger_writer_counters(backfill->writer, counters);
    return counters->trouble[0] != '\0'
           && clock_boot_ms() - counters->trouble_since_ms > PATIENCE_MS;
}

/* Sends a message and waits for its answer. */
static int exchange(struct filling *filling, struct flush **flush, struct file_position *ret,
                    struct error *err)
{
    struct backfill *backfill = filling->backfill;
    struct ledger_counters counters;

    if (*flush == NULL || !queue_push(backfill->flushes, flush)) {
        flush_free(flush);
        return error_set(err, ENOMEM, "%s: out of memory", filling->path);
    }
    *flush = NULL; /* it is the writer's now */
    while (!queue_pop(backfill->positions, ret, clock_boot_ms() + ANSWER_MS)) {
        show(filling);
        if (is_out_of_reach(backfill, &counters))
            return error_set(err, ETIMEDOUT,
                             "%s: the ledger does not commit: %s: run it again once it does, what "
                             "is committed stays",
                             filling->path, counters.trouble);
    }
    return 0;
}

static struct flush *new_flush(const struct filling *filling, enum flush_kind kind)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (flush == NULL)
        return NULL;
    flush->kind = kind;
    flush->file = archive_head(filling->archive)->id;
    flush->home = filling->counting->home;
    return flush;
}

static int ask(struct filling *filling, struct file_position *ret, struct error *err)
{
    struct flush *flush = new_flush(filling, FLUSH_ASK);

    return exchange(filling, &flush, ret, err);
}

/* It was watched while it was written: from its first line to its last. */
static struct flush *build_counts(struct filling *filling)
{
    struct flush *flush = new_flush(filling, FLUSH_COUNTS);
    const struct sheet *sheet = &filling->sheet;
    int64_t now_ms = clock_wall_ms();
    int64_t first_ms = archive_head(filling->archive)->first_ms;

    if (flush == NULL)
        return NULL;
    if (first_ms <= 0 || first_ms > now_ms)
        first_ms = now_ms;
    if (sheet->last_event_ms > filling->last_event_ms)
        filling->last_event_ms = sheet->last_event_ms;
    flush->from_offset = filling->committed_offset;
    flush->to_offset = archive_offset(filling->archive);
    flush->lines = sheet->lines;
    flush->rejected_lines = sheet->rejected_lines;
    flush->last_event_ms = sheet->last_event_ms;
    flush->watched_from_ms = first_ms;
    flush->watched_until_ms = filling->last_event_ms > first_ms ? filling->last_event_ms : first_ms;
    if (flush->watched_until_ms > now_ms)
        flush->watched_until_ms = now_ms;
    (void)snprintf(flush->path, sizeof(flush->path), "%s", filling->path);
    flush->inode = archive_inode(filling->archive);
    flush->tally = sheet_take(&filling->sheet);
    return flush;
}

/* Goes on where the ledger is, and forgets what was counted beyond. */
static int resume(struct filling *filling, int64_t offset, struct error *err)
{
    sheet_clear(&filling->sheet);
    filling->counting->counters = filling->committed;
    filling->committed_offset = offset;
    return archive_seek(filling->archive, offset, err);
}

/* `*ret_lost`: somebody else, a probityd that follows the file, was faster.  What he has counted is
 * counted. */
static int hand_over(struct filling *filling, bool *ret_lost, struct error *err)
{
    struct flush *flush;
    struct file_position answer = { .committed = false };
    int code;

    if (archive_offset(filling->archive) == filling->committed_offset)
        return 0;
    flush = build_counts(filling);
    code = exchange(filling, &flush, &answer, err);
    if (code != 0)
        return code;
    *ret_lost = !answer.committed;
    if (!answer.committed)
        return resume(filling, answer.offset, err);
    filling->committed_offset = answer.offset;
    filling->committed = filling->counting->counters;
    return 0;
}

/* --- reading --- */

/* Steps over a line that is longer than a chunk.  `*ret_end`: it has no end. */
static int skip_line(struct filling *filling, bool *ret_end, struct error *err)
{
    struct counting *counting = filling->counting;
    int64_t from = archive_offset(filling->archive);
    const char *newline = NULL;
    struct slice chunk;
    size_t length;

    while (newline == NULL) {
        int code = archive_read(filling->archive, &chunk, err);

        newline = chunk.length == 0 ? NULL : memchr(chunk.data, '\n', chunk.length);
        if (newline == NULL && (code != 0 || chunk.length == 0)) {
            *ret_end = true;
            return code != 0 ? code : archive_seek(filling->archive, from, err);
        }
        length = newline == NULL ? chunk.length : (size_t)(newline - chunk.data) + 1;
        archive_take(filling->archive, length);
    }
    counting_reject(counting, REJECT_TOO_LONG, from, SLICE("(over 64 KiB)"));
    counting->counters.lines++;
    counting->counters.bytes += (uint64_t)(archive_offset(filling->archive) - from);
    filling->sheet.lines++;
    filling->sheet.rejected_lines++;
    return 0;
}

/* A log in another format than it is said to be would be counted as rejected lines, and that once
 * and for all: when not one line of its first chunk can be read, it is left alone. */
static int doubt_format(const struct filling *filling, struct error *err)
{
    const struct follow_counters *counters = &filling->counting->counters;
    const struct source_config *source = filling->backfill->follow.sources;
    const char *why = "";
    const char *hint = "say its --format";

    if (filling->committed_offset > 0 || filling->sheet.lines == 0
        || filling->sheet.lines > filling->sheet.rejected_lines
        || counters->rejects[REJECT_TIME] > 0)
        return 0;
    for (int i = 0; i < REJECT_COUNT; i++) {
        if (counters->rejects[i] > 0)
            why = reject_text((enum reject)i);
    }
    if (source->format == SOURCE_COMBINED && counters->rejects[REJECT_MISSING] > 0)
        hint = "behind the user agent there has to be $request_time";
    return error_set(err, EINVAL,
                     "%s: nothing was counted: its first lines are not in the format %s (%s): %s",
                     filling->path, source_format_text(source->format), why, hint);
}

/* One chunk.  `*ret_end`: there is no more to read. */
static int read_chunk(struct filling *filling, bool *ret_end, struct error *err)
{
    struct slice chunk;
    int code = archive_read(filling->archive, &chunk, err);
    bool whole = chunk.length == FILE_CHUNK_BYTES;
    bool lost; /* then the next chunk is another one */
    size_t done;

    filling->counting->now_wall_ms = clock_wall_ms();
    done = sheet_count(&filling->sheet, filling->counting, chunk, archive_offset(filling->archive));
    if (archive_offset(filling->archive) == 0 && doubt_format(filling, err) != 0)
        return -EINVAL;
    archive_take(filling->archive, done);
    if (filling->sheet.full) {
        if (archive_offset(filling->archive) == filling->committed_offset)
            return error_set(err, ENOMEM, "%s: out of memory", filling->path);
        return hand_over(filling, &lost, err);
    }
    if (code != 0 || !whole) {
        *ret_end = true;
        return code;
    }
    if (done == 0)
        return skip_line(filling, ret_end, err);
    if (archive_offset(filling->archive) - filling->committed_offset >= AHEAD_BYTES)
        return hand_over(filling, &lost, err);
    return 0;
}

/* To the end, and again from where a rival was.  What came whole before a damaged place is
 * committed. */
static int read_all(struct filling *filling, struct error *err)
{
    bool lost = true;
    int code = 0;

    while (code == 0 && lost) {
        bool end = false;
        int last;

        lost = false;
        while (code == 0 && !end) {
            code = read_chunk(filling, &end, err);
            show(filling);
        }
        last = hand_over(filling, &lost, code == 0 ? err : NULL);
        code = code != 0 ? code : last;
    }
    return code;
}

int backfill_file(struct backfill *backfill, const char *path, struct backfill_result *ret,
                  struct error *err)
{
    AUTO(filling_done) struct filling filling = { .backfill = backfill, .path = path };
    struct file_position position = { .offset = 0 };
    int code = archive_open(path, backfill->follow.sources, &filling.archive, err);

    if (code != 0)
        return code;
    filling.counting = counting_new(backfill->follow.sources, &backfill->follow);
    if (filling.counting == NULL)
        return error_set(err, ENOMEM, "%s: out of memory", path);
    code = ask(&filling, &position, err);
    if (code == 0)
        code = resume(&filling, position.offset, err);
    if (code != 0)
        return code;
    ret->known_bytes = position.offset;
    code = read_all(&filling, err);
    ret->counted = filling.committed;
    backfill->lines += filling.committed.lines;
    return code;
}
