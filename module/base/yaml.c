/* yaml.c - libfyaml's events, put together to a tree. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/yaml.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What has been read inside a map or a list that is not closed yet, the newest first. */
struct member {
    const struct member *before;
    const char *key; /* of a map */
    const struct yaml_node *value;
};

struct level {
    struct yaml_node *node;
    const char *anchor; /* or NULL */
    const char *key;    /* a map's key that waits for its value */
    const struct member *members;
};

struct anchor {
    const struct anchor *before;
    const char *name;
    const struct yaml_node *node;
};

struct reading {
    const struct yaml_input *input;
    struct yaml_trouble *trouble;
    struct level levels[LIMIT_YAML_DEPTH];
    int depth; /* levels that are open */
    const struct anchor *anchors;
    const struct yaml_node **documents;
    int count;
    int weight; /* of all documents so far */
    int line;   /* of the event at hand */
    int column;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct reading *reading, const char *format,
                                                        ...)
{
    va_list args;

    reading->trouble->line = reading->line;
    reading->trouble->column = reading->column;
    va_start(args, format);
    (void)vsnprintf(reading->trouble->text, sizeof(reading->trouble->text), format, args);
    va_end(args);
    return -EINVAL;
}

static const char *copy_token(struct reading *reading, struct fy_token *token, struct slice *ret)
{
    size_t length = 0;
    const char *text = token == NULL ? "" : fy_token_get_text(token, &length);
    char *copy =
        text == NULL ? NULL : arena_copy(reading->input->arena, (struct slice){ text, length });

    if (copy != NULL && ret != NULL)
        *ret = (struct slice){ copy, length };
    return copy;
}

static struct yaml_node *make_node(struct reading *reading, enum yaml_kind kind)
{
    struct yaml_node *node = arena_alloc(reading->input->arena, sizeof(*node));

    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->line = reading->line;
    node->column = reading->column;
    node->file = reading->input->file;
    node->weight = 1;
    return node;
}

static int remember(struct reading *reading, const char *name, const struct yaml_node *node)
{
    struct anchor *anchor;

    if (name == NULL)
        return 0;
    anchor = arena_alloc(reading->input->arena, sizeof(*anchor));
    if (anchor == NULL)
        return -ENOMEM;
    *anchor = (struct anchor){ reading->anchors, name, node };
    reading->anchors = anchor;
    return 0;
}

/* Hands a finished node to what it stands in. */
static int place(struct reading *reading, const struct yaml_node *node)
{
    struct level *level = reading->depth > 0 ? &reading->levels[reading->depth - 1] : NULL;
    struct member *member;

    reading->weight += level == NULL ? node->weight : 0;
    if (level == NULL) {
        if (reading->count == LIMIT_YAML_DOCUMENTS)
            return refuse(reading, "more than %d documents in a file: split it",
                          LIMIT_YAML_DOCUMENTS);
        reading->documents[reading->count++] = node;
        return 0;
    }
    if (level->node->count == LIMIT_YAML_MEMBERS)
        return refuse(reading, "more than %d values in one list or map", LIMIT_YAML_MEMBERS);
    member = arena_alloc(reading->input->arena, sizeof(*member));
    if (member == NULL)
        return -ENOMEM;
    *member = (struct member){ level->members, level->key, node };
    level->members = member;
    level->key = NULL;
    level->node->count++;
    level->node->weight += node->weight;
    if (level->node->weight + reading->weight > LIMIT_YAML_NODES)
        return refuse(reading, "more than %d values, aliases counted with what they stand for",
                      LIMIT_YAML_NODES);
    return 0;
}

static bool wants_key(const struct reading *reading)
{
    const struct level *level = reading->depth > 0 ? &reading->levels[reading->depth - 1] : NULL;

    return level != NULL && level->node->kind == YAML_MAP && level->key == NULL;
}

static int take_key(struct reading *reading, struct fy_token *token)
{
    struct level *level = &reading->levels[reading->depth - 1];
    struct slice text = { "", 0 };
    const char *key = copy_token(reading, token, &text);

    if (key == NULL)
        return -ENOMEM;
    if (strlen(key) != text.length)
        return refuse(reading, "a key holds a NUL byte");
    for (const struct member *other = level->members; other != NULL; other = other->before) {
        if (strcmp(other->key, key) == 0)
            return refuse(reading, "the key \"%.60s\" stands twice", key);
    }
    level->key = key;
    return 0;
}

