/* handover.c - one message to the writer at a time, and what its answers mean. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/trail.h"

#include <stdio.h>
#include <stdlib.h>

/* An older file is of interest only if the ledger knows it: see trail_decide(). */
static void take_position(struct trail *trail, struct log_file *file,
                          const struct file_position *position)
{
    file_seek(file, position->offset);
    file->watched_until_ms = position->watched_until_ms;
    file->newest_event_ms = position->watched_until_ms;
    file->handed_at_ms = trail->room->boot_ms;
    file->moved_at_ms = trail->room->boot_ms;
    if (position->service_since_ms > 0 && position->service_since_ms < trail->known_since_ms)
        trail->known_since_ms = position->service_since_ms;
    if (file->sibling && !position->known) {
        file->stage = FILE_UNDECIDED;
        return;
    }
    file->stage = FILE_READING;
    if (file->head.first_ms < trail->known_since_ms)
        trail->known_since_ms = file->head.first_ms;
    if (!file->sibling || file->size > position->offset)
        return;
    file->stage = FILE_DROPPED;
    /* Read to its end before: what follows it is watched without a gap since then. */
    if (position->watched_until_ms > trail->drained_until_ms)
        trail->drained_until_ms = position->watched_until_ms;
}

/* The position is where we read from, or a rival, a failover or a lost COMMIT has moved it. */
static void take_answer(struct trail *trail, struct log_file *file,
                        const struct file_position *position)
{
    if (position->committed && position->offset >= 0 && position->offset <= file->read_offset) {
        file->committed_offset = position->offset;
        if (file->hole_handed_ms == file->hole_until_ms)
            file->hole_from_ms = file->hole_until_ms = 0;
        return;
    }
    if (position->offset < file->committed_offset)
        trail_doubt(trail);
    if (file->fd < 0 && file->size < file->read_offset)
        file->size = file->read_offset; /* what must be read again is wanted back */
    file_seek(file, position->offset);
}

bool handover_awaits(const struct trail *trail, const struct file_position *position)
{
    return trail->asked != NULL && file_id_equals(&trail->asked->head.id, &position->file);
}

void handover_take(struct trail *trail, const struct file_position *position)
{
    struct log_file *file = trail->asked;

    trail->asked = NULL;
    file->in_flight = false;
    if (file->stage == FILE_ASKED)
        take_position(trail, file, position);
    else
        take_answer(trail, file, position);
}

/* Whether this file says for the log that it is still watched: the one at the path, else, before
 * that has its first line, the youngest. */
static bool watches(const struct trail *trail, const struct log_file *file)
{
    const struct log_file *best = NULL;

    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *other = trail->files[i];

        if (other->stage != FILE_READING || other->fd < 0)
            continue;
        if (best == NULL || other->at_path
            || (!best->at_path && other->head.first_ms > best->head.first_ms))
            best = other;
    }
    return best == file;
}

/* The file ends before the committed position although it begins as it did: somebody cut its tail
 * off, or put an older copy back.  Once it has got new lines, the position moves back to where it
 * was cut; no line is read twice, because what was there before is gone.  A copy that is only now
 * being written gets no new line before it is whole: there the position stays. */
static bool has_shrunk(const struct log_file *file)
{
    return file->at_path && file->fd >= 0 && file_settled(file)
           && file->size < file->committed_offset && file_has_regrown(file);
}

static bool flush_is_due(const struct trail *trail, const struct log_file *file)
{
    int64_t since_ms = trail->room->boot_ms - file->handed_at_ms;

    if (file->stage != FILE_READING || file->in_flight)
        return false;
    if (!file_settled(file))
        return file->sheet.full || trail->room->finishing || since_ms >= TRAIL_HANDOVER_MS
               || file->read_offset - file->committed_offset >= TRAIL_AHEAD_BYTES;
    if (has_shrunk(file))
        return since_ms >= TRAIL_HANDOVER_MS;
    if (!watches(trail, file) || file->ended_wall_ms == 0 || trail->sight.obstacle != 0)
        return false;
    /* How far it was watched when a pause began: the rest is told when it is over. */
    if (trail->room->resting_since_ms != 0)
        return file->watched_until_ms < trail->room->resting_since_ms
               && file->ended_wall_ms >= trail->room->resting_since_ms;
    return since_ms >= TRAIL_WATCH_MS && file->ended_wall_ms > file->watched_until_ms;
}

