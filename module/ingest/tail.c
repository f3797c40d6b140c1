/* tail.c - two files at most: the log, and the one that was it before. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/tail.h"

#include "base/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNKS = 16,       /* per file and turn, so that no log starves the others */
    LINGER_MS = 60000, /* as long as a trail waits for workers that reopen late */
};

void tail_init(struct tail *tail, const struct tail_file *left)
{
    *tail = (struct tail){ .now.fd = -1, .before.fd = -1 };
    if (left != NULL)
        tail->left = *left;
    tail->begun = left != NULL;
}

void tail_done(struct tail *tail)
{
    auto_close(&tail->now.fd);
    auto_close(&tail->before.fd);
}

/* Opens the log at its beginning.  Returns 0 or -errno. */
static int file_at_start(const char *path, struct tail_file *ret, int64_t *ret_size)
{
    struct stat status;
    /* Without O_NONBLOCK a FIFO in the log's place would hang the thread. */
    struct tail_file file = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) };

    if (file.fd < 0)
        return -errno;
    if (fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        auto_close(&file.fd);
        return -EINVAL;
    }
    file.device = status.st_dev;
    file.inode = status.st_ino;
    *ret_size = (int64_t)status.st_size;
    *ret = file;
    return 0;
}

/* The first line may have begun before: it is no line of ours, unless it begins at the end. */
static void go_to_end(struct tail_file *file, int64_t size)
{
    char last = '\n';

    if (size > 0 && pread(file->fd, &last, 1, size - 1) != 1)
        last = '\0';
    file->offset = size;
    file->skipping = last != '\n';
}

/* What was written to a file that was rotated away between two readers is not found again. */
static bool was_left(const struct tail *tail, int64_t size)
{
    return tail->left.inode == tail->now.inode && tail->left.device == tail->now.device
           && tail->left.offset <= size;
}

static void open_log(struct tail *tail, const char *path)
{
    int64_t size = 0;
    int code = file_at_start(path, &tail->now, &size);

    tail->begun |= code == -ENOENT;
    if (code != 0)
        return;
    if (!tail->begun)
        go_to_end(&tail->now, size);
    else if (was_left(tail, size))
        tail->now.offset = tail->left.offset;
    tail->begun = true;
    tail->left = (struct tail_file){ .fd = -1 };
}

/* Whether another file stands at the path. */
static bool is_rotated(const struct tail *tail, const char *path)
{
    struct stat status;

    return stat(path, &status) == 0
           && (status.st_ino != tail->now.inode || status.st_dev != tail->now.device);
}

/* Steps over the rest of a line.  Returns how many bytes that was. */
static size_t skip(struct tail_file *file, struct slice chunk)
{
    const char *newline = memchr(chunk.data, '\n', chunk.length);

    if (newline == NULL)
        return chunk.length;
    file->skipping = false;
    return (size_t)(newline - chunk.data) + 1;
}

/* Takes one chunk.  Returns whether there may be more. */
static bool read_chunk(struct tail_file *file, const struct tail_reader *reader, bool *grown)
{
    ssize_t length = pread(file->fd, reader->buffer, reader->capacity, file->offset);
    struct slice chunk;
    size_t done;

    if (length <= 0)
        return false;
    chunk = (struct slice){ reader->buffer, (size_t)length };
    done = file->skipping ? skip(file, chunk) : reader->take(reader->context, chunk);
    if (done == 0 && chunk.length == reader->capacity) {
        file->skipping = true; /* over any bound of a line */
        done = chunk.length;
    }
    file->offset += (int64_t)done;
    *grown |= done > 0;
    return done > 0;
}

static bool read_file(struct tail_file *file, const struct tail_reader *reader, bool *grown)
{
    struct stat status;

    if (file->fd < 0 || fstat(file->fd, &status) != 0 || status.st_size == file->offset)
        return false;
    if (status.st_size < file->offset) { /* truncated in its place */
        file->offset = 0;
        file->skipping = false;
    }
    for (int i = 0; i < CHUNKS; i++) {
        if (!read_chunk(file, reader, grown))
            return false;
    }
    return true;
}

static void rotate(struct tail *tail, const char *path, int64_t boot_ms)
{
    auto_close(&tail->before.fd);
    tail->before = tail->now;
    tail->now.fd = -1;
    tail->rotated_at_ms = boot_ms;
    open_log(tail, path);
}

bool tail_turn(struct tail *tail, const struct tail_reader *reader, int64_t boot_ms)
{
    bool more;

    tail->grown = false;
    if (tail->now.fd < 0)
        open_log(tail, reader->path);
    more = read_file(&tail->before, reader, &tail->grown);
    if (!more && tail->before.fd >= 0 && boot_ms - tail->rotated_at_ms >= LINGER_MS)
        auto_close(&tail->before.fd);
    /* The one before it is only let go once it is read to its end. */
    if (!more && tail->now.fd >= 0 && is_rotated(tail, reader->path))
        rotate(tail, reader->path, boot_ms);
    return more | read_file(&tail->now, reader, &tail->grown);
}