static int take_scalar(struct reading *reading, const struct fy_event *event)
{
    const struct fy_event_scalar_data *data = &event->scalar;
    struct yaml_node *node;
    const char *anchor = NULL;
    int code;

    if (wants_key(reading))
        return take_key(reading, data->value);
    node = make_node(reading, YAML_SCALAR);
    if (node == NULL || copy_token(reading, data->value, &node->text) == NULL)
        return -ENOMEM;
    node->plain = data->tag == NULL
                  && (data->value == NULL || fy_scalar_token_get_style(data->value) == FYSS_PLAIN);
    if (memchr(node->text.data, '\0', node->text.length) != NULL)
        return refuse(reading, "a value holds a NUL byte");
    if (data->anchor != NULL)
        anchor = copy_token(reading, data->anchor, NULL);
    code = data->anchor != NULL && anchor == NULL ? -ENOMEM : remember(reading, anchor, node);
    return code != 0 ? code : place(reading, node);
}

/* The nodes are shared, never copied; their weight is what keeps a small text from standing for a
 * tree without end. */
static int take_alias(struct reading *reading, const struct fy_event *event)
{
    struct slice text = { "", 0 };
    const char *name = copy_token(reading, event->alias.anchor, &text);
    const struct anchor *anchor = reading->anchors;

    if (name == NULL)
        return -ENOMEM;
    if (wants_key(reading))
        return refuse(reading, "an alias can't be a key");
    while (anchor != NULL && strcmp(anchor->name, name) != 0)
        anchor = anchor->before;
    if (anchor == NULL)
        return refuse(reading, "the alias *%.60s has no anchor before it", name);
    return place(reading, anchor->node);
}

static int open_level(struct reading *reading, enum yaml_kind kind, struct fy_token *anchor)
{
    struct level level = { .node = NULL };

    if (wants_key(reading))
        return refuse(reading, "a key must be a text");
    if (reading->depth == LIMIT_YAML_DEPTH)
        return refuse(reading, "nested deeper than %d levels", LIMIT_YAML_DEPTH);
    level.node = make_node(reading, kind);
    if (anchor != NULL)
        level.anchor = copy_token(reading, anchor, NULL);
    if (level.node == NULL || (anchor != NULL && level.anchor == NULL))
        return -ENOMEM;
    reading->levels[reading->depth++] = level;
    return 0;
}

/* Turns the chain of members round into an array. */
static bool fill(const struct reading *reading, struct level *level)
{
    struct yaml_node *node = level->node;
    size_t count = (size_t)node->count;
    const struct member *member = level->members;

    if (node->kind == YAML_MAP) {
        struct yaml_entry *entries =
            arena_alloc(reading->input->arena, count * sizeof(*entries) + 1);

        for (size_t i = count; entries != NULL && i-- > 0; member = member->before)
            entries[i] = (struct yaml_entry){ member->key, member->value };
        node->entries = entries;
        return entries != NULL;
    }
    {
        const struct yaml_node **items =
            arena_alloc(reading->input->arena, count * sizeof(const void *) + 1);

        for (size_t i = count; items != NULL && i-- > 0; member = member->before)
            items[i] = member->value;
        node->items = items;
        return items != NULL;
    }
}

static int close_level(struct reading *reading)
{
    struct level *level = &reading->levels[reading->depth - 1];
    int code;

    if (!fill(reading, level))
        return -ENOMEM;
    code = remember(reading, level->anchor, level->node);
    reading->depth--;
    return code != 0 ? code : place(reading, level->node);
}

/* libfyaml's mark of a quoted scalar or of an alias stands behind the quote or the star. */
static int quote_width(const struct fy_event *event)
{
    enum fy_scalar_style style = event->type == FYET_SCALAR && event->scalar.value != NULL
                                     ? fy_scalar_token_get_style(event->scalar.value)
                                     : FYSS_ANY;

    return event->type == FYET_ALIAS || style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static int take_event(struct reading *reading, struct fy_event *event)
{
    const struct fy_mark *mark = fy_event_start_mark(event);

    if (mark != NULL) {
        reading->line = mark->line + 1;
        reading->column = mark->column + 1 - quote_width(event);
    }
    switch (event->type) {
    case FYET_DOCUMENT_START:
        reading->anchors = NULL;
        return 0;
    case FYET_SCALAR:
        return take_scalar(reading, event);
    case FYET_ALIAS:
        return take_alias(reading, event);
    case FYET_MAPPING_START:
        return open_level(reading, YAML_MAP, event->mapping_start.anchor);
    case FYET_SEQUENCE_START:
        return open_level(reading, YAML_LIST, event->sequence_start.anchor);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return close_level(reading);
    default:
        return 0;
    }
}

/* --- the parser and what it complains about --- */

static void be_quiet(struct fy_diag *diag, void *user, const char *text, size_t length)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)length;
}

