/* openslo_check.c - a document against the tables: everything that can be said of a field alone. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo_shape.h"

#include "base/utf8.h"
#include "slo/fraction.h"
#include "slo/openslo_time.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_LENGTH = 63,     /* RFC 1123 */
    OUR_NAME_LENGTH = 95, /* struct objective */
    DISPLAY_CHARACTERS = 63,
    DESCRIPTION_CHARACTERS = 1050,
    KEY_LENGTH = 63,
    KEY_PREFIX_LENGTH = 253,
};

static size_t characters(struct slice text)
{
    size_t count = 0;

    for (; text.length > 0; count++) {
        size_t width = utf8_width(text);

        if (width == 0)
            width = 1;
        text.data += width;
        text.length -= width;
    }
    return count;
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        if (!is_lower_or_digit(text[i]) && (text[i] != '-' || i == 0 || i == length - 1))
            return false;
    }
    return length > 0 && length <= NAME_LENGTH;
}

/* What can stand in a path and in a metric's label without being escaped. */
static bool is_usable(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);

    return length > 0 && length <= OUR_NAME_LENGTH && strspn(text, letters) == length
           && text[0] != '.' && text[0] != '-';
}

static void check_name(const struct shape_check *check, const struct spot *spot)
{
    const char *text = spot->node->text.data;

    if (!is_usable(text))
        shape_error(check, spot,
                    "\"%.60s\" can't be a name: lower case letters, digits and '-', at most %d",
                    text, NAME_LENGTH);
    else if (!is_label(text))
        shape_object(check, spot,
                     "\"%.60s\" is no RFC 1123 label: use lower case letters, digits and '-', at "
                     "most %d",
                     text, NAME_LENGTH);
}

static void check_length(const struct shape_check *check, const struct spot *spot, size_t most)
{
    if (characters(spot->node->text) > most)
        shape_object(check, spot, "longer than %zu characters: shorten it", most);
}

static void check_number(const struct shape_check *check, const struct spot *spot)
{
    struct slice text = spot->node->text;
    const char *point = memchr(text.data, '.', text.length);
    struct fraction value;

    if (!fraction_parse(text, &value))
        shape_error(check, spot, "\"%.40s\" is no decimal number: write it like 0.999", text.data);
    else if (point != NULL && text.length - (size_t)(point - text.data) - 1 > 9)
        shape_error(check, spot, "more than 9 digits behind the point: shorten it");
    else if (!spot->node->plain)
        shape_object(check, spot, "a number in quotes: remove them");
}

static void check_flag(const struct shape_check *check, const struct spot *spot)
{
    bool value;

    if (!yaml_bool(spot->node, &value))
        shape_error(check, spot, "\"%.40s\" is neither true nor false", spot->node->text.data);
}

static void check_duration(const struct shape_check *check, const struct spot *spot)
{
    struct shorthand duration;

    if (!shorthand_parse(spot->node->text, &duration))
        shape_error(check, spot,
                    "\"%.40s\" is no duration: a whole number and one of m h d w M Q Y, as in 28d",
                    spot->node->text.data);
}

static void check_choice(const struct shape_check *check, const struct spot *spot,
                         const char *const choices[])
{
    AUTO(buf_done) struct buf words;

    buf_init(&words, 256);
    for (int i = 0; choices[i] != NULL; i++) {
        if (slice_equals_text(spot->node->text, choices[i]))
            return;
        buf_printf(&words, "%s%s", i == 0 ? "" : ", ", choices[i]);
    }
    shape_error(check, spot, "\"%.60s\" is none of: %s", spot->node->text.data, buf_text(&words));
}

/* --- maps with free keys --- */

static bool is_key(const char *key, bool prefixed)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *slash = prefixed ? strchr(key, '/') : NULL;
    const char *name = slash == NULL ? key : slash + 1;
    size_t prefix = slash == NULL ? 0 : (size_t)(slash - key);

    return strlen(name) >= 1 && strlen(name) <= KEY_LENGTH && strspn(name, letters) == strlen(name)
           && prefix <= KEY_PREFIX_LENGTH && strspn(key, letters) >= prefix
           && (slash == NULL || prefix > 0);
}

static bool is_words(const struct yaml_node *node)
{
    for (int i = 0; node->kind == YAML_LIST && i < node->count; i++) {
        if (node->items[i]->kind != YAML_SCALAR)
            return false;
    }
    return node->kind != YAML_MAP;
}

