/* buf.h - a growing run of bytes that cannot grow without bound.
 *
 * Appending never has to be checked call by call: the first append that does not fit, or finds no
 * memory, marks the buffer as failed, later ones do nothing, and buf_ok() tells at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* terminated with NUL once anything was appended */
    size_t length;
    size_t capacity;
    size_t max_bytes;
    bool failed;
};

void buf_init(struct buf *buf, size_t max_bytes);
void buf_done(struct buf *buf);

/* Empties the buffer and forgets a failure; keeps the memory. */
void buf_clear(struct buf *buf);

void buf_append(struct buf *buf, struct slice bytes);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_append_uint(struct buf *buf, uint64_t value); /* decimal */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether everything that was appended is there. */
bool buf_ok(const struct buf *buf);

/* What was appended so far; borrowed until the next append. */
struct slice buf_slice(const struct buf *buf);

/* The content as a terminated string, "" while empty; borrowed. */
const char *buf_text(const struct buf *buf);

#endif
