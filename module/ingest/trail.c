/* trail.c - which files are the log: the one at the path, those before it, and where lost ones are.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/follower.h"
#include "ingest/sibling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct log_file *file_at_path(const struct follower *follower)
{
    for (int i = 0; i < follower->file_count; i++) {
        if (follower->files[i]->at_path)
            return follower->files[i];
    }
    return NULL;
}

static struct log_file *file_by_inode(const struct follower *follower, const struct stat *status)
{
    for (int i = 0; i < follower->file_count; i++) {
        struct log_file *file = follower->files[i];

        if (file->fd >= 0 && file->inode == status->st_ino && file->device == status->st_dev)
            return file;
    }
    return NULL;
}

static struct log_file *file_by_id(const struct follower *follower, const struct file_id *id,
                                   const struct log_file *except)
{
    for (int i = 0; i < follower->file_count; i++) {
        struct log_file *file = follower->files[i];

        if (file != except && file->stage != FILE_HEADLESS && file_id_equals(&file->head.id, id))
            return file;
    }
    return NULL;
}

static void file_remove(struct follower *follower, int at)
{
    file_close(&follower->files[at]);
    follower->file_count--;
    for (int i = at; i < follower->file_count; i++)
        follower->files[i] = follower->files[i + 1];
}

/* Whether nothing is lost by closing the file now. */
static bool is_spare(const struct follower *follower, const struct log_file *file)
{
    if (file->at_path || file->in_flight || follower->asked == file)
        return false;
    if (file->stage == FILE_DROPPED || (file->stage == FILE_HEADLESS && !file->at_path))
        return true;
    return file->stage == FILE_READING && file_settled(file)
           && (file->fd < 0 || file->ended_wall_ms != 0);
}

/* Makes room for one more by closing a rotated file that is done, the one at rest longest. */
static bool room_make(struct follower *follower)
{
    int oldest = -1;

    if (follower->file_count < FOLLOWER_FILES)
        return true;
    for (int i = 0; i < follower->file_count; i++) {
        if (is_spare(follower, follower->files[i])
            && (oldest < 0
                || follower->files[i]->moved_at_ms < follower->files[oldest]->moved_at_ms))
            oldest = i;
    }
    if (oldest < 0)
        return false;
    file_remove(follower, oldest);
    return true;
}

/* The file is no longer the one at the path; workers may write to it for a while yet. */
static void leave_path(struct follower *follower, struct log_file *file)
{
    file->at_path = false;
    file->moved_at_ms = follower->boot_ms;
    if (file->ended_wall_ms != 0)
        follower->drained_until_ms = file->ended_wall_ms;
    else if (file->stage == FILE_READING)
        follower->drained_until_ms = 0;
}

/* Remembers why the log can't be read; the report says it once. */
static void note_trouble(struct follower *follower, const struct error *err)
{
    if (follower->trouble.code != err->code)
        follower->trouble = *err;
}

/* Opens what is at the path now: the log's beginning, or its new file after a rotation. */
static void open_path(struct follower *follower)
{
    struct log_file *file = NULL;
    struct error err = { 0 };

    if (!room_make(follower))
        return; /* once there is room, this one or a sibling by then will be found */
    if (file_open(follower->path, &file, &err) != 0) {
        note_trouble(follower, &err);
        return;
    }
    error_clear(&follower->trouble);
    file->at_path = true;
    file->moved_at_ms = follower->boot_ms;
    follower->files[follower->file_count++] = file;
    if (follower->had_path) {
        follower->counting->counters.rotations++;
        follower->discovery_due = true;
    }
    follower->had_path = true;
}

static void look_at_path(struct follower *follower)
{
    struct log_file *before = file_at_path(follower);
    struct log_file *now;
    struct stat status;
    struct error err = { 0 };

    if (stat(follower->path, &status) != 0) {
        (void)error_set(&err, errno, "ingest: %s: %s: waiting for it", follower->path,
                        strerror(errno));
        note_trouble(follower, &err);
        if (before != NULL)
            leave_path(follower, before);
        return;
    }
    now = file_by_inode(follower, &status);
    if (now != NULL && now == before) {
        if (now->stage != FILE_READING && (int64_t)status.st_size > now->size)
            now->size = (int64_t)status.st_size;
        return;
    }
    if (before != NULL)
        leave_path(follower, before);
    if (now == NULL) {
        open_path(follower);
        return;
    }
    error_clear(&follower->trouble);
    now->at_path = true;
    now->sibling = false;
    if (now->stage == FILE_UNDECIDED)
        now->stage = FILE_READING;
    (void)snprintf(now->path, sizeof(now->path), "%s", follower->path);
}

/* Gives headless files their name.  One that is a copy of a file under way (put in the place of the
 * log) takes its part over. */
static void name_files(struct follower *follower)
{
    for (int i = follower->file_count - 1; i >= 0; i--) {
        struct log_file *file = follower->files[i];
        struct log_file *same;

        if (file->stage != FILE_HEADLESS)
            continue;
        file_name(file);
        /* What stood here before it had a name may have been copied and truncated unseen. */
        follower->discovery_due |= file->at_path && file->stage == FILE_NAMED;
        same = file->stage == FILE_NAMED ? file_by_id(follower, &file->head.id, file) : NULL;
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
        file_remove(follower, i);
    }
}

/* When the youngest rotated file that was followed here began.  Siblings from before that have been
 * seen, or were decided about at the start. */
static int64_t followed_since_ms(const struct follower *follower)
{
    int64_t since_ms = INT64_MIN;

    for (int i = 0; i < follower->file_count; i++) {
        const struct log_file *file = follower->files[i];

        if (!file->at_path && !file->sibling && file->stage != FILE_HEADLESS
            && file->head.first_ms > since_ms)
            since_ms = file->head.first_ms;
    }
    return since_ms;
}