static void check_free_keys(const struct shape_check *check, const struct shape_field *field,
                            const struct spot *spot)
{
    bool notes = field->kind == SHAPE_NOTES;

    for (int i = 0; i < spot->node->count; i++) {
        struct spot entry = { spot, spot->node->entries[i].key, 0, spot->node->entries[i].value };

        if (!is_key(entry.key, notes))
            shape_object(check, &entry,
                         "the key is none: letters, digits, '.', '_' and '-', at "
                         "most %d",
                         KEY_LENGTH);
        if (notes ? entry.node->kind != YAML_SCALAR : !is_words(entry.node))
            shape_error(check, &entry, "must be a text");
        if (notes && strncmp(entry.key, "openslo.com/", 12) == 0)
            shape_object(check, &entry, "openslo.com/ is reserved: use a prefix of your own");
    }
}

/* --- fields --- */

static enum yaml_kind kind_of(enum shape_kind kind)
{
    switch (kind) {
    case SHAPE_MAP:
    case SHAPE_LABELS:
    case SHAPE_NOTES:
        return YAML_MAP;
    case SHAPE_LIST:
        return YAML_LIST;
    default:
        return YAML_SCALAR;
    }
}

static void check_list(const struct shape_check *check, const struct shape_field *field,
                       const struct spot *spot)
{
    if (spot->node->count == 0 && field->need == SHAPE_REQUIRED)
        shape_error(check, spot, "is empty: it needs at least one item");
    for (int i = 0; i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);

        shape_check(check, field->of, &item);
    }
}

static void check_value(const struct shape_check *check, const struct shape_field *field,
                        const struct spot *spot)
{
    switch (field->kind) {
    case SHAPE_NAME:
        check_name(check, spot);
        break;
    case SHAPE_DISPLAY:
        check_length(check, spot, DISPLAY_CHARACTERS);
        break;
    case SHAPE_DESCRIPTION:
        check_length(check, spot, DESCRIPTION_CHARACTERS);
        break;
    case SHAPE_NUMBER:
        check_number(check, spot);
        break;
    case SHAPE_FLAG:
        check_flag(check, spot);
        break;
    case SHAPE_DURATION:
        check_duration(check, spot);
        break;
    case SHAPE_CHOICE:
        check_choice(check, spot, field->choices);
        break;
    case SHAPE_MAP:
        shape_check(check, field->of, spot);
        break;
    case SHAPE_LIST:
        check_list(check, field, spot);
        break;
    case SHAPE_LABELS:
    case SHAPE_NOTES:
        check_free_keys(check, field, spot);
        break;
    default:
        break;
    }
}

static void check_field(const struct shape_check *check, const struct shape_field *field,
                        const struct spot *spot)
{
    static const char *const kinds[] = { "a value", "a map", "a list" };

    if (field->kind == SHAPE_ANY || (field->kind == SHAPE_WORDS && is_words(spot->node)))
        return;
    if (spot->node->kind != kind_of(field->kind))
        shape_error(check, spot, "is %s, where %s is needed", kinds[spot->node->kind],
                    kinds[kind_of(field->kind)]);
    else
        check_value(check, field, spot);
}

static const struct shape_field *find_field(const struct shape *shape, const char *name)
{
    for (const struct shape_field *field = shape->fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

static void check_unknown(const struct shape_check *check, const struct shape *shape,
                          const struct spot *spot)
{
    for (int i = 0; i < spot->node->count; i++) {
        struct spot entry = { spot, spot->node->entries[i].key, 0, spot->node->entries[i].value };

        if (find_field(shape, entry.key) != NULL)
            continue;
        if (shape->ours)
            shape_error(check, &entry, "there is no such field: see docs/openslo.md");
        else
            shape_object(check, &entry, "OpenSLO v1 has no such field here: remove it");
    }
}

void shape_check(const struct shape_check *check, const struct shape *shape,
                 const struct spot *spot)
{
    if (spot->node->kind != YAML_MAP) {
        shape_error(check, spot, "must be a map");
        return;
    }
    check_unknown(check, shape, spot);
    for (const struct shape_field *field = shape->fields; field->name != NULL; field++) {
        struct spot there = spot_key(spot, field->name);

        if (yaml_is_null(there.node)) {
            if (field->need == SHAPE_REQUIRED)
                shape_error(check, &there, "is missing");
            else if (field->need == SHAPE_STRICT && check->strict)
                shape_error(check, &there, "is missing");
            continue;
        }
        check_field(check, field, &there);
    }
}
