/* file.c - reads chunks, counts whole lines, steps over lines that never end. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/file.h"

#include "base/auto.h"
#include "ingest/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How far a line is searched for its end before it is given up. */
#define ENDLESS_BYTES (INT64_C(64) * 1024 * 1024)

enum { TAIL_BYTES = 8 * 1024 }; /* holds the last line, unless that is an odd one */

int file_open(const char *path, const struct source_config *source, struct log_file **ret,
              struct error *err)
{
    AUTO(file_close) struct log_file *file = calloc(1, sizeof(*file));
    struct stat status;

    if (file == NULL)
        return error_set(err, ENOMEM, "ingest: %s: out of memory", path);
    /* Without O_NONBLOCK a FIFO in the log's place would hang the thread. */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file->fd < 0)
        return error_set(err, errno, "ingest: %s: can't be opened: %s", path, strerror(errno));
    if (fstat(file->fd, &status) != 0)
        return error_set(err, errno, "ingest: %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(err, EINVAL,
                         "ingest: %s: is no regular file: let nginx write its log to one", path);
    file->head.source = source;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    file->size = (int64_t)status.st_size;
    (void)snprintf(file->path, sizeof(file->path), "%s", path);
    *ret = file;
    file = NULL;
    return 0;
}

void file_close(struct log_file **file)
{
    if (*file == NULL)
        return;
    auto_close(&(*file)->fd);
    sheet_clear(&(*file)->sheet);
    free(*file);
    *file = NULL;
}

void file_name(struct log_file *file)
{
    if (file->stage == FILE_HEADLESS && head_read(file->fd, &file->head) == 0)
        file->stage = FILE_NAMED;
}

/* Moves on behind the newline of a line that was too long, or had been given up. */
static void end_long_line(struct log_file *file, struct counting *counting, int64_t end)
{
    if (file->garbage) {
        file->sheet.lost_bytes += (uint64_t)(end - file->read_offset);
        counting->counters.lost_bytes += (uint64_t)(end - file->read_offset);
    } else {
        counting_reject(counting, REJECT_TOO_LONG, file->read_offset, SLICE("(over 64 KiB)"));
        counting->counters.lines++;
        counting->counters.bytes += (uint64_t)(end - file->read_offset);
        file->sheet.lines++;
        file->sheet.rejected_lines++;
    }
    file->garbage = false;
    file->read_offset = end;
    file->scan_offset = end;
}

/* Searches on for the end of a long line. */
static void scan_long_line(struct log_file *file, struct counting *counting, struct slice chunk)
{
    const char *newline = chunk.length == 0 ? NULL : memchr(chunk.data, '\n', chunk.length);

    if (newline != NULL) {
        end_long_line(file, counting, file->scan_offset + (newline - chunk.data) + 1);
        return;
    }
    file->scan_offset += (int64_t)chunk.length;
    if (!file->garbage && file->scan_offset - file->read_offset < ENDLESS_BYTES)
        return;
    file->sheet.lost_bytes += (uint64_t)(file->scan_offset - file->read_offset);
    counting->counters.lost_bytes += (uint64_t)(file->scan_offset - file->read_offset);
    file->garbage = true;
    file->read_offset = file->scan_offset;
}

static enum file_result use_chunk(struct log_file *file, struct counting *counting,
                                  struct slice chunk)
{
    bool whole = chunk.length == FILE_CHUNK_BYTES;
    size_t done;

    if (file->garbage || file->scan_offset > file->read_offset) {
        scan_long_line(file, counting, chunk);
        file->seen_offset = file->scan_offset;
        return whole || file->scan_offset < file->size ? FILE_MORE : FILE_END;
    }
    done = sheet_count(&file->sheet, counting, chunk, file->read_offset);
    file->seen_offset = file->read_offset + (int64_t)chunk.length;
    file->read_offset += (int64_t)done;
    file->scan_offset = file->read_offset;
    if (file->sheet.last_event_ms > file->newest_event_ms)
        file->newest_event_ms = file->sheet.last_event_ms;
    if (file->sheet.full) {
        file->seen_offset = file->read_offset;
        return FILE_FULL;
    }
    /* A whole chunk and no newline in it: from here on only the line's end is of interest. */
    if (done == 0 && whole)
        file->scan_offset = file->seen_offset;
    return whole ? FILE_MORE : FILE_END;
}

static void set_size(struct log_file *file, int64_t size)
{
    file->size = size;
    if (size >= file->committed_offset)
        file->cut_offset = 0;
    else if (file->cut_offset == 0 || size < file->cut_offset)
        file->cut_offset = size;
}

bool file_look(struct log_file *file)
{
    struct stat status;

    if (!head_matches(file->fd, &file->head))
        return false;
    if (fstat(file->fd, &status) == 0)
        file->size = (int64_t)status.st_size;
    return true;
}

/* The last whole line; empty when there is none. */
static struct slice last_line(const char *bytes, size_t length)
{
    const char *end = length == 0 ? NULL : memrchr(bytes, '\n', length);
    const char *before =
        end == NULL || end == bytes ? NULL : memrchr(bytes, '\n', (size_t)(end - bytes));
    const char *begin = before == NULL ? bytes : before + 1;

    return end == NULL ? (struct slice){ NULL, 0 } : (struct slice){ begin, (size_t)(end - begin) };
}

bool file_has_regrown(const struct log_file *file)
{
    AUTO(auto_free) struct line_scratch *scratch = NULL;
    char bytes[TAIL_BYTES];
    int64_t from = file->size - TAIL_BYTES;
    struct line line;
    ssize_t length;

    if (file->cut_offset == 0 || file->size <= file->cut_offset)
        return false;
    if (from < file->cut_offset)
        from = file->cut_offset;
    length = pread(file->fd, bytes, (size_t)(file->size - from), from);
    scratch = malloc(sizeof(*scratch));
    return length > 0 && scratch != NULL
           && format_parse(file->head.source, last_line(bytes, (size_t)length), scratch, &line)
                  == REJECT_NONE
           && line.time_ms > file->newest_event_ms;
}

enum file_result file_read(struct log_file *file, struct counting *counting, char *buffer)
{
    struct stat status;
    ssize_t length = 0;

    if (fstat(file->fd, &status) != 0)
        return FILE_FAILED;
    if (status.st_size > file->seen_offset)
        length = pread(file->fd, buffer, FILE_CHUNK_BYTES, file->scan_offset);
    if (length < 0)
        return FILE_FAILED;
    /* After the read: a chunk is what it seems only if the file had not been truncated by then.
     * Also when there is nothing to read, because new content may be as long as the old was. */
    if (!head_matches(file->fd, &file->head))
        return FILE_TRUNCATED;
    set_size(file, (int64_t)status.st_size);
    if (length == 0)
        return FILE_END;
    return use_chunk(file, counting, (struct slice){ buffer, (size_t)length });
}

void file_seek(struct log_file *file, int64_t offset)
{
    sheet_clear(&file->sheet);
    file->committed_offset = offset;
    file->read_offset = offset;
    file->scan_offset = offset;
    file->seen_offset = offset;
    file->cut_offset = 0;
    file->garbage = false;
    file->ended_wall_ms = 0;
}

void file_let_go(struct log_file *file)
{
    auto_close(&file->fd);
    file->device = 0;
    file->inode = 0;
    file->at_path = false;
}

bool file_settled(const struct log_file *file)
{
    return !file->in_flight && file->committed_offset == file->read_offset
           && file->sheet.lost_bytes == 0;
}

bool file_id_equals(const struct file_id *a, const struct file_id *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