static void free_diag(struct fy_diag **diag)
{
    if (*diag != NULL)
        fy_diag_destroy(*diag);
}

static void free_parser(struct fy_parser **parser)
{
    if (*parser != NULL)
        fy_parser_destroy(*parser);
}

/* libfyaml's first complaint, else that there was one. */
static int complain(struct reading *reading, struct fy_diag *diag)
{
    void *at = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);

    if (error == NULL || error->msg == NULL)
        return refuse(reading, "not YAML");
    if (error->line > 0) {
        reading->line = error->line;
        reading->column = error->column;
    }
    return refuse(reading, "not YAML: %.*s", (int)strcspn(error->msg, "\n"), error->msg);
}

static int read_events(struct reading *reading, struct fy_parser *parser, struct fy_diag *diag)
{
    int code = 0;

    while (code == 0) {
        struct fy_event *event = fy_parser_parse(parser);

        if (event == NULL)
            break;
        code = take_event(reading, event);
        fy_parser_event_free(parser, event);
    }
    if (code == 0 && (fy_parser_get_stream_error(parser) || reading->depth > 0))
        code = complain(reading, diag);
    return code;
}

static int read_text(struct reading *reading)
{
    static const struct fy_diag_cfg quiet = { .output_fn = be_quiet,
                                              .level = FYET_ERROR,
                                              .module_mask = ~0u };
    AUTO(free_diag) struct fy_diag *diag = fy_diag_create(&quiet);
    AUTO(free_parser) struct fy_parser *parser = NULL;
    struct fy_parse_cfg cfg = { .flags = FYPCF_DEFAULT_PARSE | FYPCF_QUIET | FYPCF_JSON_NONE,
                                .diag = diag };

    if (diag == NULL)
        return -ENOMEM;
    fy_diag_set_collect_errors(diag, true);
    parser = fy_parser_create(&cfg);
    if (parser == NULL
        || fy_parser_set_string(parser, reading->input->text.data, reading->input->text.length)
               != 0)
        return -ENOMEM;
    return read_events(reading, parser, diag);
}

/* libfyaml takes some bytes that are no text: say so in our own words, with a line. */
static int check_bytes(struct reading *reading)
{
    struct slice rest = reading->input->text;

    if (rest.length > LIMIT_YAML_BYTES)
        return refuse(reading, "longer than %d KiB: split it", LIMIT_YAML_BYTES / 1024);
    while (rest.length > 0) {
        size_t width = utf8_width(rest);

        if (width == 0 || rest.data[0] == '\0')
            return refuse(reading, "not UTF-8 text");
        reading->column++;
        if (rest.data[0] == '\n') {
            reading->line++;
            reading->column = 1;
        }
        rest.data += width;
        rest.length -= width;
    }
    reading->line = reading->column = 1;
    return 0;
}

int yaml_parse(const struct yaml_input *input, const struct yaml_node *const **ret, int *ret_count,
               struct yaml_trouble *trouble)
{
    struct reading *reading = arena_alloc(input->arena, sizeof(*reading));
    int code;

    if (reading == NULL)
        return -ENOMEM;
    reading->input = input;
    reading->trouble = trouble;
    reading->line = reading->column = 1;
    reading->documents = arena_alloc(input->arena, LIMIT_YAML_DOCUMENTS * sizeof(const void *));
    if (reading->documents == NULL)
        return -ENOMEM;
    code = check_bytes(reading);
    if (code == 0 && input->text.length > 0)
        code = read_text(reading);
    *ret = reading->documents;
    *ret_count = reading->count;
    return code;
}

/* --- reading the tree --- */

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    for (int i = 0; i < map->count; i++) {
        if (strcmp(map->entries[i].key, key) == 0)
            return map->entries[i].value;
    }
    return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };

    if (node == NULL)
        return true;
    for (size_t i = 0; node->kind == YAML_SCALAR && node->plain && i < ARRAY_LENGTH(words); i++) {
        if (slice_equals_text(node->text, words[i]))
            return true;
    }
    return false;
}

const char *yaml_text(const struct yaml_node *node)
{
    return yaml_is_null(node) || node->kind != YAML_SCALAR ? NULL : node->text.data;
}

bool yaml_bool(const struct yaml_node *node, bool *ret)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = { { "true", true },   { "True", true },   { "TRUE", true },
                  { "false", false }, { "False", false }, { "FALSE", false } };

    for (size_t i = 0;
         node != NULL && node->kind == YAML_SCALAR && node->plain && i < ARRAY_LENGTH(words); i++) {
        if (slice_equals_text(node->text, words[i].word)) {
            *ret = words[i].value;
            return true;
        }
    }
    return false;
}
