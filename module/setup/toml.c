/* toml.c - lines, sections and quotes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/toml.h"

static struct slice section_of(struct slice line)
{
    while (line.length > 0 && line.data[0] == '[')
        line = (struct slice){ line.data + 1, line.length - 1 };
    return slice_trim(slice_cut(&line, ']'));
}

static struct slice value_of(struct slice text)
{
    text = slice_trim(text);
    if (text.length > 1 && (text.data[0] == '"' || text.data[0] == '\'')) {
        char quote = text.data[0];

        text = (struct slice){ text.data + 1, text.length - 1 };
        return slice_cut(&text, quote);
    }
    return slice_trim(slice_cut(&text, '#'));
}

struct slice toml_find(struct slice text, const char *section, const char *key)
{
    bool is_inside = section[0] == '\0';

    while (text.length > 0) {
        struct slice line = slice_trim(slice_cut(&text, '\n'));
        struct slice name;

        if (line.length > 0 && line.data[0] == '[') {
            is_inside = slice_equals_text(section_of(line), section);
            continue;
        }
        name = slice_trim(slice_cut(&line, '='));
        if (is_inside && line.length > 0 && slice_equals_text(name, key))
            return value_of(line);
    }
    return (struct slice){ "", 0 };
}
