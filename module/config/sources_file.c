/* sources_file.c - the sources that PROBITY_CONFIG's file lists. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/sources.h"

#include "config/node.h"
#include "config/snapshot.h"
#include "config/url.h"

#include <errno.h>
#include <string.h>

enum { PATH_BYTES = 255, ADDRESS_BYTES = 1024, FIELD_BYTES = 127, SERVICE_BYTES = 63 };

/* A source as the file has it. */
struct entry {
    struct node node;
    const char *path;
    const char *service;
    int format;
    int file_id; /* -1: not said */
    struct node fields;
    struct node_texts templates;
    const char *openapi;
    bool strict_templates;
};

struct field_map {
    const char *time;
    int time_form;
    const char *method;
    const char *path;
    const char *status;
    const char *duration;
    int duration_power;
    const char *service;
};

static const struct config_choice formats[] = {
    { "probity", SOURCE_PROBITY },
    { "combined", SOURCE_COMBINED },
    { "json", SOURCE_JSON },
    { NULL, 0 },
};

static const struct config_choice file_ids[] = {
    { "first_line", SOURCE_FIRST_LINE },
    { "path", SOURCE_PATH },
    { NULL, 0 },
};

static const struct config_choice time_forms[] = {
    { "rfc3339", SOURCE_TIME_RFC3339 },
    { "unix", SOURCE_TIME_UNIX_S },
    { "unix_ms", SOURCE_TIME_UNIX_MS },
    { NULL, 0 },
};

static const struct config_choice duration_units[] = {
    { "s", 3 }, { "ms", 0 }, { "us", -3 }, { "ns", -6 }, { NULL, 0 },
};

/* clang-format off */
#define ENTRY(member) offsetof(struct entry, member)
static const struct node_key entry_keys[] = {
    { "path", NODE_TEXT, ENTRY(path), true, 0, PATH_BYTES, NULL },
    { "format", NODE_CHOICE, ENTRY(format), false, 0, 0, formats },
    { "service", NODE_NAME, ENTRY(service), false, 0, SERVICE_BYTES, NULL },
    { "file_id", NODE_CHOICE, ENTRY(file_id), false, 0, 0, file_ids },
    { "fields", NODE_ANY, ENTRY(fields), false, 0, 0, NULL },
    { "templates", NODE_TEXTS, ENTRY(templates), false, 0, LIMIT_ROUTE_BYTES - 1, NULL },
    { "openapi", NODE_TEXT, ENTRY(openapi), false, 0, ADDRESS_BYTES, NULL },
    { "strict_templates", NODE_FLAG, ENTRY(strict_templates), false, 0, 0, NULL },
    { .name = NULL },
};

#define FIELD(member) offsetof(struct field_map, member)
static const struct node_key field_keys[] = {
    { "time", NODE_TEXT, FIELD(time), true, 0, FIELD_BYTES, NULL },
    { "time_format", NODE_CHOICE, FIELD(time_form), false, 0, 0, time_forms },
    { "method", NODE_TEXT, FIELD(method), true, 0, FIELD_BYTES, NULL },
    { "path", NODE_TEXT, FIELD(path), true, 0, FIELD_BYTES, NULL },
    { "status", NODE_TEXT, FIELD(status), true, 0, FIELD_BYTES, NULL },
    { "duration", NODE_TEXT, FIELD(duration), true, 0, FIELD_BYTES, NULL },
    { "duration_unit", NODE_CHOICE, FIELD(duration_power), true, 0, 0, duration_units },
    { "service", NODE_TEXT, FIELD(service), false, 0, FIELD_BYTES, NULL },
    { .name = NULL },
};
/* clang-format on */

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

/* --- what fits together --- */

/* It is shown and logged as it stands, so that no password may be in it. */
static int check_address(const struct entry *entry, struct error *err)
{
    struct url url;
    const char *wrong;

    if (entry->openapi == NULL || strstr(entry->openapi, "://") == NULL)
        return 0;
    wrong = url_split(slice_of(entry->openapi), &url);
    if (wrong == NULL && (!slice_equals(url.scheme, SLICE("http")) || url.hosts.length == 0))
        wrong = "expected a file or http://host:port/path";
    if (wrong == NULL && url.has_user)
        wrong = "names a user, and Probity asks without one";
    return wrong == NULL ? 0 : node_refuse(&entry->node, err, "openapi: %s", wrong);
}

