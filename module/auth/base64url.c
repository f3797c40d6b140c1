/* base64url.c - six bits at a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/base64url.h"

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(struct slice text, char *bytes, size_t *ret_length)
{
    unsigned held = 0;
    int bits = 0;
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        int value = value_of(text.data[i]);

        if (value < 0)
            return false;
        held = (held << 6 | (unsigned)value) & 0xfffu;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        bytes[length++] = (char)(unsigned char)(held >> bits);
        held &= (1u << bits) - 1;
    }
    /* Six bits left over: a last character that stands for no byte. */
    if (bits == 6 || held != 0)
        return false;
    *ret_length = length;
    return true;
}
