/* changes.c - compares rows by their ids and names, sources member by member. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/changes.h"

#include "base/slice.h"

#include <string.h>

enum change { CHANGE_NONE, CHANGE_OTHER, CHANGE_MISSING };

/* What became of `check` in the other configuration. */
static enum change change_of(const struct check_config *check, const struct config *other)
{
    const struct check_config *there = config_check(other, check->name);

    if (there == NULL)
        return CHANGE_MISSING;
    return there->id == check->id ? CHANGE_NONE : CHANGE_OTHER;
}

/* Lists those of `config` of which that became in the other one; `title` before the first. */
static void list(const struct config *config, const struct config *other, enum change change,
                 const char *title, struct buf *buf)
{
    int listed = 0;

    for (int i = 0; i < config->check_count; i++) {
        if (change_of(&config->checks[i], other) != change)
            continue;
        if (listed == 0)
            buf_printf(buf, "%s%s: ", buf->length == 0 ? "" : "; ", title);
        buf_printf(buf, "%s%s", listed == 0 ? "" : ", ", config->checks[i].name);
        listed++;
    }
}

void changes_describe(const struct config *before, const struct config *after, struct buf *buf)
{
    list(after, before, CHANGE_MISSING, "added", buf);
    list(after, before, CHANGE_OTHER, "changed", buf);
    list(before, after, CHANGE_MISSING, "removed", buf);
    if (buf->length == 0)
        buf_printf(buf, "nothing has changed");
}

static bool same_fields(const struct source_fields *one, const struct source_fields *other)
{
    return slice_same_texts(one->time, other->time) && one->time_form == other->time_form
           && slice_same_texts(one->method, other->method)
           && slice_same_texts(one->path, other->path)
           && slice_same_texts(one->status, other->status)
           && slice_same_texts(one->duration, other->duration)
           && one->duration_power == other->duration_power
           && slice_same_texts(one->service, other->service);
}

static bool same_templates(const struct source_config *one, const struct source_config *other)
{
    if (one->template_count != other->template_count)
        return false;
    for (int i = 0; i < one->template_count; i++) {
        if (strcmp(one->templates[i], other->templates[i]) != 0)
            return false;
    }
    return one->strict_templates == other->strict_templates
           && slice_same_texts(one->openapi, other->openapi);
}

static bool same_source(const struct source_config *one, const struct source_config *other)
{
    return slice_same_texts(one->name, other->name) && slice_same_texts(one->path, other->path)
           && slice_same_texts(one->service, other->service) && one->format == other->format
           && one->file_id == other->file_id && same_fields(&one->fields, &other->fields)
           && same_templates(one, other);
}

bool changes_same_sources(const struct config *one, const struct config *other)
{
    if (one->source_count != other->source_count)
        return false;
    for (int i = 0; i < one->source_count; i++) {
        if (!same_source(&one->sources[i], &other->sources[i]))
            return false;
    }
    return true;
}
