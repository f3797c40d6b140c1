/* node.c - kinds of values, and what is said about one that is none. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/node.h"

#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 128, SHOWN_BYTES = 40 };

/* One value on its way into the struct. */
struct value {
    const struct node_key *key;
    struct node node;
    void *to;
    struct arena *arena;
};

int node_refuse(const struct node *node, struct error *err, const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return error_set(err, EINVAL, "%.80s:%d:%d: %s%s%s", node->yaml->file, node->yaml->line,
                     node->yaml->column, node->path, node->path[0] == '\0' ? "" : ": ", text);
}

static int out_of_memory(struct error *err)
{
    return error_set(err, ENOMEM, "configuration: out of memory");
}

static const char *join(struct arena *arena, const char *path, const char *name)
{
    char text[PATH_MAX_BYTES];
    int length = snprintf(text, sizeof(text), "%s%s%.64s", path, path[0] == '\0' ? "" : ".", name);

    if (length >= (int)sizeof(text))
        length = (int)sizeof(text) - 1;
    return arena_copy(arena, (struct slice){ text, (size_t)length });
}

int node_item(const struct node *list, int index, struct arena *arena, struct node *ret)
{
    char text[PATH_MAX_BYTES];
    int length = snprintf(text, sizeof(text), "%s[%d]", list->path, index);
    const char *path = arena_copy(arena, (struct slice){ text, (size_t)length });

    if (path == NULL)
        return -ENOMEM;
    *ret = (struct node){ list->yaml->items[index], path };
    return 0;
}

/* --- the kinds --- */

static void put(const struct value *value, const void *bytes, size_t size)
{
    memcpy((char *)value->to + value->key->offset, bytes, size);
}

static bool is_name(const char *text)
{
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char)*text) && memchr("._-", *text, 3) == NULL)
            return false;
    }
    return true;
}

static const char *text_of(const struct value *value, const struct node *node, struct error *err)
{
    const char *text = yaml_text(node->yaml);

    if (text == NULL || text[0] == '\0') {
        (void)node_refuse(node, err, "expected a text");
        return NULL;
    }
    if (strlen(text) != node->yaml->text.length || strlen(text) > (size_t)value->key->max) {
        (void)node_refuse(node, err, "expected at most %lld bytes", (long long)value->key->max);
        return NULL;
    }
    return text;
}

static int take_text(const struct value *value, struct error *err)
{
    const char *text = text_of(value, &value->node, err);

    if (text == NULL)
        return -EINVAL;
    if (value->key->kind == NODE_NAME && !is_name(text))
        return node_refuse(&value->node, err, "expected letters, digits, '.', '_' or '-'");
    put(value, &text, sizeof(text));
    return 0;
}

static int take_choice(const struct value *value, struct error *err)
{
    const char *text = yaml_text(value->node.yaml);
    char words[128] = "";
    int choice;

    if (text != NULL && value_parse_choice(slice_of(text), value->key->choices, &choice)) {
        put(value, &choice, sizeof(choice));
        return 0;
    }
    for (const struct config_choice *one = value->key->choices; one->word != NULL; one++)
        (void)snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
                       words[0] == '\0'      ? ""
                       : one[1].word == NULL ? " or "
                                             : ", ",
                       one->word);
    return node_refuse(&value->node, err, "expected %s", words);
}

static int take_flag(const struct value *value, struct error *err)
{
    bool flag;

    if (!yaml_bool(value->node.yaml, &flag))
        return node_refuse(&value->node, err, "expected true or false");
    put(value, &flag, sizeof(flag));
    return 0;
}

static int take_number(const struct value *value, struct error *err)
{
    const char *text = yaml_text(value->node.yaml);
    bool duration = value->key->kind == NODE_DURATION;
    char low[VALUE_DURATION_BYTES];
    char high[VALUE_DURATION_BYTES];
    int64_t number = -1;
    uint64_t count;

    if (text != NULL && duration)
        (void)value_parse_duration(slice_of(text), &number);
    else if (text != NULL && slice_parse_uint(slice_of(text), INT64_MAX, &count))
        number = (int64_t)count;
    if (number >= value->key->min && number <= value->key->max && number >= 0) {
        put(value, &number, sizeof(number));
        return 0;
    }
    if (!duration)
        return node_refuse(&value->node, err, "expected a whole number from %lld to %lld",
                           (long long)value->key->min, (long long)value->key->max);
    value_format_duration(value->key->min, low);
    value_format_duration(value->key->max, high);
    return node_refuse(&value->node, err,
                       "expected a duration such as 500ms, 5s or 2m, from %s to %s", low, high);
}

