/* journal.c - who writes, who waits for the disk, and which segments there are. */
/* SPDX-License-Identifier: MIT */

/* One thread at a time writes behind the last batch (`writing`), and one at a time waits for the
 * disk (`syncing`, per segment); both without the mutex.  While one waits, others write on: the
 * next one to wait covers all of them, so that the disk is asked as often as it can answer and no
 * oftener.
 *
 * After an fsync that failed nobody knows what is on the disk, and a second one may say that all is
 * well although it is not.  So the segment ends at the last mark, everybody who waited hears of the
 * failure, and the next batch begins another one.
 */
#include "config.h"

#include "ingest/journal.h"

#include "base/clock.h"
#include "base/thread.h"
#include "ingest/entry.h"
#include "ingest/shelf.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES_BYTES = 256 * 1024 };

/* --- the whole --- */

struct journal *journal_new(const struct journal_settings *settings)
{
    struct journal *journal = calloc(1, sizeof(*journal));

    if (journal == NULL)
        return NULL;
    (void)pthread_mutex_init(&journal->mutex, NULL);
    thread_cond_init(&journal->changed);
    journal->directory = -1;
    journal->service = strdup(settings->service);
    if (asprintf(&journal->directory_path, "%s/journal/%s", settings->state_dir, settings->service)
        < 0)
        journal->directory_path = NULL;
    if (journal->service == NULL || journal->directory_path == NULL)
        journal_free(&journal);
    return journal;
}

void journal_free(struct journal **journal)
{
    if (*journal == NULL)
        return;
    for (int i = 0; i < (*journal)->segment_count; i++)
        segment_close(&(*journal)->segments[i]);
    auto_close(&(*journal)->directory);
    while ((*journal)->services != NULL) {
        struct arena *arena = (*journal)->services->arena;

        (*journal)->services = (*journal)->services->before;
        arena_free(&arena);
    }
    free((*journal)->service);
    free((*journal)->directory_path);
    (void)pthread_cond_destroy(&(*journal)->changed);
    (void)pthread_mutex_destroy(&(*journal)->mutex);
    free(*journal);
    *journal = NULL;
}

void journal_lock(struct journal *journal)
{
    (void)pthread_mutex_lock(&journal->mutex);
}

void journal_unlock(struct journal *journal)
{
    (void)pthread_mutex_unlock(&journal->mutex);
}

int journal_set_services(struct journal *journal, const char *const services[], int count)
{
    struct arena *arena = arena_new(SERVICES_BYTES);
    struct service_set *set = arena == NULL ? NULL : arena_alloc(arena, sizeof(*set));
    const char **names =
        set == NULL ? NULL : arena_alloc(arena, ((size_t)count + 1) * sizeof(*names));

    for (int i = 0; names != NULL && i < count; i++) {
        names[i] = arena_copy(arena, slice_of(services[i]));
        if (names[i] == NULL)
            names = NULL;
    }
    if (names == NULL) {
        arena_free(&arena);
        return -ENOMEM;
    }
    *set = (struct service_set){ .arena = arena, .names = names, .count = count };
    journal_lock(journal);
    set->before = journal->services;
    journal->services = set;
    journal_unlock(journal);
    return 0;
}

int journal_parse(struct journal *journal, struct slice body, int64_t now_wall_ms,
                  struct batch *batch, struct error *err)
{
    struct batch_settings settings = { .home = journal->service, .now_ms = now_wall_ms };

    journal_lock(journal);
    if (journal->services != NULL) {
        settings.services = journal->services->names;
        settings.service_count = journal->services->count;
    }
    journal_unlock(journal);
    return batch_parse(&settings, body, batch, err);
}

enum recall_verdict journal_recall(struct journal *journal, const struct flush_batch *tag)
{
    enum recall_verdict verdict;

    journal_lock(journal);
    verdict = recall_judge(&journal->recall, tag);
    journal_unlock(journal);
    return verdict;
}

/* --- appending --- */

/* Waits for a change until the deadline.  Returns false when it has passed.  With the mutex. */
static bool wait_change(struct journal *journal, int64_t deadline_ms)
{
    int64_t left_ms = clock_left_ms(deadline_ms);

    if (left_ms <= 0)
        return false;
    thread_cond_wait(&journal->changed, &journal->mutex, left_ms);
    return true;
}

struct segment *journal_open_segment(const struct journal *journal, size_t bytes)
{
    struct segment *found = NULL;

    for (int i = 0; i < journal->segment_count; i++) {
        struct segment *segment = journal->segments[i];

        if (!segment->open)
            continue;
        if (segment->written + (int64_t)bytes > LIMIT_SEGMENT_BYTES)
            segment->open = false; /* rolls */
        else
            found = segment;
    }
    return found;
}

/* Becomes the one that writes.  0, -EDQUOT or -ETIMEDOUT.  With the mutex. */
static int begin_writing(struct journal *journal, size_t bytes, int64_t deadline_ms)
{
    while (journal->writing) {
        if (!wait_change(journal, deadline_ms))
            return -ETIMEDOUT;
    }
    if (journal_bytes(journal) + (int64_t)bytes > LIMIT_JOURNAL_BYTES)
        return -EDQUOT;
    journal->writing = true;
    return 0;
}

int journal_add(struct journal *journal)
{
    AUTO(segment_close) struct segment *segment = NULL;
    int directory = journal_directory(journal, true);
    int code = directory < 0 ? directory
                             : segment_new(directory, journal->service, clock_wall_ms(), &segment);

    if (code != 0)
        return code;
    journal_lock(journal);
    code = journal_register(journal, &segment);
    journal_unlock(journal);
    if (segment != NULL)
        segment_remove(segment);
    return code;
}

