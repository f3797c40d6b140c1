/* openapi.c - decodes a document and keeps what begins with a slash. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/openapi.h"

#include "base/arena.h"
#include "base/folder.h"
#include "base/limits.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1024 * 1024 };

/* Templates while they are collected. */
struct list {
    struct arena *arena;
    const char **texts;
    int count;
};

static void release_json(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

void openapi_free(struct openapi **openapi)
{
    if (*openapi == NULL)
        return;
    arena_free(&(*openapi)->arena);
    free(*openapi);
    *openapi = NULL;
}

/* The path of the first server, without a slash at its end; empty when it is the root. */
static struct slice server_path(const json_t *document)
{
    const json_t *server = json_array_get(json_object_get(document, "servers"), 0);
    const char *text = json_string_value(json_object_get(server, "url"));
    struct slice url = slice_of(text);
    const char *host = text == NULL ? NULL : strstr(text, "://");

    if (host != NULL) {
        const char *slash = strchr(host + 3, '/');

        url = slice_of(slash == NULL ? "" : slash);
    }
    while (url.length > 0 && url.data[url.length - 1] == '/')
        url.length--;
    return url.length > 0 && url.data[0] == '/' ? url : (struct slice){ NULL, 0 };
}

/* A parameter that is only a part of its segment ("/files/{name}.json") can't be a template either:
 * one such path must not be the reason to refuse all others. */
static bool is_template(const char *path)
{
    bool inside = false;

    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '{' ? inside || at == path || at[-1] != '/' || at[1] == '}'
                       : *at == '}' && (!inside || (at[1] != '/' && at[1] != '\0')))
            return false;
        if (inside && *at == '/')
            return false;
        inside = *at == '{' || (inside && *at != '}');
    }
    return !inside;
}

/* One that is too long for a route can't be a template; everything below it stays what it was. */
static int add(struct list *list, struct slice prefix, const char *path)
{
    char text[LIMIT_ROUTE_BYTES];
    int length = snprintf(text, sizeof(text), "%.*s%s", (int)prefix.length, prefix.data, path);
    char *copy;

    if (length >= (int)sizeof(text) || prefix.length > sizeof(text))
        return 0;
    copy = arena_copy(list->arena, (struct slice){ text, (size_t)length });
    if (copy == NULL)
        return -ENOMEM;
    list->texts[list->count++] = copy;
    return 0;
}

static int collect(const json_t *document, struct list *list, struct error *err)
{
    json_t *paths = json_object_get(document, "paths");
    struct slice prefix = server_path(document);
    const char *path;
    json_t *value;

    if (!json_is_object(paths))
        return error_set(err, EINVAL, "openapi: the document has no paths");
    if (json_object_size(paths) > OPENAPI_MAX_PATHS)
        return error_set(err, E2BIG, "openapi: the document has more than %d paths",
                         OPENAPI_MAX_PATHS);
    list->texts = arena_alloc(list->arena, 2 * json_object_size(paths) * sizeof(*list->texts));
    if (list->texts == NULL)
        return error_set(err, ENOMEM, "openapi: out of memory");
    json_object_foreach(paths, path, value)
    {
        if (path[0] != '/' || !is_template(path))
            continue;
        if (add(list, (struct slice){ "", 0 }, path) != 0
            || (prefix.length > 0 && add(list, prefix, path) != 0))
            return error_set(err, ENOMEM, "openapi: out of memory");
    }
    return 0;
}

int openapi_parse(struct slice text, struct openapi **ret, struct error *err)
{
    AUTO(openapi_free) struct openapi *openapi = calloc(1, sizeof(*openapi));
    AUTO(release_json) json_t *document = NULL;
    json_error_t trouble;
    struct list list;
    int code;

    if (openapi == NULL || (openapi->arena = arena_new(ARENA_BYTES)) == NULL)
        return error_set(err, ENOMEM, "openapi: out of memory");
    document = json_loadb(text.data, text.length, 0, &trouble);
    if (document == NULL)
        return error_set(err, EINVAL, "openapi: line %d, column %d: %s", trouble.line,
                         trouble.column, trouble.text);
    list = (struct list){ .arena = openapi->arena };
    code = collect(document, &list, err);
    if (code != 0)
        return code;
    openapi->templates = list.texts;
    openapi->count = list.count;
    *ret = openapi;
    openapi = NULL;
    return 0;
}

int openapi_load(const char *path, struct openapi **ret, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(OPENAPI_MAX_BYTES + ARENA_BYTES);
    struct slice text;
    int code;

    if (arena == NULL)
        return error_set(err, ENOMEM, "openapi: out of memory");
    code = folder_read_file(path, OPENAPI_MAX_BYTES, arena, &text, err);
    return code != 0 ? code : openapi_parse(text, ret, err);
}
