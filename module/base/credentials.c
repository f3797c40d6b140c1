/* credentials.c - one variable for each file of a directory. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/credentials.h"

#include "base/folder.h"
#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* systemd puts the credential's own name before that of each file of a directory. */
static const char prefix[] = "probity_";

/* The variable that the file is, or NULL. */
static const char *variable_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;

    if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
        name += sizeof(prefix) - 1;
    if (name[0] < 'A' || name[0] > 'Z'
        || name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
        return NULL;
    return name;
}

static int import_file(const char *path, const char *name, struct arena *arena, struct error *err)
{
    struct slice content;
    char *value;
    int code = folder_read_file(path, LIMIT_CREDENTIAL_BYTES, arena, &content, err);

    if (code != 0)
        return code;
    if (content.length > 0 && content.data[content.length - 1] == '\n')
        content.length--;
    if (content.length > 0 && memchr(content.data, '\0', content.length) != NULL)
        return error_set(err, EINVAL, "credential %s: it holds a NUL: no variable can", name);
    value = arena_copy(arena, content);
    if (value == NULL || setenv(name, value, 1) != 0)
        return error_set(err, ENOMEM, "credential %s: out of memory", name);
    return 0;
}

static int import_folder(const char *directory, struct arena *arena, struct error *err)
{
    static const char *const any[] = { "", NULL };
    const char *const *paths;
    struct error trouble = { 0 };
    int count = 0;
    int code = folder_list(directory, any, arena, &paths, &count, &trouble);

    if (code == -ENOENT)
        return 0; /* none were handed over */
    if (code != 0)
        return error_set(err, -code, "CREDENTIALS_DIRECTORY: %.200s", trouble.text);
    for (int i = 0; i < count && code == 0; i++) {
        const char *name = variable_of(paths[i]);
        const char *set = name == NULL ? NULL : getenv(name);

        if (name != NULL && (set == NULL || set[0] == '\0'))
            code = import_file(paths[i], name, arena, err);
    }
    return code;
}

int credentials_import(struct error *err)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    AUTO(arena_free) struct arena *arena = NULL;

    if (directory == NULL || directory[0] == '\0')
        return 0;
    arena = arena_new(LIMIT_CREDENTIALS_BYTES);
    if (arena == NULL)
        return error_set(err, ENOMEM, "CREDENTIALS_DIRECTORY: out of memory");
    return import_folder(directory, arena, err);
}
