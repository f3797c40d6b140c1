/* buf.c - doubling growth up to the bound, and one sticky failure. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){ .max_bytes = max_bytes };
}

void buf_done(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ .max_bytes = buf->max_bytes };
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

/* Makes room for `extra` bytes and a NUL. */
static bool reserve(struct buf *buf, size_t extra)
{
    size_t capacity = buf->capacity == 0 ? FIRST_BYTES : buf->capacity;
    char *data;

    if (buf->failed || extra > buf->max_bytes - buf->length) {
        buf->failed = true;
        return false;
    }
    if (buf->length + extra < buf->capacity)
        return true;
    while (capacity <= buf->length + extra)
        capacity *= 2;
    data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_append(struct buf *buf, struct slice bytes)
{
    if (!reserve(buf, bytes.length))
        return;
    if (bytes.length > 0)
        memcpy(buf->data + buf->length, bytes.data, bytes.length);
    buf->length += bytes.length;
    buf->data[buf->length] = '\0';
}

void buf_append_text(struct buf *buf, const char *text)
{
    buf_append(buf, slice_of(text));
}

void buf_append_char(struct buf *buf, char c)
{
    buf_append(buf, (struct slice){ &c, 1 });
}

void buf_append_uint(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    buf_append(buf, (struct slice){ digits + at, sizeof(digits) - at });
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    int needed;

    va_start(args, format);
    va_copy(again, args);
    needed = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (needed < 0)
        buf->failed = true;
    else if (reserve(buf, (size_t)needed)) {
        (void)vsnprintf(buf->data + buf->length, (size_t)needed + 1, format, again);
        buf->length += (size_t)needed;
    }
    va_end(again);
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){ buf->data, buf->length };
}

const char *buf_text(const struct buf *buf)
{
    return buf->data == NULL ? "" : buf->data;
}