static int check_templates(const struct entry *entry, struct error *err)
{
    if (entry->templates.count > 0 && entry->openapi != NULL)
        return node_refuse(&entry->node, err, "templates and openapi exclude each other");
    if (entry->strict_templates && entry->templates.count == 0 && entry->openapi == NULL)
        return node_refuse(&entry->node, err,
                           "strict_templates needs templates or openapi: every route would be "
                           "\"other\"");
    for (int i = 0; i < entry->templates.count; i++) {
        if (entry->templates.texts[i][0] != '/')
            return node_refuse(&entry->node, err,
                               "templates[%d]: expected a path that begins "
                               "with a slash",
                               i);
    }
    if (entry->openapi != NULL && strncmp(entry->openapi, "https://", 8) == 0)
        return node_refuse(&entry->node, err,
                           "openapi: https:// is not supported: take the application's own "
                           "http:// address, or a file");
    return check_address(entry, err);
}

static int check_entry(const struct entry *entry, struct error *err)
{
    if (entry->format == SOURCE_JSON && entry->fields.yaml == NULL)
        return node_refuse(&entry->node, err, "format json needs fields: which member is what");
    if (entry->format != SOURCE_JSON && entry->fields.yaml != NULL)
        return node_refuse(&entry->fields, err, "only format json has fields");
    if (entry->format == SOURCE_COMBINED && entry->file_id == SOURCE_FIRST_LINE)
        return node_refuse(&entry->node, err,
                           "file_id: a combined line holds no request id, so two files may begin "
                           "alike: it must be path");
    return check_templates(entry, err);
}

/* --- reading --- */

static int read_fields(const struct node *node, struct source_fields *ret, struct arena *arena,
                       struct error *err)
{
    struct field_map map = { .time = NULL };
    int code = node_read(node, field_keys, &map, arena, err);

    *ret = (struct source_fields){
        .time = map.time,
        .time_form = (enum source_time)map.time_form,
        .method = map.method,
        .path = map.path,
        .status = map.status,
        .duration = map.duration,
        .duration_power = map.duration_power,
        .service = map.service,
    };
    return code;
}

static int read_entry(struct snapshot *snapshot, const struct node *node,
                      struct source_config *source, struct error *err)
{
    struct entry entry = { .node = *node, .file_id = -1 };
    int code = node_read(node, entry_keys, &entry, snapshot->arena, err);

    if (code == 0)
        code = check_entry(&entry, err);
    if (code == 0 && entry.format == SOURCE_JSON)
        code = read_fields(&entry.fields, &source->fields, snapshot->arena, err);
    if (code != 0)
        return code;
    if (entry.file_id < 0)
        entry.file_id = entry.format == SOURCE_COMBINED ? SOURCE_PATH : SOURCE_FIRST_LINE;
    source->path = entry.path;
    source->service = entry.service == NULL ? snapshot->config.service : entry.service;
    source->format = (enum source_format)entry.format;
    source->file_id = (enum source_file_id)entry.file_id;
    source->templates = entry.templates.texts;
    source->template_count = entry.templates.count;
    source->openapi = entry.openapi;
    source->strict_templates = entry.strict_templates;
    return 0;
}

static int read_list(struct snapshot *snapshot, const struct node *list, struct error *err)
{
    struct source_config *sources =
        arena_alloc(snapshot->arena, LIMIT_SOURCES * sizeof(struct source_config));
    int code = 0;

    if (sources == NULL)
        return out_of_memory(err);
    if (list->yaml->kind != YAML_LIST || list->yaml->count > LIMIT_SOURCES)
        return node_refuse(list, err, "expected a list of at most %d sources", LIMIT_SOURCES);
    for (int i = 0; code == 0 && i < list->yaml->count; i++) {
        struct node item;

        if (node_item(list, i, snapshot->arena, &item) != 0)
            return out_of_memory(err);
        code = read_entry(snapshot, &item, &sources[i], err);
        if (code == 0 && sources_repeat(sources, i))
            return node_refuse(&item, err,
                               "path: %.80s is there twice: each line would count twice",
                               sources[i].path);
    }
    if (code == 0)
        sources_finish(snapshot, sources, list->yaml->count);
    return code;
}

int sources_from_node(struct snapshot *snapshot, const struct node *list, struct error *err)
{
    int code = read_list(snapshot, list, err);

    if (code == 0 && snapshot->config.access_log != NULL
        && snapshot_note(snapshot, LOG_LEVEL_WARNING,
                         "PROBITY_ACCESS_LOG is not used: PROBITY_CONFIG=%s names the sources",
                         snapshot->config_file)
               != 0)
        return out_of_memory(err);
    return code;
}
