/* head.c - the first line's hash, and how old a file is. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/head.h"

#include "base/limits.h"
#include "ingest/line.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void hash(const char *bytes, size_t length, struct file_id *ret)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    (void)SHA256((const unsigned char *)bytes, length, digest);
    memcpy(ret->bytes, digest, sizeof(ret->bytes));
}

/* The time of the first line that is one; when there is none near the beginning, the time of the
 * last change: good enough to order garbage by age. */
static int64_t first_time(int fd, struct slice rest)
{
    static _Thread_local struct line_scratch scratch;
    struct stat status;
    struct line line;

    while (rest.length > 0) {
        if (line_parse(slice_cut(&rest, '\n'), &scratch, &line) == REJECT_NONE)
            return line.time_ms;
    }
    if (fstat(fd, &status) != 0)
        return INT64_MAX;
    return (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
}

int head_read(int fd, struct head *ret)
{
    char bytes[LIMIT_FILE_HEAD_BYTES];
    ssize_t length = pread(fd, bytes, sizeof(bytes), 0);
    const char *newline;

    if (length < 0)
        return -errno;
    newline = memchr(bytes, '\n', (size_t)length);
    if (newline == NULL && length < (ssize_t)sizeof(bytes))
        return -EAGAIN;
    ret->bytes = newline == NULL ? sizeof(bytes) : (size_t)(newline - bytes);
    hash(bytes, ret->bytes, &ret->id);
    ret->first_ms = first_time(fd, (struct slice){ bytes, (size_t)length });
    return 0;
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
    hash(bytes, head->bytes, &id);
    return memcmp(id.bytes, head->id.bytes, sizeof(id.bytes)) == 0;
}
