/* turn.c - one turn of one log: look, read what has grown, hand over, say what changed. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/trail.h"

#include "ingest/report.h"

#include <errno.h>
#include <stdlib.h>

struct trail *trail_new(const struct source_config *source, const struct follow_settings *settings,
                        struct trail_room *room)
{
    AUTO(trail_free) struct trail *trail = calloc(1, sizeof(*trail));
    struct trail *made;

    if (trail == NULL)
        return NULL;
    (void)pthread_mutex_init(&trail->mutex, NULL);
    trail->counting = counting_new(source, settings);
    if (trail->counting == NULL)
        return NULL;
    trail->source = source;
    trail->path = source->path;
    trail->room = room;
    trail->discovery_due = true;
    trail->known_since_ms = INT64_MAX;
    trail->caught_up_at_ms = -1;
    trail->published.caught_up_at_ms = -1;
    made = trail;
    trail = NULL;
    return made;
}

void trail_free(struct trail **trail)
{
    if (*trail == NULL)
        return;
    for (int i = 0; i < (*trail)->file_count; i++)
        file_close(&(*trail)->files[i]);
    flush_free(&(*trail)->unsent);
    counting_free(&(*trail)->counting);
    (void)pthread_mutex_destroy(&(*trail)->mutex);
    free(*trail);
    *trail = NULL;
}

bool trail_set_templates(struct trail *trail, const struct templates *templates)
{
    if (!counting_set_templates(trail->counting, templates))
        return false;
    for (int i = 0; i < trail->file_count; i++)
        sheet_renumber(&trail->files[i]->sheet);
    return true;
}

/* Returns whether there is more to read at once. */
static bool take_result(struct trail *trail, struct log_file *file, enum file_result result)
{
    switch (result) {
    case FILE_MORE:
        return true;
    case FILE_END:
        file->ended_wall_ms = trail->room->wall_ms;
        return false;
    case FILE_FULL:
        trail->blocked = trail->asked != NULL;
        return false;
    case FILE_TRUNCATED:
        trail_recover(trail, file);
        return false;
    case FILE_FAILED:
        break;
    }
    (void)error_set(&trail->trouble, EIO, "ingest: %s: can't be read", file->path);
    return false;
}

/* Nothing is read now, but how much waits is known, and a truncation is noticed while there still
 * is a copy. */
static void watch_unread(struct trail *trail, struct log_file *file)
{
    if (!file_look(file))
        trail_recover(trail, file);
}

static bool read_some(struct trail *trail, struct log_file *file)
{
    for (int i = 0; i < TRAIL_CHUNKS; i++) {
        int64_t before = file->seen_offset;
        enum file_result result;

        if (file->sheet.full || file->read_offset - file->committed_offset >= TRAIL_AHEAD_BYTES) {
            trail->blocked = true;
            watch_unread(trail, file);
            return false;
        }
        file->ended_wall_ms = 0;
        result = file_read(file, trail->counting, trail->room->buffer);
        report_samples(trail, file);
        if (file->seen_offset != before)
            file->moved_at_ms = trail->room->boot_ms;
        if (!take_result(trail, file, result))
            return result == FILE_TRUNCATED;
    }
    return true;
}

static bool read_files(struct trail *trail)
{
    bool busy = false;
    bool ended = trail->file_count > 0;

    trail->blocked = false;
    trail->counting->now_wall_ms = trail->room->wall_ms;
    for (int i = 0; i < trail->file_count; i++) {
        struct log_file *file = trail->files[i];

        if (file->stage == FILE_READING && file->fd >= 0)
            busy |= read_some(trail, file);
        else if (file->stage == FILE_READING && file->size > file->read_offset)
            trail_recover(trail, file);
        else if ((file->stage == FILE_NAMED || file->stage == FILE_ASKED) && file->fd >= 0)
            watch_unread(trail, file);
        ended &= file->stage == FILE_READING && (file->fd < 0 || file->ended_wall_ms != 0);
    }
    if (ended)
        trail->caught_up_at_ms = trail->room->boot_ms;
    return busy;
}

/* A hole that was found before and not handed over yet grows to its new end. */
static void note_hole(struct trail *trail, struct log_file *file)
{
    if (file->stage != FILE_READING || file->watched_until_ms == 0)
        return;
    if (file->hole_until_ms == 0)
        file->hole_from_ms = file->watched_until_ms;
    file->hole_until_ms = trail->room->wall_ms;
}

static void look_at_volume(struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *file = trail->files[i];

        if (!file->at_path || file->fd < 0 || !sight_is_due(&trail->sight, trail->room->boot_ms)
            || !sight_regained(&trail->sight, trail->room->obstacle(file->fd),
                               trail->room->boot_ms))
            continue;
        for (int j = 0; j < trail->file_count; j++)
            note_hole(trail, trail->files[j]);
    }
}

/* Read or not.  A new file that is empty is a rotation, and no request. */
static void look_for_requests(struct trail *trail)
{
    trail->grown = false;
    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *file = trail->files[i];

        if (!file->at_path || file->size == 0 || file->size == trail->seen_bytes)
            continue;
        trail->seen_bytes = file->size;
        trail->grown = true;
    }
}

bool trail_turn(struct trail *trail)
{
    bool busy;

    if (trail->known_since_ms == INT64_MAX)
        trail->known_since_ms = trail->room->wall_ms; /* what begins from now on is ours to count */
    trail_decide(trail);
    trail_look(trail);
    look_at_volume(trail);
    busy = read_files(trail);
    handover_send(trail);
    trail_retire(trail);
    look_for_requests(trail);
    report_turn(trail);
    return busy;
}

bool trail_settled(const struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *file = trail->files[i];

        if (file->stage == FILE_NAMED || file->stage == FILE_ASKED
            || (file->stage == FILE_READING && !file_settled(file)))
            return false;
    }
    return trail->asked == NULL;
}