static struct log_file *next_due(struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        if (trail->files[i]->stage == FILE_NAMED)
            return trail->files[i];
    }
    for (int i = 0; i < trail->file_count; i++) {
        int at = (trail->next_file + i) % trail->file_count;

        if (flush_is_due(trail, trail->files[at])) {
            trail->next_file = at + 1;
            return trail->files[at];
        }
    }
    return NULL;
}

/* Since when the file is watched: since the one before it was left, if that was read to its end;
 * else since its own first event. */
static int64_t watched_from(const struct trail *trail, const struct log_file *file)
{
    int64_t from_ms = trail->drained_until_ms;
    int64_t first_ms = file->sheet.first_event_ms;

    if (from_ms == 0)
        from_ms = trail->room->wall_ms;
    if (first_ms != 0 && (first_ms < from_ms || trail->drained_until_ms == 0))
        from_ms = first_ms < trail->room->wall_ms ? first_ms : trail->room->wall_ms;
    return from_ms;
}

static struct flush *build_ask(struct trail *trail, struct log_file *file)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (flush == NULL)
        return NULL;
    flush->kind = FLUSH_ASK;
    flush->home = trail->counting->home;
    flush->file = file->head.id;
    file->stage = FILE_ASKED;
    return flush;
}

/* Up to when everything that happened is in what was read.  While no line can be written, the end
 * of the file says nothing of the kind. */
static int64_t watched_until(const struct trail *trail, const struct log_file *file)
{
    int64_t until_ms = file->ended_wall_ms != 0 ? file->ended_wall_ms : file->newest_event_ms;

    if (trail->sight.obstacle != 0 && file->watched_until_ms != 0)
        return file->watched_until_ms;
    if (until_ms > trail->room->wall_ms)
        until_ms = trail->room->wall_ms;
    return until_ms > file->watched_until_ms ? until_ms : file->watched_until_ms;
}

static struct flush *build_counts(struct trail *trail, struct log_file *file)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    if (flush == NULL)
        return NULL;
    if (has_shrunk(file)) {
        file->read_offset = file->cut_offset;
        file->scan_offset = file->cut_offset;
        file->seen_offset = file->cut_offset;
    }
    file->watched_until_ms = watched_until(trail, file);
    file->hole_handed_ms = file->hole_until_ms;
    flush->kind = FLUSH_COUNTS;
    flush->home = trail->counting->home;
    flush->file = file->head.id;
    flush->from_offset = file->committed_offset;
    flush->to_offset = file->read_offset;
    flush->lines = file->sheet.lines;
    flush->rejected_lines = file->sheet.rejected_lines;
    flush->lost_bytes = file->sheet.lost_bytes;
    flush->last_event_ms = file->sheet.last_event_ms;
    flush->watched_from_ms = watched_from(trail, file);
    flush->watched_until_ms = file->watched_until_ms;
    flush->hole_from_ms = file->hole_from_ms;
    flush->hole_until_ms = file->hole_until_ms;
    (void)snprintf(flush->path, sizeof(flush->path), "%s", file->path);
    flush->inode = file->inode;
    flush->tally = sheet_take(&file->sheet);
    file->handed_at_ms = trail->room->boot_ms;
    return flush;
}

void handover_send(struct trail *trail)
{
    struct log_file *file;

    if (trail->unsent == NULL) {
        file = trail->asked != NULL || trail->rested ? NULL : next_due(trail);
        /* What is discovered during a pause must not have the ledger asked about it. */
        trail->rested = trail->room->resting_since_ms != 0 && trail->asked == NULL && file == NULL;
        if (file == NULL)
            return;
        trail->unsent =
            file->stage == FILE_NAMED ? build_ask(trail, file) : build_counts(trail, file);
        if (trail->unsent == NULL)
            return;
        trail->asked = file;
        trail->question = ++trail->room->questions;
        file->in_flight = true;
    }
    if (queue_push(trail->room->flushes, &trail->unsent))
        trail->unsent = NULL; /* it is the writer's now */
}
