/* openslo_print.c - a definition as canonical JSON. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_shape.h"

#include "base/json.h"
#include "slo/fraction.h"

#include <string.h>

enum { DECIMALS = 9 };

/* JSON's grammar of numbers, so that nothing else is written without quotes. */
static bool is_number(struct slice text)
{
    size_t at = text.length > 0 && text.data[0] == '-' ? 1 : 0;
    size_t whole = at;
    size_t digits;

    while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    digits = at - whole;
    if (digits == 0 || (digits > 1 && text.data[whole] == '0'))
        return false;
    if (at == text.length)
        return true;
    if (text.data[at++] != '.')
        return false;
    whole = at;
    while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at == text.length && at > whole;
}

static void print_scalar(struct json_writer *json, const struct yaml_node *node)
{
    bool flag;

    if (yaml_is_null(node))
        json_put_null(json);
    else if (yaml_bool(node, &flag))
        json_put_bool(json, flag);
    else if (node->plain && is_number(node->text))
        json_put_raw(json, node->text);
    else
        json_put_slice(json, node->text);
}

/* The entry with the smallest key above `above`, so that nothing has to be sorted. */
static const struct yaml_entry *next_entry(const struct yaml_node *map, const char *above)
{
    const struct yaml_entry *next = NULL;

    for (int i = 0; i < map->count; i++) {
        const struct yaml_entry *entry = &map->entries[i];

        if ((above == NULL || strcmp(entry->key, above) > 0)
            && (next == NULL || strcmp(entry->key, next->key) < 0))
            next = entry;
    }
    return next;
}

static void print_any(struct json_writer *json, const struct yaml_node *node)
{
    const struct yaml_entry *entry;

    switch (node->kind) {
    case YAML_SCALAR:
        print_scalar(json, node);
        break;
    case YAML_LIST:
        json_open_array(json);
        for (int i = 0; i < node->count; i++)
            print_any(json, node->items[i]);
        json_close_array(json);
        break;
    case YAML_MAP:
        json_open_object(json);
        for (entry = next_entry(node, NULL); entry != NULL && buf_ok(json->buf);
             entry = next_entry(node, entry->key)) {
            json_key(json, entry->key);
            print_any(json, entry->value);
        }
        json_close_object(json);
        break;
    }
}

/* Texts only, whatever they look like: an annotation "20" stays one. */
static void print_words(struct json_writer *json, const struct yaml_node *node)
{
    const struct yaml_entry *entry;

    if (node->kind == YAML_SCALAR) {
        json_put_slice(json, node->text);
        return;
    }
    if (node->kind == YAML_LIST) {
        json_open_array(json);
        for (int i = 0; i < node->count; i++)
            print_words(json, node->items[i]);
        json_close_array(json);
        return;
    }
    json_open_object(json);
    for (entry = next_entry(node, NULL); entry != NULL && buf_ok(json->buf);
         entry = next_entry(node, entry->key)) {
        json_key(json, entry->key);
        print_words(json, entry->value);
    }
    json_close_object(json);
}

static void print_map(struct json_writer *json, const struct shape *shape,
                      const struct yaml_node *node);

static void print_number(struct json_writer *json, const struct yaml_node *node)
{
    char text[FRACTION_TEXT_BYTES];
    struct fraction value;

    if (!fraction_parse(node->text, &value)) {
        json_put_slice(json, node->text);
        return;
    }
    fraction_print(value, DECIMALS, FRACTION_DOWN, text);
    json_put_raw(json, slice_of(text));
}

static void print_field(struct json_writer *json, const struct shape_field *field,
                        const struct yaml_node *node)
{
    switch (field->kind) {
    case SHAPE_NUMBER:
        print_number(json, node);
        break;
    case SHAPE_FLAG:
    case SHAPE_ANY:
        print_any(json, node);
        break;
    case SHAPE_MAP:
        print_map(json, field->of, node);
        break;
    case SHAPE_LIST:
        json_open_array(json);
        for (int i = 0; node->kind == YAML_LIST && i < node->count; i++)
            print_map(json, field->of, node->items[i]);
        json_close_array(json);
        break;
    default:
        print_words(json, node);
        break;
    }
}

static void print_map(struct json_writer *json, const struct shape *shape,
                      const struct yaml_node *node)
{
    json_open_object(json);
    for (const struct shape_field *field = shape->fields; field->name != NULL; field++) {
        const struct yaml_node *value = yaml_get(node, field->name);

        if (yaml_is_null(value))
            continue;
        json_key(json, field->name);
        print_field(json, field, value);
    }
    json_close_object(json);
}

void shape_print(const struct shape *shape, const struct yaml_node *node, struct buf *buf)
{
    struct json_writer json;

    json_writer_init(&json, buf);
    print_map(&json, shape, node);
}
