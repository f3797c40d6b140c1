/* utf8.c - the well-formed sequences, by the first byte and the range of the second. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/utf8.h"

static bool continues(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

size_t utf8_width(struct slice text)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t width;

    if (text.length == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xc2 || byte[0] > 0xf4)
        return 0;
    width = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (text.length < width)
        return 0;
    if (byte[0] == 0xe0)
        low = 0xa0; /* shorter forms exist */
    else if (byte[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (byte[0] == 0xf0)
        low = 0x90;
    else if (byte[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (!continues(byte[1], low, high))
        return 0;
    for (size_t i = 2; i < width; i++) {
        if (!continues(byte[i], 0x80, 0xbf))
            return 0;
    }
    return width;
}

bool utf8_valid(struct slice text)
{
    while (text.length > 0) {
        size_t width = utf8_width(text);

        if (width == 0)
            return false;
        text.data += width;
        text.length -= width;
    }
    return true;
}
