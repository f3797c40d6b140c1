/* trail.c - which files are the log: the one at the path, those before it, and where lost ones are.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/trail.h"

#include "ingest/sibling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct log_file *file_at_path(const struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        if (trail->files[i]->at_path)
            return trail->files[i];
    }
    return NULL;
}

static struct log_file *file_by_inode(const struct trail *trail, const struct stat *status)
{
    for (int i = 0; i < trail->file_count; i++) {
        struct log_file *file = trail->files[i];

        if (file->fd >= 0 && file->inode == status->st_ino && file->device == status->st_dev)
            return file;
    }
    return NULL;
}

static struct log_file *file_by_id(const struct trail *trail, const struct file_id *id,
                                   const struct log_file *except)
{
    for (int i = 0; i < trail->file_count; i++) {
        struct log_file *file = trail->files[i];

        if (file != except && file->stage != FILE_HEADLESS && file_id_equals(&file->head.id, id))
            return file;
    }
    return NULL;
}

static void file_remove(struct trail *trail, int at)
{
    file_close(&trail->files[at]);
    trail->file_count--;
    for (int i = at; i < trail->file_count; i++)
        trail->files[i] = trail->files[i + 1];
}

/* Whether nothing is lost by closing the file now. */
static bool is_spare(const struct trail *trail, const struct log_file *file)
{
    if (file->at_path || file->in_flight || trail->asked == file)
        return false;
    if (file->stage == FILE_DROPPED || (file->stage == FILE_HEADLESS && !file->at_path))
        return true;
    return file->stage == FILE_READING && file_settled(file)
           && (file->fd < 0 || file->ended_wall_ms != 0);
}

/* Makes room for one more by closing a rotated file that is done, the one at rest longest. */
static bool room_make(struct trail *trail)
{
    int oldest = -1;

    if (trail->file_count < TRAIL_FILES)
        return true;
    for (int i = 0; i < trail->file_count; i++) {
        if (is_spare(trail, trail->files[i])
            && (oldest < 0 || trail->files[i]->moved_at_ms < trail->files[oldest]->moved_at_ms))
            oldest = i;
    }
    if (oldest < 0)
        return false;
    file_remove(trail, oldest);
    return true;
}

/* The file is no longer the one at the path; workers may write to it for a while yet. */
static void leave_path(struct trail *trail, struct log_file *file)
{
    file->at_path = false;
    file->moved_at_ms = trail->room->boot_ms;
    if (trail->sight.obstacle != 0)
        trail->drained_until_ms = 0; /* what follows begins with its first line */
    else if (file->ended_wall_ms != 0)
        trail->drained_until_ms = file->ended_wall_ms;
    else if (file->stage == FILE_READING)
        trail->drained_until_ms = 0;
}

/* Remembers why the log can't be read; the report says it once. */
static void note_trouble(struct trail *trail, const struct error *err)
{
    if (trail->trouble.code != err->code)
        trail->trouble = *err;
}

/* Opens what is at the path now: the log's beginning, or its new file after a rotation. */
static void open_path(struct trail *trail)
{
    struct log_file *file = NULL;
    struct error err = { 0 };

    if (!room_make(trail))
        return; /* once there is room, this one or a sibling by then will be found */
    if (file_open(trail->path, trail->source, &file, &err) != 0) {
        note_trouble(trail, &err);
        return;
    }
    error_clear(&trail->trouble);
    file->at_path = true;
    file->moved_at_ms = trail->room->boot_ms;
    trail->files[trail->file_count++] = file;
    if (trail->had_path) {
        trail->counting->counters.rotations++;
        trail->discovery_due = true;
    }
    trail->had_path = true;
}

