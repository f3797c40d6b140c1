/* tail.h - a log read once from its end on, through rotation, whoever else reads it.
 *
 * Unlike a trail it remembers no file by its content and never goes back: what is told here can't
 * be taken back.  A file that takes the log's place is read from its beginning; the one before it
 * until nobody writes to it any more.  Neither sleeps nor reads a clock.  One thread.
 */
#ifndef INGEST_TAIL_H
#define INGEST_TAIL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tail_file {
    int fd; /* -1: none */
    uint64_t device;
    uint64_t inode;
    int64_t offset;
    bool skipping; /* in a line whose beginning is not ours, or that is too long */
};

struct tail {
    struct tail_file now;
    struct tail_file before; /* rotated away: a slow worker may still write to it */
    struct tail_file left;   /* where an earlier reader of this process was; inode 0: nobody */
    int64_t rotated_at_ms;   /* boot clock */
    bool begun;              /* a new file is one that began under our eyes */
    bool grown;              /* something was read in the last turn */
};

struct tail_reader {
    const char *path;
    char *buffer; /* borrowed */
    size_t capacity;
    /* Takes what is whole at the front of a chunk.  Returns how many bytes that was. */
    size_t (*take)(void *context, struct slice chunk);
    void *context;
};

/* `left` says where an earlier reader of this process was (its descriptor apart): the first turn
 * goes on there if that is still the log, else in the new one.  NULL: nobody, and the log is read
 * from its end on. */
void tail_init(struct tail *tail, const struct tail_file *left);
void tail_done(struct tail *tail);

/* Reads what there is, up to a bound.  Returns whether there is more. */
bool tail_turn(struct tail *tail, const struct tail_reader *reader, int64_t boot_ms);

#endif
