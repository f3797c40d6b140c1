/* slice.c - the few operations on borrowed bytes that don't fit in a line. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/slice.h"

#include <strings.h>

bool slice_parse_uint(struct slice text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.length == 0)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        unsigned digit = (unsigned)((unsigned char)text.data[i] - (unsigned char)'0');

        if (digit > 9 || value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *ret = value;
    return true;
}

int slice_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

bool slice_equals_nocase(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || strncasecmp(a.data, b.data, a.length) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice text)
{
    while (text.length > 0 && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice head = *rest;
    const char *found;

    if (rest->length == 0) /* then there may be no data either */
        return head;
    found = memchr(rest->data, separator, rest->length);
    if (found == NULL) {
        *rest = (struct slice){ rest->data + rest->length, 0 };
        return head;
    }
    head.length = (size_t)(found - rest->data);
    *rest = (struct slice){ found + 1, rest->length - head.length - 1 };
    return head;
}