static void look_at_path(struct trail *trail)
{
    struct log_file *before = file_at_path(trail);
    struct log_file *now;
    struct stat status;
    struct error err = { 0 };

    if (stat(trail->path, &status) != 0) {
        (void)error_set(&err, errno, "ingest: %s: %s: waiting for it", trail->path,
                        strerror(errno));
        note_trouble(trail, &err);
        if (before != NULL)
            leave_path(trail, before);
        return;
    }
    now = file_by_inode(trail, &status);
    if (now != NULL && now == before) {
        if (now->stage != FILE_READING && (int64_t)status.st_size > now->size)
            now->size = (int64_t)status.st_size;
        return;
    }
    if (before != NULL)
        leave_path(trail, before);
    if (now == NULL) {
        open_path(trail);
        return;
    }
    error_clear(&trail->trouble);
    now->at_path = true;
    now->sibling = false;
    if (now->stage == FILE_UNDECIDED)
        now->stage = FILE_READING;
    (void)snprintf(now->path, sizeof(now->path), "%s", trail->path);
}

/* Gives headless files their name.  One that is a copy of a file under way (put in the place of the
 * log) takes its part over. */
static void name_files(struct trail *trail)
{
    for (int i = trail->file_count - 1; i >= 0; i--) {
        struct log_file *file = trail->files[i];
        struct log_file *same;

        if (file->stage != FILE_HEADLESS)
            continue;
        file_name(file);
        /* What stood here before it had a name may have been copied and truncated unseen. */
        trail->discovery_due |= file->at_path && file->stage == FILE_NAMED;
        same = file->stage == FILE_NAMED ? file_by_id(trail, &file->head.id, file) : NULL;
        if (same == NULL)
            continue;
        auto_close(&same->fd);
        same->fd = file->fd;
        same->device = file->device;
        same->inode = file->inode;
        same->at_path = file->at_path;
        same->sibling = false;
        same->seen_offset = same->scan_offset;
        same->cut_offset = 0;
        file->fd = -1;
        file_remove(trail, i);
    }
}

/* When the youngest rotated file that was followed here began.  Siblings from before that have been
 * seen, or were decided about at the start. */
static int64_t followed_since_ms(const struct trail *trail)
{
    int64_t since_ms = INT64_MIN;

    for (int i = 0; i < trail->file_count; i++) {
        const struct log_file *file = trail->files[i];

        if (!file->at_path && !file->sibling && file->stage != FILE_HEADLESS
            && file->head.first_ms > since_ms)
            since_ms = file->head.first_ms;
    }
    return since_ms;
}

/* Whether a sibling is none of the files under way, nor a copy of one. */
static bool is_news(const struct trail *trail, const struct log_file *sibling)
{
    struct stat status = { .st_dev = sibling->device, .st_ino = sibling->inode };

    return file_by_inode(trail, &status) == NULL
           && file_by_id(trail, &sibling->head.id, NULL) == NULL;
}

static void discover(struct trail *trail)
{
    struct log_file *files[SIBLINGS_MAX];
    int64_t since_ms = trail->discovery_all ? INT64_MIN : followed_since_ms(trail);
    int count = siblings_open(trail->source, files);

    if (count < 0)
        return; /* no directory: stays due */
    trail->discovery_due = false;
    for (int i = 0; i < count; i++) {
        if (files[i]->head.first_ms < since_ms || !is_news(trail, files[i]))
            file_close(&files[i]);
        else if (room_make(trail))
            trail->files[trail->file_count++] = files[i];
        else {
            file_close(&files[i]);
            trail->discovery_due = true;
        }
    }
    trail->discovery_all &= trail->discovery_due;
}

void trail_look(struct trail *trail)
{
    look_at_path(trail);
    name_files(trail);
    if (trail->discovery_due)
        discover(trail);
}

/* Sorts by age, so that older files are read and handed over first. */
static void sort_files(struct trail *trail)
{
    for (int i = 1; i < trail->file_count; i++) {
        struct log_file *file = trail->files[i];
        int at = i;

        for (; at > 0 && file->stage != FILE_HEADLESS
               && (trail->files[at - 1]->stage == FILE_HEADLESS
                   || trail->files[at - 1]->head.first_ms > file->head.first_ms);
             at--)
            trail->files[at] = trail->files[at - 1];
        trail->files[at] = file;
    }
}

