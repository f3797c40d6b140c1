/* head.h - names a file by its content: the hash of its first line.
 *
 * The line counts without its newline, and at most LIMIT_FILE_HEAD_BYTES of it.  It is unique
 * because the log format holds $request_id.  A file whose first line is not complete, and shorter
 * than that, has no name yet.
 */
#ifndef INGEST_HEAD_H
#define INGEST_HEAD_H

#include "base/auto.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct head {
    struct file_id id;
    size_t bytes; /* how many bytes of the file were hashed */
    int64_t
        first_ms; /* wall clock: when the file began, by its first lines, else by its change time */
};

/* Reads the head.  Returns 0, -EAGAIN while the file has no name yet, or -errno. */
int head_read(int fd, struct head *ret) MUST_CHECK;

/* Whether the file still begins as `head` says. */
bool head_matches(int fd, const struct head *head);

#endif
