/* segment.c - made, appended to, taken over up to the last whole batch, removed. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/segment.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "ingest/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEW_TRIES = 3 };

void segment_close(struct segment **segment)
{
    if (*segment == NULL)
        return;
    auto_close(&(*segment)->fd);
    free(*segment);
    *segment = NULL;
}

static struct segment *segment_alloc(int directory)
{
    struct segment *segment = calloc(1, sizeof(*segment));

    if (segment == NULL)
        return NULL;
    segment->directory = directory;
    segment->fd = -1;
    return segment;
}

/* 0, -EBUSY while somebody else has it, or -ENOENT: locked, but no longer in the directory. */
static int lock(struct segment *segment)
{
    struct stat status;

    if (flock(segment->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    if (fstat(segment->fd, &status) != 0)
        return -errno;
    segment->inode = status.st_ino;
    segment->written = (int64_t)status.st_size;
    return status.st_nlink > 0 ? 0 : -ENOENT;
}

static int write_all(int fd, struct slice bytes, int64_t offset)
{
    while (bytes.length > 0) {
        ssize_t done = pwrite(fd, bytes.data, bytes.length, offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? -errno : -EIO;
        bytes = (struct slice){ bytes.data + done, bytes.length - (size_t)done };
        offset += done;
    }
    return 0;
}

static int create(struct segment *segment, int64_t now_wall_ms)
{
    char id[RANDOM_HEX_BYTES];

    random_hex(id);
    (void)snprintf(segment->name, sizeof(segment->name), "%013" PRId64 "-%.12s" SEGMENT_SUFFIX,
                   now_wall_ms, id);
    segment->fd = openat(segment->directory, segment->name,
                         O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return segment->fd < 0 ? -errno : lock(segment);
}

static int write_head(struct segment *segment, const char *service, int64_t now_wall_ms)
{
    char id[RANDOM_HEX_BYTES];
    char started[CLOCK_TEXT_BYTES];
    char line[256];
    int length;
    int code;

    random_hex(id);
    clock_format(now_wall_ms, started);
    length = snprintf(line, sizeof(line),
                      "{\"journal\":1,\"id\":\"%s\",\"service\":\"%s\",\"started\":\"%s\"}\n", id,
                      service, started);
    code = write_all(segment->fd, (struct slice){ line, (size_t)length }, 0);
    if (code != 0)
        return code;
    segment->written = length;
    segment->synced = length;
    return head_read(segment->fd, &segment->head);
}

int segment_new(int directory, const char *service, int64_t now_wall_ms, struct segment **ret)
{
    AUTO(segment_close) struct segment *segment = segment_alloc(directory);
    int code = -EBUSY;

    if (segment == NULL)
        return -ENOMEM;
    /* Between its making and its locking somebody may have taken it for left behind. */
    for (int i = 0; i < NEW_TRIES && (code == -EBUSY || code == -ENOENT); i++) {
        auto_close(&segment->fd);
        code = create(segment, now_wall_ms);
        if (code == -ENOENT && segment->fd < 0)
            return code; /* it is the directory that is gone */
    }
    if (code == 0)
        code = write_head(segment, service, now_wall_ms);
    if (code != 0) {
        if (segment->fd >= 0)
            segment_remove(segment);
        return code;
    }
    segment->open = true;
    *ret = segment;
    segment = NULL;
    return 0;
}

/* --- taking over --- */

/* The header at `offset`.  Returns its length, 0 when there is none. */
static size_t read_header(int fd, int64_t offset, char text[ENTRY_HEADER_BYTES],
                          struct entry *entry)
{
    ssize_t length = pread(fd, text, ENTRY_HEADER_BYTES, offset);

    return length <= 0 ? 0 : entry_read((struct slice){ text, (size_t)length }, entry);
}

/* Where the entry at `offset` ends, -1 if it is not whole. */
static int64_t check_entry(const struct segment *segment, int64_t offset, struct entry *entry)
{
    AUTO(auto_free) char *lines = NULL;
    char text[ENTRY_HEADER_BYTES];
    size_t header = read_header(segment->fd, offset, text, entry);
    int64_t begin = offset + (int64_t)header;

    if (header == 0 || begin + (int64_t)entry->bytes > segment->written)
        return -1;
    lines = malloc(entry->bytes + 1);
    if (lines == NULL || pread(segment->fd, lines, entry->bytes, begin) != (ssize_t)entry->bytes
        || !entry_holds((struct slice){ text, header }, (struct slice){ lines, entry->bytes }))
        return -1;
    return begin + (int64_t)entry->bytes;
}

/* Up to where there are whole batches. */
static int64_t whole_until(const struct segment *segment)
{
    int64_t whole = (int64_t)segment->head.bytes + 1;
    int64_t at = whole;
    struct entry entry;
    int part = 0;

    while ((at = check_entry(segment, at, &entry)) >= 0 && entry.part == part) {
        part = entry.part + 1 == entry.parts ? 0 : part + 1;
        if (part == 0)
            whole = at;
    }
    return whole;
}

int segment_take_over(int directory, const char *name, struct segment **ret)
{
    AUTO(segment_close) struct segment *segment = segment_alloc(directory);
    int64_t whole;
    int code;

    if (segment == NULL)
        return -ENOMEM;
    (void)snprintf(segment->name, sizeof(segment->name), "%s", name);
    segment->fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (segment->fd < 0)
        return -errno;
    code = lock(segment);
    if (code == 0)
        code = head_read(segment->fd, &segment->head);
    if (code == 0 && segment->written <= (int64_t)segment->head.bytes)
        code = -EAGAIN; /* its first line never ended */
    if (code == -EAGAIN) {
        segment_remove(segment);
        return -ENODATA;
    }
    if (code != 0)
        return code;
    whole = whole_until(segment);
    segment->torn = segment->written - whole;
    if (segment->torn > 0 && ftruncate(segment->fd, (off_t)whole) != 0)
        segment->broken = errno; /* it is only counted again by the next who takes it over */
    segment->written = whole;
    segment->synced = whole;
    segment->named = true;
    *ret = segment;
    segment = NULL;
    return 0;
}

/* --- while it is used --- */

int segment_write(int fd, struct slice entries, int64_t offset)
{
    struct stat status;
    int code;

    /* Somebody removed it: what goes there now would be lost with the process. */
    if (fstat(fd, &status) == 0 && status.st_nlink == 0)
        return -ENOENT;
    code = write_all(fd, entries, offset);
    /* A full disk takes a part of it.  That part is none of what was promised to anybody. */
    if (code != 0 && ftruncate(fd, (off_t)offset) != 0)
        return -EIO;
    return code;
}

int segment_sync(int fd, int directory)
{
    if (fdatasync(fd) != 0 || (directory >= 0 && fsync(directory) != 0))
        return -errno;
    return 0;
}

void segment_break(struct segment *segment, int code)
{
    segment->broken = code;
    segment->open = false;
    segment->written = segment->synced;
    (void)!ftruncate(segment->fd, (off_t)segment->synced);
}

void segment_remove(struct segment *segment)
{
    (void)unlinkat(segment->directory, segment->name, 0);
}

int64_t segment_find(const struct segment *segment, int64_t offset, int64_t *ret_end)
{
    int64_t at = (int64_t)segment->head.bytes + 1;
    char text[ENTRY_HEADER_BYTES];
    struct entry entry;

    while (at <= offset) {
        size_t header = read_header(segment->fd, at, text, &entry);
        int64_t end;

        if (header == 0)
            break;
        end = at + (int64_t)header + (int64_t)entry.bytes;
        if (offset < end) {
            *ret_end = end;
            return at;
        }
        at = end;
    }
    return -1;
}
