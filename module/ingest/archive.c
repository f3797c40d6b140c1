/* archive.c - zlib reads both kinds; a line that a chunk cuts is kept for the next. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/archive.h"

#include "base/limits.h"
#include "ingest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { GZ_BUFFER_BYTES = 128 * 1024 };

struct archive {
    gzFile gz;
    const char *path;
    int64_t bytes; /* of the file itself */
    uint64_t inode;
    struct head head;
    char *buffer; /* FILE_CHUNK_BYTES */
    size_t filled;
    int64_t offset; /* of the buffer's first byte */
};

void archive_close(struct archive **archive)
{
    if (*archive == NULL)
        return;
    if ((*archive)->gz != NULL)
        (void)gzclose_r((*archive)->gz);
    free((*archive)->buffer);
    free(*archive);
    *archive = NULL;
}

/* Without O_NONBLOCK a FIFO would hang the program. */
static int open_file(struct archive *archive, struct error *err)
{
    int fd = open(archive->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;

    if (fd < 0)
        return error_set(err, errno, "%s: can't be opened: %s", archive->path, strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)close(fd);
        return error_set(err, EINVAL, "%s: is no regular file", archive->path);
    }
    archive->bytes = (int64_t)status.st_size;
    archive->inode = status.st_ino;
    archive->gz = gzdopen(fd, "r");
    if (archive->gz == NULL) {
        (void)close(fd);
        return error_set(err, ENOMEM, "%s: out of memory", archive->path);
    }
    (void)gzbuffer(archive->gz, GZ_BUFFER_BYTES);
    return 0;
}

static int gz_failure(const struct archive *archive, struct error *err)
{
    int code = Z_OK;
    const char *text = gzerror(archive->gz, &code);

    if (code == Z_ERRNO)
        return error_set(err, EIO, "%s: can't be read: %s", archive->path, strerror(errno));
    if (code == Z_BUF_ERROR)
        return error_set(err, EIO, "%s: is cut short", archive->path);
    return error_set(err, EIO, "%s: is damaged: %s", archive->path, text);
}

/* Fills the buffer up. */
static int fill(struct archive *archive, struct error *err)
{
    int count = 1;
    int code = Z_OK;

    while (archive->filled < FILE_CHUNK_BYTES && count > 0) {
        count = gzread(archive->gz, archive->buffer + archive->filled,
                       (unsigned)(FILE_CHUNK_BYTES - archive->filled));
        if (count > 0)
            archive->filled += (size_t)count;
    }
    if (count == 0)
        (void)gzerror(archive->gz, &code); /* an end that comes too early is no failed read */
    return count < 0 || (code != Z_OK && code != Z_STREAM_END) ? gz_failure(archive, err) : 0;
}

static int read_head(struct archive *archive, struct error *err)
{
    struct slice bytes = { archive->buffer, archive->filled };

    if (bytes.length > LIMIT_FILE_HEAD_BYTES)
        bytes.length = LIMIT_FILE_HEAD_BYTES;
    if (head_of(bytes, 0, &archive->head) != 0)
        return error_set(err, ENODATA, "%s: has no whole line", archive->path);
    return 0;
}

int archive_open(const char *path, const struct source_config *source, struct archive **ret,
                 struct error *err)
{
    AUTO(archive_close) struct archive *archive = calloc(1, sizeof(*archive));
    struct error trouble = { .code = 0 };
    struct slice chunk;
    int code;

    if (archive == NULL || (archive->buffer = malloc(FILE_CHUNK_BYTES)) == NULL)
        return error_set(err, ENOMEM, "%s: out of memory", path);
    archive->path = path;
    archive->head.source = source;
    code = open_file(archive, err);
    if (code != 0)
        return code;
    /* What is wrong further behind shows when it is read. */
    code = archive_read(archive, &chunk, &trouble);
    if (code != 0 && chunk.length == 0)
        return error_set(err, -code, "%s", trouble.text);
    code = read_head(archive, err);
    if (code != 0)
        return code;
    *ret = archive;
    archive = NULL;
    return 0;
}

int archive_seek(struct archive *archive, int64_t offset, struct error *err)
{
    int64_t ahead = offset - archive->offset;

    if (ahead >= 0 && (uint64_t)ahead <= archive->filled) {
        archive_take(archive, (size_t)ahead);
        return 0;
    }
    archive->filled = 0;
    archive->offset = offset;
    gzclearerr(archive->gz);
    if (gzseek(archive->gz, offset, SEEK_SET) < 0)
        return gz_failure(archive, err);
    return 0;
}

int archive_read(struct archive *archive, struct slice *ret, struct error *err)
{
    int code = fill(archive, err);

    *ret = (struct slice){ archive->buffer, archive->filled };
    return code;
}

void archive_take(struct archive *archive, size_t bytes)
{
    archive->filled -= bytes;
    archive->offset += (int64_t)bytes;
    memmove(archive->buffer, archive->buffer + bytes, archive->filled);
}

const struct head *archive_head(const struct archive *archive)
{
    return &archive->head;
}

int64_t archive_offset(const struct archive *archive)
{
    return archive->offset;
}

int64_t archive_bytes_read(const struct archive *archive)
{
    return (int64_t)gzoffset(archive->gz);
}

int64_t archive_bytes(const struct archive *archive)
{
    return archive->bytes;
}

uint64_t archive_inode(const struct archive *archive)
{
    return archive->inode;
}