void trail_decide(struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        if (trail->files[i]->stage == FILE_NAMED || trail->files[i]->stage == FILE_ASKED)
            return;
    }
    for (int i = trail->file_count - 1; i >= 0; i--) {
        struct log_file *file = trail->files[i];

        /* Rotated while nobody looked, or before its first commit, or forgotten by the ledger: it
         * is counted if there was counting when it began.  What is older stays unread. */
        if (file->stage == FILE_UNDECIDED)
            file->stage =
                file->head.first_ms >= trail->known_since_ms ? FILE_READING : FILE_DROPPED;
        if (file->stage == FILE_DROPPED)
            file_remove(trail, i);
    }
    sort_files(trail);
}

void trail_doubt(struct trail *trail)
{
    for (int i = 0; i < trail->file_count; i++) {
        struct log_file *file = trail->files[i];

        if (file->stage != FILE_READING || file->fd < 0 || file->in_flight || !file_settled(file))
            continue; /* the next flush of the others finds out by itself */
        file->stage = FILE_NAMED;
        file->sibling = false; /* it has been followed: no question whether it is of interest */
    }
    trail->discovery_due = true;
    trail->discovery_all = true;
}

/* Nobody holds the rest any more.  The position moves over it, so that it is said once, whoever
 * else follows the log and whether or not the answer to this commit is lost. */
static void book_lost(struct trail *trail, struct log_file *file)
{
    uint64_t lost = (uint64_t)(file->size - file->read_offset);

    file->sheet.lost_bytes += lost;
    trail->counting->counters.lost_bytes += lost;
    file->read_offset = file->size;
    file->scan_offset = file->size;
    file->seen_offset = file->size;
}

static void continue_in(struct trail *trail, struct log_file *file, struct log_file *sibling)
{
    file->fd = sibling->fd;
    file->device = sibling->device;
    file->inode = sibling->inode;
    file->seen_offset = file->scan_offset;
    file->cut_offset = 0;
    file->moved_at_ms = trail->room->boot_ms;
    (void)snprintf(file->path, sizeof(file->path), "%s", sibling->path);
    sibling->fd = -1;
}

void trail_recover(struct trail *trail, struct log_file *file)
{
    bool known = file->stage == FILE_READING;
    struct log_file *sibling;

    if (file->at_path)
        leave_path(trail, file);
    /* What stands under the descriptor now is another content, and may bear another name by now. */
    trail->discovery_due |= file->fd >= 0;
    trail->discovery_all |= file->fd >= 0;
    file_let_go(file);
    sibling = sibling_find(trail->source, &file->head.id);
    if (sibling != NULL && (!known || sibling->size > file->read_offset))
        continue_in(trail, file, sibling);
    else if (known && file->size > file->read_offset)
        book_lost(trail, file);
    if (known) /* else what is missing is known once the position is */
        file->size = file->read_offset;
    file_close(&sibling);
}

/* nginx writes to a rotated file until it is told to reopen its logs, and a slow worker after
 * that; while the path is empty everything may still go to the old one. */
static bool is_abandoned(const struct trail *trail, const struct log_file *file)
{
    const struct log_file *log = file_at_path(trail);

    if (file->fd < 0)
        return true;
    return log != NULL && log->stage != FILE_HEADLESS
           && trail->room->boot_ms - file->moved_at_ms >= TRAIL_LINGER_MS;
}

void trail_retire(struct trail *trail)
{
    for (int i = trail->file_count - 1; i >= 0; i--) {
        struct log_file *file = trail->files[i];

        if (is_spare(trail, file) && is_abandoned(trail, file))
            file_remove(trail, i);
    }
}
