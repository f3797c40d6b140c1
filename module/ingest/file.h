/* file.h - one log file under way: its name by content, how far it is read, what was counted since.
 *
 * Offsets count bytes.  committed_offset <= read_offset <= scan_offset: up to the first the ledger
 * has it, up to the second whole lines are in the sheet or on their way, up to the third a line
 * that is too long has been searched for its end.
 */
#ifndef INGEST_FILE_H
#define INGEST_FILE_H

#include "base/error.h"
#include "ingest/head.h"
#include "ingest/sheet.h"

#include <stdbool.h>
#include <stdint.h>

enum file_stage {
    FILE_HEADLESS,  /* no complete first line yet */
    FILE_NAMED,     /* the writer is to be asked where it was left */
    FILE_ASKED,     /* and has been */
    FILE_UNDECIDED, /* an older sibling that the ledger does not know */
    FILE_READING,   /* its position is known */
    FILE_DROPPED,   /* of no further interest */
};

enum { FILE_PATH_BYTES = 256 };

struct log_file {
    int fd; /* -1: nothing on the disk holds this content any more */
    uint64_t device;
    uint64_t inode;
    char path[FILE_PATH_BYTES]; /* where it was seen last */
    enum file_stage stage;
    bool sibling; /* found beside the log, not at its path */
    bool at_path;
    bool in_flight; /* a flush of this file has not been answered */
    bool garbage;   /* behind a run without newlines that was given up */
    struct head head;

    int64_t size;
    int64_t committed_offset;
    int64_t read_offset;
    int64_t scan_offset;
    int64_t seen_offset; /* everything before it has been looked at; the next read waits for more */
    int64_t
        cut_offset; /* where it ended when it was found shorter than what is committed; 0: not */

    int64_t moved_at_ms;      /* boot clock: when it last grew or left the path */
    int64_t handed_at_ms;     /* boot clock: last flush */
    int64_t ended_wall_ms;    /* when its end was last reached; 0 while behind */
    int64_t newest_event_ms;  /* wall */
    int64_t watched_until_ms; /* wall: as handed over last */
    int64_t hole_from_ms;     /* wall: a span in which nothing could be written to it, which the */
    int64_t hole_until_ms;    /* ledger has not been told yet; both 0: none */
    int64_t hole_handed_ms;   /* its end, as handed over last */

    struct sheet sheet;
};

enum file_result {
    FILE_MORE,      /* there is more to read */
    FILE_END,       /* the end was reached, but for a line that is not complete */
    FILE_FULL,      /* the sheet must be handed over first */
    FILE_TRUNCATED, /* the file no longer begins as it did: nothing of this read was used */
    FILE_FAILED,    /* it can't be read now */
};

/* Opens a regular file of a source (borrowed; NULL: our own format) for following.  Returns 0, or
 * -errno with `err`. */
int file_open(const char *path, const struct source_config *source, struct log_file **ret,
              struct error *err) MUST_CHECK;
void file_close(struct log_file **file);

/* Looks for the head of a headless file; it is named or stays as it is. */
void file_name(struct log_file *file);

enum { FILE_CHUNK_BYTES = 256 * 1024 };

/* Reads one chunk into `buffer` (FILE_CHUNK_BYTES) and counts its lines.  `now_wall_ms` of the
 * counting room must be set. */
enum file_result file_read(struct log_file *file, struct counting *counting, char *buffer);

/* How large the file is by now, without reading on.  Returns false when it no longer begins as it
 * did. */
bool file_look(struct log_file *file);

/* Whether a file that ends before its committed position has got lines since it was cut.  A copy of
 * the log that is still being written is short too, but holds only lines that were counted. */
bool file_has_regrown(const struct log_file *file);

/* Continues at `offset`, which the ledger gave, and forgets what was counted beyond. */
void file_seek(struct log_file *file, int64_t offset);

/* Lets go of content that is on the disk no more under this descriptor. */
void file_let_go(struct log_file *file);

/* Whether everything that was read is committed. */
bool file_settled(const struct log_file *file);

bool file_id_equals(const struct file_id *a, const struct file_id *b);

#endif
