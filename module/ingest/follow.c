/* follow.c - the thread "ingest": one turn after the other, and what it says about them. */
/* SPDX-License-Identifier: MIT */

/* Why no line counts twice and none is lost, whatever is killed when:
 *
 * - What is counted lies between two offsets of one file, named by its content, and is committed
 * with the move from the first to the second, on condition that the ledger still has the first.  So
 * a flush that is sent twice, by us or a rival, counts once; one that is lost counts not at all.
 * - Killed before the push, or before COMMIT: the position has not moved; the next start asks for
 * it and reads the lines again.  Killed after COMMIT, before the answer: the position has moved;
 *   the next start reads from there.  We remember nothing that could contradict it.
 * - The writer does not know whether COMMIT happened: it answers with the position it finds, and we
 *   seek there, drop what was read beyond, and read that again.
 * - The file was rotated meanwhile: its descriptor stays open until it is read to its end and
 *   committed; after a restart it is found among the siblings by its id.  A chunk is used only if
 *   the file still had its head after the read, so bytes of a new content never count at
 *   offsets of the old one.
 */
#include "config.h"

#include "ingest/follow.h"

#include "base/clock.h"
#include "base/log.h"
#include "ingest/follower.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000 };

struct follower *follower_new(const struct follow_settings *settings, struct queue *flushes,
                              struct queue *positions)
{
    AUTO(follower_free) struct follower *follower = calloc(1, sizeof(*follower));
    struct follower *made;

    if (follower == NULL)
        return NULL;
    (void)pthread_mutex_init(&follower->mutex, NULL);
    follower->path = strdup(settings->path);
    follower->buffer = malloc(FILE_CHUNK_BYTES);
    follower->counting = counting_new(settings);
    if (follower->path == NULL || follower->buffer == NULL || follower->counting == NULL)
        return NULL;
    follower->flushes = flushes;
    follower->positions = positions;
    follower->discovery_due = true;
    follower->known_since_ms = INT64_MAX;
    follower->caught_up_at_ms = -1;
    follower->published.caught_up_at_ms = -1;
    made = follower;
    follower = NULL;
    return made;
}

void follower_free(struct follower **follower)
{
    if (*follower == NULL)
        return;
    for (int i = 0; i < (*follower)->file_count; i++)
        file_close(&(*follower)->files[i]);
    flush_free(&(*follower)->unsent);
    counting_free(&(*follower)->counting);
    free((*follower)->buffer);
    free((*follower)->path);
    (void)pthread_mutex_destroy(&(*follower)->mutex);
    free(*follower);
    *follower = NULL;
}

/* --- what people are told --- */

/* The first few rejected lines of every minute, then their number. */
static void report_samples(struct follower *follower, const struct log_file *file)
{
    struct counting *counting = follower->counting;

    for (int i = 0; i < counting->sample_count; i++) {
        const struct reject_sample *sample = &counting->samples[i];

        if (follower->samples_logged == COUNTING_SAMPLES) {
            follower->samples_silent++;
            continue;
        }
        follower->samples_logged++;
        log_warning("ingest: %s at byte %" PRId64 ": %s: %s", file->path, sample->offset,
                    reject_text(sample->reason), sample->excerpt);
    }
    follower->samples_silent += counting->sample_silent;
    counting->sample_count = 0;
    counting->sample_silent = 0;
}

static void report_minute(struct follower *follower)
{
    if (follower->boot_ms - follower->minute_at_ms < MINUTE_MS)
        return;
    if (follower->samples_silent > 0)
        log_warning("ingest: %s: %" PRIu64 " more lines rejected within a minute", follower->path,
                    follower->samples_silent);
    follower->minute_at_ms = follower->boot_ms;
    follower->samples_logged = 0;
    follower->samples_silent = 0;
}

static void report_trouble(struct follower *follower)
{
    if (follower->trouble.code == follower->trouble_logged)
        return;
    follower->trouble_logged = follower->trouble.code;
    if (follower->trouble.code != 0)
        log_warning("%s", follower->trouble.text);
    else
        log_info("ingest: %s: can be read", follower->path);
}

static void report_losses(const struct follower *follower)
{
    uint64_t lost = follower->counting->counters.lost_bytes - follower->published.lost_bytes;
    uint64_t rotations = follower->counting->counters.rotations - follower->published.rotations;

    if (rotations > 0)
        log_info("ingest: %s: rotated", follower->path);
    if (lost > 0)
        log_warning("ingest: %s: %" PRIu64 " bytes were gone before they were read: rotate by "
                    "rename and USR1 rather than copytruncate",
                    follower->path, lost);
}

static int64_t lag_bytes(const struct follower *follower)
{
    int64_t lag = 0;

    for (int i = 0; i < follower->file_count; i++) {
        const struct log_file *file = follower->files[i];

        if (file->fd >= 0 && (file->stage == FILE_READING || !file->sibling)
            && file->size > file->committed_offset)
            lag += file->size - file->committed_offset;
    }
    return lag;
}

static bool waits_for_ledger(const struct follower *follower)
{
    for (int i = 0; i < follower->file_count; i++) {
        const struct log_file *file = follower->files[i];

        if (file->stage == FILE_ASKED && follower->boot_ms - file->moved_at_ms > 1000)
            return true;
    }
    return follower->blocked;
}

/* The published counters are this thread's to write, so they can be read without the mutex here. */
static void publish(struct follower *follower)
{
    struct follow_counters counters = follower->counting->counters;

    counters.lag_bytes = lag_bytes(follower);
    counters.caught_up_at_ms = follower->caught_up_at_ms;
    counters.waiting_for_file = follower->trouble.code != 0;
    counters.waiting_for_ledger = waits_for_ledger(follower);
    (void)pthread_mutex_lock(&follower->mutex);
    follower->published = counters;
    (void)pthread_mutex_unlock(&follower->mutex);
}

