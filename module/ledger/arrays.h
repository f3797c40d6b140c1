/* arrays.h - Postgres arrays as text parameters: "{1,NULL,\"a b\"}".  Pure.
 * Source: PostgreSQL 15, 8.15.6 "Array Input and Output Syntax". */
#ifndef LEDGER_ARRAYS_H
#define LEDGER_ARRAYS_H

#include "base/buf.h"

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>

void array_open(struct buf *array);
void array_put_int(struct buf *array, int64_t value);
void array_put_text(struct buf *array, struct slice text);
void array_put_bytes(struct buf *array, struct slice bytes); /* bytea, in hex */
void array_put_null(struct buf *array);
void array_close(struct buf *array);

/* A whole array of texts. */
void array_put_texts(struct buf *array, const char *const *texts, int count);

/* Walks a cell that holds an array of integers (int4 or int8, one dimension) in binary. */
struct array_walk {
    const unsigned char *next;
    const unsigned char *end;
    int count;
};

/* False for what is no such array. */
bool array_walk_begin(struct array_walk *walk, struct slice cell) MUST_CHECK;

/* The next element; false at the end, or where the cell ends early. */
bool array_walk_next(struct array_walk *walk, int64_t *ret) MUST_CHECK;

/* Reads a bytea cell in its text form ("\x…") into `ret`, which holds at least half of the text's
 * length.  Returns the number of bytes, or -1 when it is no hex. */
int64_t array_read_hex(struct slice text, unsigned char *ret);

#endif
