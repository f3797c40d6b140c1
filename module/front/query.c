/* query.c - splits at "&" and "=", decodes percent signs, and refuses what it doesn't know. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/query.h"

/* Decodes one character of `text` at `*at`; -1 when it can't be one. */
static int decode_char(struct slice text, size_t *at)
{
    char c = text.data[(*at)++];
    int high;
    int low;

    if (c == '+')
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (text.length - *at < 2)
        return -1;
    high = slice_hex_value(text.data[*at]);
    low = slice_hex_value(text.data[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool decode(struct slice text, char value[QUERY_VALUE_BYTES])
{
    size_t length = 0;
    size_t at = 0;

    while (at < text.length) {
        int c = decode_char(text, &at);

        if (c <= 0 || length == QUERY_VALUE_BYTES - 1)
            return false;
        value[length++] = (char)c;
    }
    value[length] = '\0';
    return true;
}

static struct query_parameter *find(struct query_parameter known[], int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (slice_equals_text(slice_of(name), known[i].name))
            return &known[i];
    }
    return NULL;
}

static void list_known(const struct query_parameter known[], int count, struct buf *trouble)
{
    for (int i = 0; i < count; i++)
        buf_printf(trouble, "%s%s", i == 0 ? "" : ", ", known[i].name);
    if (count == 0)
        buf_append_text(trouble, "none");
}

static bool parse_pair(struct slice pair, struct query_parameter known[], int count,
                       struct buf *trouble)
{
    char name[QUERY_VALUE_BYTES];
    struct slice value = pair;
    struct slice raw_name = slice_cut(&value, '=');
    struct query_parameter *parameter;

    parameter = decode(raw_name, name) ? find(known, count, name) : NULL;
    if (parameter == NULL) {
        buf_append_text(trouble, "the query holds an unknown parameter; known here: ");
        list_known(known, count, trouble);
    } else if (parameter->given) {
        buf_printf(trouble, "%s is given twice: give it once", parameter->name);
    } else if (!decode(value, parameter->value)) {
        buf_printf(trouble, "the value of %s is too long or not percent-encoded text",
                   parameter->name);
    } else if (parameter->value[0] == '\0') {
        buf_printf(trouble, "%s is empty: give a value or leave it out", parameter->name);
    } else {
        parameter->given = true;
        return true;
    }
    return false;
}

bool query_parse(struct slice query, struct query_parameter known[], int count, struct buf *trouble)
{
    while (query.length > 0) {
        struct slice pair = slice_cut(&query, '&');

        if (pair.length > 0 && !parse_pair(pair, known, count, trouble))
            return false;
    }
    return true;
}
