/* arrays.c - array literals and hex. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/arrays.h"

#include <inttypes.h>

static const char digits[] = "0123456789abcdef";

void array_open(struct buf *array)
{
    buf_clear(array);
    buf_append_char(array, '{');
}

static void separate(struct buf *array)
{
    if (array->length > 1)
        buf_append_char(array, ',');
}

void array_put_int(struct buf *array, int64_t value)
{
    separate(array);
    buf_printf(array, "%" PRId64, value);
}

void array_put_null(struct buf *array)
{
    separate(array);
    buf_append_text(array, "NULL");
}

/* Always quoted: then only the quote and the backslash mean anything. */
void array_put_text(struct buf *array, struct slice text)
{
    separate(array);
    buf_append_char(array, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buf_append_char(array, '\\');
        buf_append_char(array, text.data[i]);
    }
    buf_append_char(array, '"');
}

static void append_digits(struct buf *buf, struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        char pair[2] = { digits[byte >> 4], digits[byte & 15] };

        buf_append(buf, (struct slice){ pair, 2 });
    }
}

void array_put_bytes(struct buf *array, struct slice bytes)
{
    separate(array);
    buf_append_text(array, "\"\\\\x");
    append_digits(array, bytes);
    buf_append_char(array, '"');
}

void array_close(struct buf *array)
{
    buf_append_char(array, '}');
}

void array_put_texts(struct buf *array, const char *const *texts, int count)
{
    array_open(array);
    for (int i = 0; i < count; i++)
        array_put_text(array, slice_of(texts[i]));
    array_close(array);
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int64_t array_read_hex(struct slice text, unsigned char *ret)
{
    size_t length = text.length / 2;

    if (text.length < 2 || text.length % 2 != 0 || text.data[0] != '\\' || text.data[1] != 'x')
        return -1;
    for (size_t i = 1; i < length; i++) {
        int high = digit_value(text.data[2 * i]);
        int low = digit_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return -1;
        ret[i - 1] = (unsigned char)(high << 4 | low);
    }
    return (int64_t)length - 1;
}

static int32_t read_int4(const unsigned char *bytes)
{
    return (int32_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8
                     | (uint32_t)bytes[3]);
}

/* Source: PostgreSQL 15, src/backend/utils/adt/arrayfuncs.c, array_send(): the number of
 * dimensions, flags, the element's type, per dimension its length and lower bound; then each
 * element behind its length, all in network order. */
bool array_walk_begin(struct array_walk *walk, struct slice cell)
{
    enum { HEAD = 12, DIMENSION = 8 };
    const unsigned char *bytes = (const unsigned char *)cell.data;
    int dimensions;

    *walk = (struct array_walk){ 0 };
    if (cell.length < HEAD)
        return false;
    dimensions = read_int4(bytes);
    if (dimensions == 0)
        return true;
    if (dimensions != 1 || cell.length < HEAD + DIMENSION)
        return false;
    walk->count = read_int4(bytes + HEAD);
    walk->next = bytes + HEAD + DIMENSION;
    walk->end = bytes + cell.length;
    return walk->count >= 0;
}

bool array_walk_next(struct array_walk *walk, int64_t *ret)
{
    enum { LENGTH = 4 };
    int32_t length;

    if (walk->end - walk->next < LENGTH)
        return false;
    length = read_int4(walk->next);
    if ((length != 4 && length != 8) || walk->end - walk->next < LENGTH + length)
        return false;
    walk->next += LENGTH;
    *ret = read_int4(walk->next);
    if (length == 8)
        *ret = (int64_t)((uint64_t)*ret << 32 | (uint32_t)read_int4(walk->next + 4));
    walk->next += length;
    return true;
}
