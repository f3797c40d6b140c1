/* shelf.c - which segments there are: taken over from processes that are gone, listed, dropped. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CANDIDATES = 64 }; /* segments that are looked at in one go */

/* --- the directory --- */

/* Makes a directory and those above it that are missing. */
static int make_directories(const char *path)
{
    AUTO(auto_free) char *part = strdup(path);

    if (part == NULL)
        return -ENOMEM;
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0750) != 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return mkdir(part, 0750) != 0 && errno != EEXIST ? -errno : 0;
}

/* Whether it still is in the tree: somebody may have removed it. */
static bool is_there(int directory)
{
    struct stat status;

    return directory >= 0 && fstat(directory, &status) == 0 && status.st_nlink > 0;
}

int journal_directory(struct journal *journal, bool make)
{
    AUTO(auto_close) int opened = -1;
    int directory;
    int code;

    journal_lock(journal);
    directory = journal->directory;
    journal_unlock(journal);
    if (is_there(directory))
        return directory;
    code = make ? make_directories(journal->directory_path) : 0;
    if (code != 0)
        return code;
    opened = open(journal->directory_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0)
        return -errno;
    journal_lock(journal);
    if (journal->directory < 0) {
        journal->directory = opened;
        opened = -1;
    } else if (dup3(opened, journal->directory, O_CLOEXEC) < 0) {
        /* In the old one's place, because segments have its number. */
        code = -errno;
    }
    directory = journal->directory;
    journal_unlock(journal);
    return code != 0 ? code : directory;
}

/* --- the segments --- */

int64_t journal_bytes(const struct journal *journal)
{
    int64_t bytes = journal->other_bytes;

    for (int i = 0; i < journal->segment_count; i++)
        bytes += journal->segments[i]->written;
    return bytes;
}

int journal_register(struct journal *journal, struct segment **segment)
{
    if (journal->segment_count == LIMIT_SEGMENTS)
        return -EDQUOT;
    journal->segments[journal->segment_count++] = *segment;
    *segment = NULL;
    return 0;
}

static bool is_ours(struct journal *journal, const char *name)
{
    bool ours = false;

    journal_lock(journal);
    for (int i = 0; i < journal->segment_count; i++)
        ours = ours || strcmp(journal->segments[i]->name, name) == 0;
    journal_unlock(journal);
    return ours;
}

static bool is_segment_name(const char *name)
{
    size_t length = strlen(name);
    size_t suffix = strlen(SEGMENT_SUFFIX);

    return length > suffix && length < SEGMENT_NAME_BYTES && name[0] != '.'
           && strcmp(name + length - suffix, SEGMENT_SUFFIX) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Names of segments that are not ours, oldest first: a name begins with the time. */
static int list_others(struct journal *journal, int directory,
                       char names[CANDIDATES][SEGMENT_NAME_BYTES])
{
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int count = 0;

    if (listing == NULL) {
        auto_close(&fd);
        return 0;
    }
    while (count < CANDIDATES && (entry = readdir(listing)) != NULL) {
        if (is_segment_name(entry->d_name) && !is_ours(journal, entry->d_name))
            memcpy(names[count++], entry->d_name, strlen(entry->d_name) + 1);
    }
    (void)closedir(listing);
    qsort(names, (size_t)count, SEGMENT_NAME_BYTES, compare_names);
    return count;
}

/* Takes it over if there is room and its process is gone.  Returns how many bytes stay with others.
 */
static int64_t take_over(struct journal *journal, int directory, const char *name)
{
    AUTO(segment_close) struct segment *segment = NULL;
    struct stat status;
    int64_t torn;
    bool room;

    journal_lock(journal);
    room = journal->segment_count < LIMIT_SEGMENTS - OWN_SEGMENTS;
    journal_unlock(journal);
    if (!room || segment_take_over(directory, name, &segment) != 0)
        return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_size : 0;
    torn = segment->torn;
    journal_lock(journal);
    if (journal_register(journal, &segment) == 0)
        journal->torn_bytes += (uint64_t)torn;
    journal_unlock(journal);
    return 0;
}

void journal_look(struct journal *journal)
{
    char names[CANDIDATES][SEGMENT_NAME_BYTES];
    int directory = journal_directory(journal, false);
    int64_t other_bytes = 0;
    int count;

    if (directory < 0)
        return;
    count = list_others(journal, directory, names);
    for (int i = 0; i < count; i++)
        other_bytes += take_over(journal, directory, names[i]);
    journal_lock(journal);
    journal->other_bytes = other_bytes;
    journal_unlock(journal);
}

void journal_begin(struct journal *journal)
{
    struct segment *segment;
    int code;

    journal_lock(journal);
    if (journal->writing || journal_open_segment(journal, 0) != NULL) {
        journal_unlock(journal);
        return;
    }
    journal->writing = true;
    journal_unlock(journal);
    code = journal_add(journal);
    journal_lock(journal);
    segment = code == 0 ? journal_open_segment(journal, 0) : NULL;
    if (segment != NULL)
        journal_sync(journal, segment);
    journal->writing = false;
    (void)pthread_cond_broadcast(&journal->changed);
    journal_unlock(journal);
}

static int compare_segments(const void *a, const void *b)
{
    return strcmp(((const struct segment *)a)->name, ((const struct segment *)b)->name);
}

int journal_segments(struct journal *journal, struct segment ret[LIMIT_SEGMENTS])
{
    int count;

    journal_lock(journal);
    count = journal->segment_count;
    for (int i = 0; i < count; i++)
        ret[i] = *journal->segments[i];
    journal_unlock(journal);
    qsort(ret, (size_t)count, sizeof(*ret), compare_segments);
    return count;
}

void journal_drop(struct journal *journal, const struct file_id *id)
{
    AUTO(segment_close) struct segment *gone = NULL;

    journal_lock(journal);
    for (int i = 0; i < journal->segment_count; i++) {
        struct segment *segment = journal->segments[i];

        if (memcmp(&segment->head.id, id, sizeof(*id)) != 0 || segment->open || segment->users > 0
            || segment->syncing)
            continue;
        gone = segment;
        journal->segments[i] = journal->segments[--journal->segment_count];
        break;
    }
    journal_unlock(journal);
    if (gone != NULL)
        segment_remove(gone);
}

bool journal_is_crowded(struct journal *journal)
{
    bool crowded;

    journal_lock(journal);
    crowded = journal_bytes(journal) > LIMIT_JOURNAL_BYTES / 2
              || journal->segment_count >= LIMIT_SEGMENTS - OWN_SEGMENTS;
    journal_unlock(journal);
    return crowded;
}

void journal_counters(struct journal *journal, struct journal_counters *ret)
{
    journal_lock(journal);
    *ret = (struct journal_counters){
        .bytes = journal_bytes(journal),
        .segments = journal->segment_count,
        .syncs = journal->syncs,
        .torn_bytes = journal->torn_bytes,
        .broken = journal->broken,
        .directory = journal->directory_path,
    };
    memcpy(ret->batches, journal->batches, sizeof(ret->batches));
    journal_unlock(journal);
}
