/* head.c - the first line's hash, and how old a file is. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/head.h"

#include "base/auto.h"
#include "base/limits.h"
#include "ingest/format.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_PATH_BYTES = 256 }; /* more than a source's path may have */

/* The path with its NUL comes first, so that no line can stand for another path's. */
static void hash(const struct source_config *source, struct slice line, struct file_id *ret)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    unsigned char bytes[HEAD_PATH_BYTES + LIMIT_FILE_HEAD_BYTES];
    size_t length = 0;

    if (source != NULL && source->file_id == SOURCE_PATH) {
        length = strnlen(source->path, HEAD_PATH_BYTES - 1) + 1;
        memcpy(bytes, source->path, length - 1);
        bytes[length - 1] = '\0';
    }
    memcpy(bytes + length, line.data, line.length);
    (void)SHA256(bytes, length + line.length, digest);
    memcpy(ret->bytes, digest, sizeof(ret->bytes));
}

/* The time of the first line that is one; when there is none near the beginning, or no memory to
 * read it with, the time of the last change: good enough to order garbage by age. */
static int64_t first_time(struct slice rest, const struct source_config *source, int64_t changed_ms)
{
    /* Static, it would be a part of every thread's memory; on the stack, too large. */
    AUTO(auto_free) struct line_scratch *scratch = malloc(sizeof(*scratch));
    struct line line;

    while (scratch != NULL && rest.length > 0) {
        if (format_parse(source, slice_cut(&rest, '\n'), scratch, &line) == REJECT_NONE)
            return line.time_ms;
    }
    return changed_ms;
}

int head_of(struct slice bytes, int64_t changed_ms, struct head *ret)
{
    const char *newline = bytes.length == 0 ? NULL : memchr(bytes.data, '\n', bytes.length);

    if (newline == NULL && bytes.length < LIMIT_FILE_HEAD_BYTES)
        return -EAGAIN;
    ret->bytes = newline == NULL ? LIMIT_FILE_HEAD_BYTES : (size_t)(newline - bytes.data);
    hash(ret->source, (struct slice){ bytes.data, ret->bytes }, &ret->id);
    ret->first_ms = first_time(bytes, ret->source, changed_ms);
    return 0;
}

int head_read(int fd, struct head *ret)
{
    char bytes[LIMIT_FILE_HEAD_BYTES];
    ssize_t length = pread(fd, bytes, sizeof(bytes), 0);
    int64_t changed_ms = INT64_MAX;
    struct stat status;

    if (length < 0)
        return -errno;
    if (fstat(fd, &status) == 0)
        changed_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
    return head_of((struct slice){ bytes, (size_t)length }, changed_ms, ret);
}

bool head_matches(int fd, const struct head *head)
{
    char bytes[LIMIT_FILE_HEAD_BYTES + 1];
    size_t wanted = head->bytes == LIMIT_FILE_HEAD_BYTES ? head->bytes : head->bytes + 1;
    struct file_id id;

    if (pread(fd, bytes, wanted, 0) != (ssize_t)wanted)
        return false;
    /* With its newline, so that a line which merely begins the same is another one. */
    if (wanted > head->bytes && bytes[head->bytes] != '\n')
        return false;
    hash(head->source, (struct slice){ bytes, head->bytes }, &id);
    return memcmp(id.bytes, head->id.bytes, sizeof(id.bytes)) == 0;
}
