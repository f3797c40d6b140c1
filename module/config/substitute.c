/* substitute.c - replaces ${NAME} by what the environment says. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/substitute.h"

#include "base/buf.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { TEXT_BYTES = 64 * 1024 };

/* The name at the beginning of "NAME}…"; empty when there is none. */
static struct slice name_at(const char *text)
{
    struct slice name = { text, 0 };

    while (isalnum((unsigned char)text[name.length]) || text[name.length] == '_')
        name.length++;
    if (text[name.length] != '}' || isdigit((unsigned char)text[0]))
        name.length = 0;
    return name;
}

/* Appends what the variable says, or keeps its name in `*unset`. */
static int put_variable(struct snapshot *snapshot, struct slice name, struct buf *buf,
                        const char **unset)
{
    const char *copy = arena_copy(snapshot->arena, name);
    const char *value = copy == NULL ? NULL : snapshot->lookup(snapshot->lookup_context, copy);
    struct slice bare = value_unwrap(slice_of(value));

    if (copy == NULL)
        return -ENOMEM;
    if (bare.length == 0 && *unset == NULL)
        *unset = copy;
    buf_append(buf, bare);
    return 0;
}

int substitute(struct snapshot *snapshot, const char *text, const char **ret, const char **unset)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, TEXT_BYTES);
    if (strstr(text, "${") == NULL) {
        *ret = text;
        return 0;
    }
    while (*text != '\0') {
        struct slice name = { NULL, 0 };

        if (strncmp(text, "$${", 3) == 0) {
            buf_append(&buf, SLICE("${"));
            text += 3;
            continue;
        }
        if (strncmp(text, "${", 2) != 0) {
            buf_append_char(&buf, *text++);
            continue;
        }
        name = name_at(text + 2);
        if (name.length == 0)
            return -EINVAL;
        if (put_variable(snapshot, name, &buf, unset) != 0)
            return -ENOMEM;
        text = name.data + name.length + 1;
    }
    if (!buf_ok(&buf))
        return -ENOMEM;
    *ret = arena_copy(snapshot->arena, buf_slice(&buf));
    return *ret == NULL ? -ENOMEM : 0;
}

bool substitute_is_reference(const char *text)
{
    while (strncmp(text, "${", 2) == 0) {
        struct slice name = name_at(text + 2);

        if (name.length == 0)
            return false;
        text = name.data + name.length + 1;
    }
    return *text == '\0';
}