static void report(struct follower *follower)
{
    report_minute(follower);
    report_trouble(follower);
    report_losses(follower);
    publish(follower);
}

void follower_counters(const struct follower *follower, struct follow_counters *ret)
{
    /* The mutex is no part of what the caller sees as constant. */
    pthread_mutex_t *mutex = (pthread_mutex_t *)&follower->mutex;

    (void)pthread_mutex_lock(mutex);
    *ret = follower->published;
    (void)pthread_mutex_unlock(mutex);
}

/* --- the turn --- */

/* Returns whether there is more to read at once. */
static bool take_result(struct follower *follower, struct log_file *file, enum file_result result)
{
    switch (result) {
    case FILE_MORE:
        return true;
    case FILE_END:
        file->ended_wall_ms = follower->wall_ms;
        return false;
    case FILE_FULL:
        follower->blocked = follower->asked != NULL;
        return false;
    case FILE_TRUNCATED:
        trail_recover(follower, file);
        return false;
    case FILE_FAILED:
        break;
    }
    (void)error_set(&follower->trouble, EIO, "ingest: %s: can't be read", file->path);
    return false;
}

/* Nothing is read now, but how much waits is known, and a truncation is noticed while there still
 * is a copy. */
static void watch_unread(struct follower *follower, struct log_file *file)
{
    if (!file_look(file))
        trail_recover(follower, file);
}

static bool read_some(struct follower *follower, struct log_file *file)
{
    for (int i = 0; i < FOLLOWER_CHUNKS; i++) {
        int64_t before = file->seen_offset;
        enum file_result result;

        if (file->sheet.full
            || file->read_offset - file->committed_offset >= FOLLOWER_AHEAD_BYTES) {
            follower->blocked = true;
            watch_unread(follower, file);
            return false;
        }
        file->ended_wall_ms = 0;
        result = file_read(file, follower->counting, follower->buffer);
        report_samples(follower, file);
        if (file->seen_offset != before)
            file->moved_at_ms = follower->boot_ms;
        if (!take_result(follower, file, result))
            return result == FILE_TRUNCATED;
    }
    return true;
}

static bool read_files(struct follower *follower)
{
    bool busy = false;
    bool ended = follower->file_count > 0;

    follower->blocked = false;
    follower->counting->now_wall_ms = follower->wall_ms;
    for (int i = 0; i < follower->file_count; i++) {
        struct log_file *file = follower->files[i];

        if (file->stage == FILE_READING && file->fd >= 0)
            busy |= read_some(follower, file);
        else if (file->stage == FILE_READING && file->size > file->read_offset)
            trail_recover(follower, file);
        else if ((file->stage == FILE_NAMED || file->stage == FILE_ASKED) && file->fd >= 0)
            watch_unread(follower, file);
        ended &= file->stage == FILE_READING && (file->fd < 0 || file->ended_wall_ms != 0);
    }
    if (ended)
        follower->caught_up_at_ms = follower->boot_ms;
    return busy;
}

bool follower_turn(struct follower *follower, int64_t wall_ms, int64_t boot_ms)
{
    bool busy;

    follower->wall_ms = wall_ms;
    follower->boot_ms = boot_ms;
    if (follower->known_since_ms == INT64_MAX)
        follower->known_since_ms = wall_ms; /* whatever begins from now on is ours to count */
    handover_receive(follower, 0);
    trail_look(follower);
    busy = read_files(follower);
    handover_send(follower);
    trail_retire(follower);
    report(follower);
    return busy;
}

bool follower_settled(const struct follower *follower)
{
    for (int i = 0; i < follower->file_count; i++) {
        const struct log_file *file = follower->files[i];

        if (file->stage == FILE_NAMED || file->stage == FILE_ASKED
            || (file->stage == FILE_READING && !file_settled(file)))
            return false;
    }
    return follower->asked == NULL;
}

/* --- the thread --- */

static void turn_and_wait(struct follower *follower, int64_t pause_ms)
{
    if (!follower_turn(follower, clock_wall_ms(), clock_boot_ms()))
        handover_receive(follower, clock_boot_ms() + pause_ms);
}

static void run(void *context)
{
    struct follower *follower = context;
    int64_t deadline_ms;

    assert(thread_is("ingest"));
    while (!atomic_load(&follower->stopping))
        turn_and_wait(follower, FOLLOWER_POLL_MS);
    follower->finishing = true;
    deadline_ms = clock_boot_ms() + FOLLOWER_FINISH_MS;
    do
        turn_and_wait(follower, FOLLOWER_POLL_MS / 10);
    while (!follower_settled(follower) && clock_left_ms(deadline_ms) > 0);
}

int follower_start(const struct follow_settings *settings, struct queue *flushes,
                   struct queue *positions, struct follower **ret, struct error *err)
{
    AUTO(follower_free) struct follower *follower = NULL;
    int result;

    if (strlen(settings->path) >= sizeof(follower->files[0]->path))
        return error_set(err, ENAMETOOLONG, "ingest: %s: the path is too long", settings->path);
    follower = follower_new(settings, flushes, positions);
    if (follower == NULL)
        return error_set(err, ENOMEM, "ingest: %s: out of memory", settings->path);
    result = thread_start(&follower->thread, "ingest", run, follower, err);
    if (result != 0)
        return result;
    *ret = follower;
    follower = NULL;
    return 0;
}

void follower_stop(struct follower **follower)
{
    if (*follower == NULL)
        return;
    atomic_store(&(*follower)->stopping, true);
    queue_wake((*follower)->positions);
    if (thread_join(&(*follower)->thread, 2000))
        follower_free(follower);
    *follower = NULL; /* a thread that did not end keeps what it uses */
}