/* Writes behind the last batch.  The mutex is let go meanwhile; who comes back holds the segment
 * through `users`. */
static int write_entries(struct journal *journal, struct slice entries, struct segment **ret)
{
    struct segment *segment = journal_open_segment(journal, entries.length);
    int64_t offset;
    int code = 0;

    if (segment == NULL) {
        journal_unlock(journal);
        code = journal_add(journal);
        journal_lock(journal);
        segment = journal_open_segment(journal, entries.length);
    }
    if (code != 0 || segment == NULL)
        return code != 0 ? code : -EIO; /* it broke at once */
    segment->users++;
    offset = segment->written;
    journal_unlock(journal);
    code = segment_write(segment->fd, entries, offset);
    journal_lock(journal);
    if (code == 0 && segment->broken != 0)
        code = -segment->broken;
    if (segment->broken != 0)
        segment_break(segment, segment->broken); /* what came behind the mark meanwhile */
    else if (code == 0)
        segment->written += (int64_t)entries.length;
    if (code == -ENOENT)
        segment->open = false; /* what it holds can still be counted */
    segment->users--;
    *ret = segment;
    return code;
}

void journal_sync(struct journal *journal, struct segment *segment)
{
    int64_t written = segment->written;
    int directory = segment->named ? -1 : segment->directory;
    int code;

    segment->syncing = true;
    journal_unlock(journal);
    code = segment_sync(segment->fd, directory);
    journal_lock(journal);
    segment->syncing = false;
    journal->syncs++;
    if (code != 0) {
        journal->broken++;
        segment_break(segment, -code);
    } else {
        segment->named = true;
        segment->synced = written;
    }
    (void)pthread_cond_broadcast(&journal->changed);
}

static int wait_synced(struct journal *journal, struct segment *segment, int64_t deadline_ms)
{
    int64_t wanted = segment->written;
    int code = 0;

    segment->users++;
    while (code == 0 && segment->synced < wanted) {
        if (segment->broken != 0)
            code = -segment->broken;
        else if (!segment->syncing)
            journal_sync(journal, segment);
        else if (!wait_change(journal, deadline_ms))
            code = -ETIMEDOUT;
    }
    segment->users--;
    return code;
}

/* The parts of one key are settled one by one, each under a key of its own. */
static void part_tag(struct flush_batch *tag, int part)
{
    unsigned char bytes[sizeof(tag->first_hash) + 1];

    memcpy(bytes, tag->first_hash, sizeof(tag->first_hash));
    bytes[sizeof(tag->first_hash)] = (unsigned char)part;
    if (part > 0)
        (void)SHA256(bytes, sizeof(bytes), tag->key_hash);
}

static bool write_batch(const struct batch *batch, const struct flush_batch *tag, struct buf *buf)
{
    struct slice lines = buf_slice(&batch->lines);
    size_t begin = 0;

    for (int i = 0; i < batch->part_count; i++) {
        struct entry entry = {
            .batch = *tag,
            .events = batch->parts[i].events,
            .part = i,
            .parts = batch->part_count,
            .bytes = batch->parts[i].end - begin,
        };

        memcpy(entry.batch.first_hash, tag->key_hash, sizeof(tag->key_hash));
        part_tag(&entry.batch, i);
        entry_write(&entry, (struct slice){ lines.data + begin, entry.bytes }, buf);
        begin = batch->parts[i].end;
    }
    return buf_ok(buf);
}

static int explain(const struct journal *journal, int code, struct error *err)
{
    const char *where = journal->directory_path;

    switch (code) {
    case 0:
        return 0;
    case -EDQUOT:
        return error_set(err, EDQUOT,
                         "journal %s: %d MiB of events wait for the ledger: none is taken until it "
                         "has counted them",
                         where, LIMIT_JOURNAL_BYTES / (1024 * 1024));
    case -ENOSPC:
        return error_set(err, ENOSPC, "journal %s: the disk is full", where);
    case -ETIMEDOUT:
        return error_set(err, ETIMEDOUT, "journal %s: the disk does not answer", where);
    case -ENOMEM:
        return error_set(err, ENOMEM, "journal %s: out of memory", where);
    default:
        return error_set(err, -code, "journal %s: can't be written: %s (PROBITY_STATE_DIR)", where,
                         strerror(-code));
    }
}

int journal_append(struct journal *journal, const struct batch *batch,
                   const struct flush_batch *tag, int64_t deadline_ms, struct error *err)
{
    AUTO(buf_done) struct buf entries;
    struct segment *segment = NULL;
    int code;

    buf_init(&entries, (size_t)LIMIT_BATCH_BYTES * 4);
    if (batch->events == 0)
        return 0;
    if (!write_batch(batch, tag, &entries))
        return explain(journal, -ENOMEM, err);
    journal_lock(journal);
    code = begin_writing(journal, entries.length, deadline_ms);
    if (code == 0) {
        code = write_entries(journal, buf_slice(&entries), &segment);
        journal->writing = false;
        (void)pthread_cond_broadcast(&journal->changed);
    }
    if (code == 0)
        code = wait_synced(journal, segment, deadline_ms);
    if (code == 0 && tag->keyed)
        recall_note(&journal->recall, tag);
    journal_unlock(journal);
    return explain(journal, code, err);
}

void journal_note(struct journal *journal, enum batch_result result)
{
    journal_lock(journal);
    journal->batches[result]++;
    journal_unlock(journal);
}

const char *batch_result_text(enum batch_result result)
{
    static const char *const texts[] = {
#define X(name, text) text,
        FOR_EACH_BATCH_RESULT(X)
#undef X
    };

    return texts[result];
}
