/* openslo_export.c - JSON that is YAML already, laid out for people; and built-in objectives as
 * documents. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_export.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, INDENT = 2 };

/* Words that a reader of YAML would not take for a text. */
static bool is_word_of_yaml(struct slice text)
{
    static const char *const words[] = {
        "null", "true", "false", "yes", "no", "on", "off", "y", "n"
    };

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (slice_equals_nocase(text, slice_of(words[i])))
            return true;
    }
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "28d", "5xx": what begins as a number and is none. */
static bool is_amount(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (!is_letter(text.data[i]) && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
    }
    return text.length > 1 && text.data[0] >= '1' && text.data[0] <= '9'
           && strchr("mhdwMQYxs", text.data[text.length - 1]) != NULL;
}

/* Whether a text can stand without quotes: letters first, then nothing that means something. */
static bool is_bare(struct slice text)
{
    static const char more[] = "0123456789._/- ";

    if (text.length == 0 || (!is_letter(text.data[0]) && text.data[0] != '/'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!is_letter(text.data[i])
            && (text.data[i] == '\0' || strchr(more, text.data[i]) == NULL))
            return false;
    }
    return text.data[text.length - 1] != ' ' && !is_word_of_yaml(text);
}

static void put_text(struct buf *buf, struct slice text)
{
    if (is_bare(text) || is_amount(text)) {
        buf_append(buf, text);
        return;
    }
    buf_append_char(buf, '"');
    json_escape(buf, text);
    buf_append_char(buf, '"');
}

static void put_node(struct buf *buf, const struct yaml_node *node, int indent);

static void put_indent(struct buf *buf, int indent)
{
    for (int i = 0; i < indent; i++)
        buf_append_char(buf, ' ');
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind != YAML_SCALAR && node->count == 0;
}

/* Behind a key: a scalar on the same line, anything else below it. */
static void put_value(struct buf *buf, const struct yaml_node *node, int indent)
{
    if (node->kind == YAML_SCALAR || is_empty(node)) {
        buf_append_char(buf, ' ');
        put_node(buf, node, indent);
        buf_append_char(buf, '\n');
        return;
    }
    buf_append_char(buf, '\n');
    put_indent(buf, indent);
    put_node(buf, node, indent);
}

static void put_map(struct buf *buf, const struct yaml_node *map, int indent)
{
    for (int i = 0; i < map->count; i++) {
        if (i > 0)
            put_indent(buf, indent);
        put_text(buf, slice_of(map->entries[i].key));
        buf_append_char(buf, ':');
        put_value(buf, map->entries[i].value, indent + INDENT);
    }
}

static void put_list(struct buf *buf, const struct yaml_node *list, int indent)
{
    for (int i = 0; i < list->count; i++) {
        const struct yaml_node *item = list->items[i];

        if (i > 0)
            put_indent(buf, indent);
        buf_append_text(buf, "- ");
        put_node(buf, item, indent + INDENT);
        if (item->kind == YAML_SCALAR || is_empty(item))
            buf_append_char(buf, '\n');
    }
}

/* The first line's indent stands there already. */
static void put_node(struct buf *buf, const struct yaml_node *node, int indent)
{
    if (is_empty(node))
        buf_append_text(buf, node->kind == YAML_MAP ? "{}" : "[]");
    else if (node->kind == YAML_MAP)
        put_map(buf, node, indent);
    else if (node->kind == YAML_LIST)
        put_list(buf, node, indent);
    else if (node->plain)
        buf_append(buf, node->text); /* JSON's numbers and words */
    else
        put_text(buf, node->text);
}

int openslo_export(const char *document, struct buf *buf, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct yaml_input input = { .file = "document", .text = slice_of(document), .arena = arena };
    const struct yaml_node *const *documents;
    struct yaml_trouble trouble = { .line = 0 };
    int count = 0;
    int code = arena == NULL ? -ENOMEM : yaml_parse(&input, &documents, &count, &trouble);

    if (code == -ENOMEM)
        return error_set(err, ENOMEM, "export: out of memory");
    if (code != 0 || count != 1 || documents[0]->kind != YAML_MAP)
        return error_set(err, EINVAL, "export: the definition can't be read: %s", trouble.text);
    buf_append_text(buf, "---\n");
    put_node(buf, documents[0], 0);
    return buf_ok(buf) ? 0 : error_set(err, ENOMEM, "export: out of memory");
}

/* --- built-in objectives --- */

static void put_source(struct json_writer *json, const char *key, const char *field,
                       const char *value)
{
    json_key(json, key);
    json_open_object(json);
    json_key(json, "metricSource");
    json_open_object(json);
    json_text(json, "type", "probity");
    json_key(json, "spec");
    json_open_object(json);
    if (field != NULL)
        json_text(json, field, value);
    json_close_object(json);
    json_close_object(json);
    json_close_object(json);
}

static void put_sli(struct json_writer *json, const struct objective *objective)
{
    json_key(json, "indicator");
    json_open_object(json);
    json_key(json, "metadata");
    json_open_object(json);
    json_text(json, "name", objective->threshold_ms > 0 ? "duration" : "server-errors");
    json_close_object(json);
    json_key(json, "spec");
    json_open_object(json);
    if (objective->threshold_ms > 0) {
        put_source(json, "thresholdMetric", "status", "100-499");
    } else {
        json_key(json, "ratioMetric");
        json_open_object(json);
        put_source(json, "bad", "status", "5xx");
        put_source(json, "total", NULL, NULL);
        json_close_object(json);
    }
    json_close_object(json);
    json_close_object(json);
}

static void put_metadata(struct json_writer *json, const struct objective *objective)
{
    json_key(json, "metadata");
    json_open_object(json);
    json_text(json, "name", objective->name);
    if (objective->type == OBJECTIVE_ERROR_RATE) {
        json_key(json, "annotations");
        json_open_object(json);
        json_text(json, "probity.dev/type", "error_rate");
        json_close_object(json);
    }
    json_close_object(json);
}

static void put_window(struct json_writer *json, int32_t minutes)
{
    char duration[16];

    (void)snprintf(duration, sizeof(duration), "%dm", (int)minutes);
    if (minutes % 1440 == 0)
        (void)snprintf(duration, sizeof(duration), "%dd", (int)(minutes / 1440));
    json_key(json, "timeWindow");
    json_open_array(json);
    json_open_object(json);
    json_text(json, "duration", duration);
    json_bool(json, "isRolling", true);
    json_close_object(json);
    json_close_array(json);
}

static void put_promise(struct json_writer *json, const struct objective *objective)
{
    json_key(json, "objectives");
    json_open_array(json);
    json_open_object(json);
    if (objective->threshold_ms > 0) {
        json_text(json, "op", "lt");
        json_int(json, "value", objective->threshold_ms);
    }
    json_key(json, "target");
    json_put_raw(json, slice_of(objective->target_text));
    json_close_object(json);
    json_close_array(json);
}

void openslo_describe(const struct objective *objective, struct buf *buf)
{
    struct json_writer json;

    json_writer_init(&json, buf);
    json_open_object(&json);
    json_text(&json, "apiVersion", "openslo/v1");
    json_text(&json, "kind", "SLO");
    put_metadata(&json, objective);
    json_key(&json, "spec");
    json_open_object(&json);
    json_text(&json, "description", objective->description);
    json_text(&json, "service", objective->service);
    put_sli(&json, objective);
    put_window(&json, objective->window_minutes);
    json_text(&json, "budgetingMethod", "Occurrences");
    put_promise(&json, objective);
    json_close_object(&json);
    json_close_object(&json);
}
