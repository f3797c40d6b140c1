/* varint.c - seven bits a byte. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/varint.h"

enum { VARINT_MAX_BYTES = 10 };

void varint_put(struct buf *buf, uint64_t value)
{
    while (value >= 0x80) {
        buf_append_char(buf, (char)(value | 0x80));
        value >>= 7;
    }
    buf_append_char(buf, (char)value);
}

bool varint_take(struct slice *rest, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < VARINT_MAX_BYTES && i < rest->length; i++) {
        unsigned char byte = (unsigned char)rest->data[i];

        if ((i == VARINT_MAX_BYTES - 1 && byte > 1) || (i > 0 && byte == 0))
            return false;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret = value;
            *rest = (struct slice){ rest->data + i + 1, rest->length - i - 1 };
            return true;
        }
    }
    return false;
}
