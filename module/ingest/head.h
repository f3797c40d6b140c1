/* head.h - names a file by its content: the hash of its first line.
 *
 * The line counts without its newline, and at most LIMIT_FILE_HEAD_BYTES of it.  It is unique
 * because the log format holds $request_id.  Where it holds none, the source's path is hashed with
 * it (file_id: path), so that only files of one source can be taken for each other.  A file whose
 * first line is not complete, and shorter than that, has no name yet.
 */
#ifndef INGEST_HEAD_H
#define INGEST_HEAD_H

#include "base/auto.h"
#include "config/sources.h"
#include "slo/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct head {
    const struct source_config *source; /* set by its owner; NULL: our own format, by first lines */
    struct file_id id;
    size_t bytes; /* how many bytes of the file were hashed */
    int64_t
        first_ms; /* wall clock: when the file began, by its first lines, else its last change */
};

/* Reads the head.  Returns 0, -EAGAIN while the file has no name yet, or -errno. */
int head_read(int fd, struct head *ret) MUST_CHECK;

/* The same from the file's first bytes, LIMIT_FILE_HEAD_BYTES unless it is shorter; `changed_ms`:
 * when it was changed last. */
int head_of(struct slice bytes, int64_t changed_ms, struct head *ret) MUST_CHECK;

/* Whether the file still begins as `head` says. */
bool head_matches(int fd, const struct head *head);

#endif