static int take_texts(const struct value *value, struct error *err)
{
    const struct yaml_node *yaml = value->node.yaml;
    struct node_texts list = { .count = yaml->kind == YAML_LIST ? yaml->count : 0 };
    const char **texts;

    if (yaml->kind != YAML_LIST || yaml->count == 0 || yaml->count > NODE_LIST_MAX)
        return node_refuse(&value->node, err, "expected a list of 1 to %d texts", NODE_LIST_MAX);
    texts = arena_alloc(value->arena, (size_t)list.count * sizeof(*texts));
    if (texts == NULL)
        return out_of_memory(err);
    for (int i = 0; i < list.count; i++) {
        struct node item;

        if (node_item(&value->node, i, value->arena, &item) != 0)
            return out_of_memory(err);
        texts[i] = text_of(value, &item, err);
        if (texts[i] == NULL)
            return -EINVAL;
    }
    list.texts = texts;
    put(value, &list, sizeof(list));
    return 0;
}

static int take(const struct value *value, struct error *err)
{
    switch (value->key->kind) {
    case NODE_TEXT:
    case NODE_NAME:
        return take_text(value, err);
    case NODE_CHOICE:
        return take_choice(value, err);
    case NODE_FLAG:
        return take_flag(value, err);
    case NODE_COUNT:
    case NODE_DURATION:
        return take_number(value, err);
    case NODE_TEXTS:
        return take_texts(value, err);
    case NODE_ANY:
        break;
    }
    put(value, &value->node, sizeof(value->node));
    return 0;
}

/* --- the map --- */

static int refuse_key(const struct node *node, const char *name, const struct node_key keys[],
                      struct error *err)
{
    const char *nearest = NULL;
    int best = (int)strlen(name) / 2 + 1; /* half of a word may be wrong */

    for (const struct node_key *key = keys; key->name != NULL; key++) {
        int apart = value_distance(name, key->name);

        if (apart < best) {
            best = apart;
            nearest = key->name;
        }
    }
    if (nearest != NULL)
        return node_refuse(node, err, "%.*s is no key here: did you mean %s?", SHOWN_BYTES, name,
                           nearest);
    return node_refuse(node, err, "%.*s is no key here", SHOWN_BYTES, name);
}

static const struct node_key *find_key(const struct node_key keys[], const char *name)
{
    for (const struct node_key *key = keys; key->name != NULL; key++) {
        if (strcmp(key->name, name) == 0)
            return key;
    }
    return NULL;
}

int node_read(const struct node *node, const struct node_key keys[], void *to, struct arena *arena,
              struct error *err)
{
    int code = 0;

    if (node->yaml->kind != YAML_MAP)
        return node_refuse(node, err, "expected a map of keys and values");
    for (int i = 0; code == 0 && i < node->yaml->count; i++) {
        const struct yaml_entry *entry = &node->yaml->entries[i];
        struct value value = { find_key(keys, entry->key), { entry->value, NULL }, to, arena };

        if (value.key == NULL)
            return refuse_key(&(struct node){ entry->value, node->path }, entry->key, keys, err);
        value.node.path = join(arena, node->path, entry->key);
        code = value.node.path == NULL ? out_of_memory(err) : take(&value, err);
    }
    for (const struct node_key *key = keys; code == 0 && key->name != NULL; key++) {
        if (key->required && yaml_get(node->yaml, key->name) == NULL)
            return node_refuse(node, err, "%s is missing", key->name);
    }
    return code;
}

/* --- for people --- */

static void explain_value(const struct node *node, node_show_fn show, struct buf *buf)
{
    const char *dot = strrchr(node->path, '.');

    buf_printf(buf, "%-32s ", node->path);
    show(buf, dot == NULL ? node->path : dot + 1, node->yaml->text);
    buf_printf(buf, "  (%s:%d:%d)\n", node->yaml->file, node->yaml->line, node->yaml->column);
}

/* Recursion is bounded by LIMIT_YAML_DEPTH. */
void node_explain(const struct node *root, node_show_fn show, struct buf *buf)
{
    const struct yaml_node *yaml = root->yaml;
    char below[PATH_MAX_BYTES];

    if (yaml->kind == YAML_SCALAR)
        explain_value(root, show, buf);
    for (int i = 0; yaml->kind != YAML_SCALAR && i < yaml->count; i++) {
        struct node child = { .path = below };

        if (yaml->kind == YAML_LIST)
            (void)snprintf(below, sizeof(below), "%s[%d]", root->path, i);
        else
            (void)snprintf(below, sizeof(below), "%s%s%s", root->path,
                           root->path[0] == '\0' ? "" : ".", yaml->entries[i].key);
        child.yaml = yaml->kind == YAML_LIST ? yaml->items[i] : yaml->entries[i].value;
        node_explain(&child, show, buf);
    }
}
