/* port.c - the options by which servers are told their port. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/port.h"

#include "base/slice.h"

enum { PORT_MAX = 65535 };

static struct slice next_word(struct slice *rest)
{
    struct slice word;

    *rest = slice_trim(*rest);
    word = slice_cut(rest, ' ');
    while (word.length > 0 && (word.data[0] == '"' || word.data[0] == '\''))
        word = (struct slice){ word.data + 1, word.length - 1 };
    while (word.length > 0 && strchr("\"'", word.data[word.length - 1]) != NULL)
        word.length--;
    return word;
}

static bool has_part(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.length <= text.length; i++) {
        if (slice_starts_with((struct slice){ text.data + i, text.length - i }, part))
            return true;
    }
    return false;
}

/* "8000", "0.0.0.0:8000", "[::]:8000", "$PORT", "0.0.0.0:${PORT:-8000}" */
static bool read_port(struct slice text, int *ret)
{
    uint64_t port = 0;
    size_t end = text.length;

    if (has_part(text, SLICE("$PORT")) || has_part(text, SLICE("${PORT"))) {
        *ret = 0;
        return true;
    }
    while (end > 0 && text.data[end - 1] != ':')
        end--;
    if (!slice_parse_uint((struct slice){ text.data + end, text.length - end }, PORT_MAX, &port)
        || port == 0)
        return false;
    *ret = (int)port;
    return true;
}

bool port_of_command(const char *text, int *ret)
{
    static const char *const options[] = { "--port", "-p", "--bind", "-b", "--http", "runserver" };
    struct slice rest = slice_of(text);

    while (rest.length > 0) {
        struct slice word = next_word(&rest);

        for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
            struct slice option = slice_of(options[i]);
            struct slice value = { word.data + option.length + 1, 0 };
            struct slice ahead = rest;

            if (!slice_starts_with(word, option))
                continue;
            if (word.length > option.length && word.data[option.length] == '=')
                value.length = word.length - option.length - 1;
            else if (word.length == option.length)
                value = next_word(&ahead);
            if (value.length > 0 && read_port(value, ret))
                return true;
        }
    }
    return false;
}
