/* json_body.c - jansson for what strangers send. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/json_body.h"

#include <string.h>

enum {
    /* jansson recurses up to 2048 times, which takes a third of a thread's stack. */
    DEPTH_MAX = 64,
    TOKEN_BYTES = 256,
};

/* Follows a JSON text byte by byte, so far as to know what stands inside a string. */
struct json_walk {
    bool in_text;
    bool is_escaped;
    int depth;
};

static void walk(struct json_walk *walk, char c)
{
    if (walk->in_text) {
        walk->in_text = walk->is_escaped || c != '"';
        walk->is_escaped = !walk->is_escaped && c == '\\';
        return;
    }
    walk->in_text = c == '"';
    if (c == '[' || c == '{')
        walk->depth++;
    else if (c == ']' || c == '}')
        walk->depth--;
}

static bool is_too_deep(struct slice text)
{
    struct json_walk at = { 0 };

    for (size_t i = 0; i < text.length; i++) {
        walk(&at, text.data[i]);
        if (at.depth > DEPTH_MAX)
            return true;
    }
    return false;
}

json_t *json_body_parse(struct slice text)
{
    /* jansson passes over a NUL behind a number, and a text that ends there would be shown cut. */
    if (text.length == 0 || memchr(text.data, '\0', text.length) != NULL || is_too_deep(text))
        return NULL;
    return json_loadb(text.data, text.length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
}

void json_body_free(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

/* Decodes ~1 and ~0 of one token.  Returns its length, or SIZE_MAX when it is none. */
static size_t decode_token(struct slice raw, char token[TOKEN_BYTES])
{
    size_t length = 0;

    if (raw.length >= TOKEN_BYTES)
        return SIZE_MAX;
    for (size_t i = 0; i < raw.length; i++) {
        char c = raw.data[i];

        if (c == '~') {
            i++;
            if (i == raw.length || (raw.data[i] != '0' && raw.data[i] != '1'))
                return SIZE_MAX;
            c = raw.data[i] == '1' ? '/' : '~';
        }
        token[length++] = c;
    }
    return length;
}

static const json_t *element_at(const json_t *array, struct slice token)
{
    uint64_t index;

    if (token.length > 1 && token.data[0] == '0')
        return NULL; /* RFC 6901, 4: no leading zeros */
    if (!slice_parse_uint(token, UINT32_MAX, &index))
        return NULL;
    return json_array_get(array, (size_t)index);
}

const json_t *json_body_find(const json_t *json, const char *pointer)
{
    while (json != NULL && *pointer == '/') {
        struct slice raw = { pointer + 1, strcspn(pointer + 1, "/") };
        char token[TOKEN_BYTES];
        size_t length = decode_token(raw, token);

        if (length == SIZE_MAX)
            return NULL;
        json = json_is_array(json) ? element_at(json, (struct slice){ token, length })
                                   : json_object_getn(json, token, length);
        pointer = raw.data + raw.length;
    }
    return *pointer == '\0' ? json : NULL;
}

bool json_body_equals(const json_t *json, const char *written)
{
    AUTO(json_body_free) json_t *wanted = NULL;

    if (json_is_string(json))
        return slice_equals_text(
            (struct slice){ json_string_value(json), json_string_length(json) }, written);
    wanted = json_body_parse(slice_of(written));
    if (json_is_number(json) && json_is_number(wanted))
        return json_number_value(json) == json_number_value(wanted);
    return wanted != NULL && json_equal(json, wanted) == 1;
}

bool json_body_compact(struct slice text, char *ret, size_t capacity)
{
    struct json_walk at = { 0 };
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';

        if (is_blank && !at.in_text)
            continue;
        walk(&at, c);
        if (length + 1 >= capacity) {
            ret[0] = '\0';
            return false;
        }
        ret[length++] = c;
    }
    ret[length] = '\0';
    return true;
}
