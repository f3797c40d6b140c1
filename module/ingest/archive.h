/* archive.h - a log that lies about, plain or gzipped, read once from some offset on.
 *
 * Offsets count uncompressed bytes, so that a file and its compressed copy are the same to the
 * ledger.  Whether it is compressed is told by its bytes, not by its name.
 */
#ifndef INGEST_ARCHIVE_H
#define INGEST_ARCHIVE_H

#include "base/error.h"
#include "ingest/head.h"

#include <stdint.h>

struct archive;

/* Opens a regular file of a source (borrowed) and reads its head.  Returns 0; -ENODATA when it has
 * no whole line; or -errno with `err`. */
int archive_open(const char *path, const struct source_config *source, struct archive **ret,
                 struct error *err) MUST_CHECK;
void archive_close(struct archive **archive);

const struct head *archive_head(const struct archive *archive);

/* Goes on at an offset, backwards too; beyond the end there is nothing to read.  Returns 0, or
 * -errno with `err`. */
int archive_seek(struct archive *archive, int64_t offset, struct error *err) MUST_CHECK;

/* The bytes at the offset: a whole chunk (FILE_CHUNK_BYTES) unless the file ends.  Borrowed until
 * the next call.  Returns 0, or -errno with `err`: what came before is there all the same. */
int archive_read(struct archive *archive, struct slice *ret, struct error *err) MUST_CHECK;

/* Moves on behind the first `bytes` of them. */
void archive_take(struct archive *archive, size_t bytes);

int64_t archive_offset(const struct archive *archive);

/* How much of the file itself has been read, and how long it is: for progress. */
int64_t archive_bytes_read(const struct archive *archive);
int64_t archive_bytes(const struct archive *archive);
uint64_t archive_inode(const struct archive *archive);

#endif
