/* report.c - what people are told about a log: in words, and as counters. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/report.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>

enum { MINUTE_MS = 60000 };

/* The first few rejected lines of every minute, then their number. */
void report_samples(struct trail *trail, const struct log_file *file)
{
    struct counting *counting = trail->counting;

    for (int i = 0; i < counting->sample_count; i++) {
        const struct reject_sample *sample = &counting->samples[i];

        if (trail->samples_logged == COUNTING_SAMPLES) {
            trail->samples_silent++;
            continue;
        }
        trail->samples_logged++;
        log_warning("ingest: %s at byte %" PRId64 ": %s: %s", file->path, sample->offset,
                    reject_text(sample->reason), sample->excerpt);
    }
    trail->samples_silent += counting->sample_silent;
    counting->sample_count = 0;
    counting->sample_silent = 0;
}

static void report_minute(struct trail *trail)
{
    if (trail->room->boot_ms - trail->minute_at_ms < MINUTE_MS)
        return;
    if (trail->samples_silent > 0)
        log_warning("ingest: %s: %" PRIu64 " more lines rejected within a minute", trail->path,
                    trail->samples_silent);
    trail->minute_at_ms = trail->room->boot_ms;
    trail->samples_logged = 0;
    trail->samples_silent = 0;
}

static void report_trouble(struct trail *trail)
{
    if (trail->trouble.code == trail->trouble_logged)
        return;
    trail->trouble_logged = trail->trouble.code;
    if (trail->trouble.code != 0)
        log_warning("%s", trail->trouble.text);
    else
        log_info("ingest: %s: can be read", trail->path);
}

static void report_sight(struct trail *trail)
{
    int obstacle = trail->sight.obstacle;

    if (obstacle == trail->obstacle_logged)
        return;
    trail->obstacle_logged = obstacle;
    if (obstacle == 0)
        log_info("ingest: %s: its volume takes lines again; what happened in between is not in it, "
                 "and counts as unwatched",
                 trail->path);
    else
        log_warning("ingest: %s: its volume %s: requests are not logged, and can't be counted",
                    trail->path, obstacle == EROFS ? "is read-only" : "is full");
}

static void report_losses(const struct trail *trail)
{
    uint64_t lost = trail->counting->counters.lost_bytes - trail->published.lost_bytes;
    uint64_t rotations = trail->counting->counters.rotations - trail->published.rotations;

    if (rotations > 0)
        log_info("ingest: %s: rotated", trail->path);
    if (lost > 0)
        log_warning("ingest: %s: %" PRIu64 " bytes were gone before they were read: rotate by "
                    "rename and USR1 rather than copytruncate",
                    trail->path, lost);
}

static int64_t lag_bytes(const struct trail *trail)
{
    int64_t lag = 0;

    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *file = trail->files[i];

        if (file->fd >= 0 && (file->stage == FILE_READING || !file->sibling)
            && file->size > file->committed_offset)
            lag += file->size - file->committed_offset;
    }
    return lag;
}

static bool waits_for_ledger(const struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *file = trail->files[i];

        if (file->stage == FILE_ASKED && trail->room->boot_ms - file->moved_at_ms > 1000)
            return true;
    }
    return trail->blocked;
}

/* The published counters are this thread's to write, so they can be read without the mutex here. */
static void publish(struct trail *trail)
{
    struct follow_counters counters = trail->counting->counters;

    counters.lag_bytes = lag_bytes(trail);
    counters.caught_up_at_ms = trail->caught_up_at_ms;
    counters.waiting_for_file = trail->trouble.code != 0;
    counters.waiting_for_ledger = waits_for_ledger(trail);
    counters.unwritable = trail->sight.obstacle != 0;
    (void)pthread_mutex_lock(&trail->mutex);
    trail->published = counters;
    (void)pthread_mutex_unlock(&trail->mutex);
}

void report_turn(struct trail *trail)
{
    report_minute(trail);
    report_trouble(trail);
    report_sight(trail);
    report_losses(trail);
    publish(trail);
}

void trail_counters(const struct trail *trail, struct follow_counters *ret)
{
    /* The mutex is no part of what the caller sees as constant. */
    pthread_mutex_t *mutex = (pthread_mutex_t *)&trail->mutex;

    (void)pthread_mutex_lock(mutex);
    *ret = trail->published;
    (void)pthread_mutex_unlock(mutex);
}