/* Whether a sibling is none of the files under way, nor a copy of one. */
static bool is_news(const struct follower *follower, const struct log_file *sibling)
{
    struct stat status = { .st_dev = sibling->device, .st_ino = sibling->inode };

    return file_by_inode(follower, &status) == NULL
           && file_by_id(follower, &sibling->head.id, NULL) == NULL;
}

static void discover(struct follower *follower)
{
    struct log_file *files[SIBLINGS_MAX];
    int64_t since_ms = follower->discovery_all ? INT64_MIN : followed_since_ms(follower);
    int count = siblings_open(follower->path, files);

    if (count < 0)
        return; /* no directory: stays due */
    follower->discovery_due = false;
    for (int i = 0; i < count; i++) {
        if (files[i]->head.first_ms < since_ms || !is_news(follower, files[i]))
            file_close(&files[i]);
        else if (room_make(follower))
            follower->files[follower->file_count++] = files[i];
        else {
            file_close(&files[i]);
            follower->discovery_due = true;
        }
    }
    follower->discovery_all &= follower->discovery_due;
}

void trail_look(struct follower *follower)
{
    look_at_path(follower);
    name_files(follower);
    if (follower->discovery_due)
        discover(follower);
}

/* Sorts by age, so that older files are read and handed over first. */
static void sort_files(struct follower *follower)
{
    for (int i = 1; i < follower->file_count; i++) {
        struct log_file *file = follower->files[i];
        int at = i;

        for (; at > 0 && file->stage != FILE_HEADLESS
               && (follower->files[at - 1]->stage == FILE_HEADLESS
                   || follower->files[at - 1]->head.first_ms > file->head.first_ms);
             at--)
            follower->files[at] = follower->files[at - 1];
        follower->files[at] = file;
    }
}

void trail_decide(struct follower *follower)
{
    for (int i = 0; i < follower->file_count; i++) {
        if (follower->files[i]->stage == FILE_NAMED || follower->files[i]->stage == FILE_ASKED)
            return;
    }
    for (int i = follower->file_count - 1; i >= 0; i--) {
        struct log_file *file = follower->files[i];

        /* Rotated while nobody looked, or before its first commit, or forgotten by the ledger: it
         * is counted if there was counting when it began.  What is older stays unread. */
        if (file->stage == FILE_UNDECIDED)
            file->stage =
                file->head.first_ms >= follower->known_since_ms ? FILE_READING : FILE_DROPPED;
        if (file->stage == FILE_DROPPED)
            file_remove(follower, i);
    }
    sort_files(follower);
}

void trail_doubt(struct follower *follower)
{
    for (int i = 0; i < follower->file_count; i++) {
        struct log_file *file = follower->files[i];

        if (file->stage != FILE_READING || file->fd < 0 || file->in_flight || !file_settled(file))
            continue; /* the next flush of the others finds out by itself */
        file->stage = FILE_NAMED;
        file->sibling = false; /* it has been followed: no question whether it is of interest */
    }
    follower->discovery_due = true;
    follower->discovery_all = true;
}

/* Nobody holds the rest any more.  The position moves over it, so that it is said once, whoever
 * else follows the log and whether or not the answer to this commit is lost. */
static void book_lost(struct follower *follower, struct log_file *file)
{
    uint64_t lost = (uint64_t)(file->size - file->read_offset);

    file->sheet.lost_bytes += lost;
    follower->counting->counters.lost_bytes += lost;
    file->read_offset = file->size;
    file->scan_offset = file->size;
    file->seen_offset = file->size;
}

static void continue_in(struct follower *follower, struct log_file *file, struct log_file *sibling)
{
    file->fd = sibling->fd;
    file->device = sibling->device;
    file->inode = sibling->inode;
    file->seen_offset = file->scan_offset;
    file->cut_offset = 0;
    file->moved_at_ms = follower->boot_ms;
    (void)snprintf(file->path, sizeof(file->path), "%s", sibling->path);
    sibling->fd = -1;
}

void trail_recover(struct follower *follower, struct log_file *file)
{
    bool known = file->stage == FILE_READING;
    struct log_file *sibling;

    if (file->at_path)
        leave_path(follower, file);
    /* What stands under the descriptor now is another content, and may bear another name by now. */
    follower->discovery_due |= file->fd >= 0;
    follower->discovery_all |= file->fd >= 0;
    file_let_go(file);
    sibling = sibling_find(follower->path, &file->head.id);
    if (sibling != NULL && (!known || sibling->size > file->read_offset))
        continue_in(follower, file, sibling);
    else if (known && file->size > file->read_offset)
        book_lost(follower, file);
    if (known) /* else what is missing is known once the position is */
        file->size = file->read_offset;
    file_close(&sibling);
}

/* nginx writes to a rotated file until it is told to reopen its logs, and a slow worker after
 * that; while the path is empty everything may still go to the old one. */
static bool is_abandoned(const struct follower *follower, const struct log_file *file)
{
    const struct log_file *log = file_at_path(follower);

    if (file->fd < 0)
        return true;
    return log != NULL && log->stage != FILE_HEADLESS
           && follower->boot_ms - file->moved_at_ms >= FOLLOWER_LINGER_MS;
}

void trail_retire(struct follower *follower)
{
    for (int i = follower->file_count - 1; i >= 0; i--) {
        struct log_file *file = follower->files[i];

        if (is_spare(follower, file) && is_abandoned(follower, file))
            file_remove(follower, i);
    }
}
