/* target.c - takes a request target apart. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/target.h"

#include <string.h>

/* "http://host/path", as a client writes it to a proxy. */
static struct slice cut_host(struct slice target)
{
    static const struct slice schemes[] = { { "http://", 7 }, { "https://", 8 } };

    for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
        struct slice rest = target;
        const char *slash;

        if (target.length < schemes[i].length
            || !slice_equals_nocase((struct slice){ target.data, schemes[i].length }, schemes[i]))
            continue;
        rest.data += schemes[i].length;
        rest.length -= schemes[i].length;
        slash = rest.length == 0 ? NULL : memchr(rest.data, '/', rest.length);
        if (slash == NULL)
            return SLICE("/");
        return (struct slice){ slash, rest.length - (size_t)(slash - rest.data) };
    }
    return target;
}

static struct slice cut_query(struct slice target)
{
    for (size_t i = 0; i < target.length; i++) {
        if (target.data[i] == '?' || target.data[i] == '#')
            return (struct slice){ target.data, i };
    }
    return target;
}

/* The byte that the escape at the front stands for; -1 if there is none. */
static int escaped_byte(struct slice rest)
{
    int high;
    int low;

    if (rest.length < 3 || rest.data[0] != '%')
        return -1;
    high = slice_hex_value(rest.data[1]);
    low = slice_hex_value(rest.data[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static struct slice decode(struct slice path, struct line_scratch *scratch)
{
    char *to = scratch->bytes + scratch->used;
    size_t length = 0;

    while (path.length > 0) {
        int byte = escaped_byte(path);
        size_t width = byte < 0 ? 1 : 3;

        to[length] = path.data[0];
        if (byte >= 0)
            to[length] = (char)byte;
        length++;
        path = (struct slice){ path.data + width, path.length - width };
    }
    scratch->used += length;
    return (struct slice){ to, length };
}

struct slice target_path(struct slice target, struct line_scratch *scratch)
{
    struct slice path = cut_query(cut_host(target));

    /* One that finds no room is far too long for a route anyway. */
    if (path.length == 0 || memchr(path.data, '%', path.length) == NULL
        || path.length > sizeof(scratch->bytes) - scratch->used)
        return path;
    return decode(path, scratch);
}
