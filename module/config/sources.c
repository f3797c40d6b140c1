/* sources.c - the sources that a list of paths means, and what holds for all sources. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/sources.h"

#include "config/snapshot.h"

#include <errno.h>
#include <string.h>

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

const char *source_format_text(enum source_format format)
{
    static const char *const texts[] = { "probity", "combined", "json" };

    return texts[format];
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* The path's last part, or all of it where another path ends alike. */
static const char *name_of(const struct source_config *sources, int count, int at)
{
    const char *name = last_part(sources[at].path);

    for (int i = 0; i < count; i++) {
        if (i != at && strcmp(last_part(sources[i].path), name) == 0)
            return sources[at].path;
    }
    return name;
}

bool sources_repeat(const struct source_config *sources, int at)
{
    for (int i = 0; i < at; i++) {
        if (strcmp(sources[i].path, sources[at].path) == 0)
            return true;
    }
    return false;
}

void sources_finish(struct snapshot *snapshot, struct source_config *sources, int count)
{
    for (int i = 0; i < count; i++)
        sources[i].name = name_of(sources, count, i);
    snapshot->config.sources = sources;
    snapshot->config.source_count = count;
}

int sources_from_list(struct snapshot *snapshot, struct error *err)
{
    struct source_config *sources =
        arena_alloc(snapshot->arena, LIMIT_SOURCES * sizeof(struct source_config));
    struct slice rest = slice_of(snapshot->config.access_log);
    int count = 0;

    if (sources == NULL)
        return out_of_memory(err);
    while (rest.length > 0) {
        struct slice path = slice_trim(slice_cut(&rest, ','));

        if (path.length == 0)
            continue;
        if (count == LIMIT_SOURCES)
            return error_set(err, EINVAL, "PROBITY_ACCESS_LOG: names more than %d logs",
                             LIMIT_SOURCES);
        sources[count].path = arena_copy(snapshot->arena, path);
        sources[count].service = snapshot->config.service;
        if (sources[count].path == NULL)
            return out_of_memory(err);
        if (sources_repeat(sources, count++))
            return error_set(err, EINVAL,
                             "PROBITY_ACCESS_LOG: %.80s is there twice: each line would count "
                             "twice",
                             sources[count - 1].path);
    }
    sources_finish(snapshot, sources, count);
    return 0;
}
