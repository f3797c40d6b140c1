/* value.c - durations, flags, choices, ports and lists. */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's; in quotes it would be the one of this folder */

#include "config/value.h"

#include "base/auto.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { YEAR_S = 365 * 86400 };

static bool equals_word(struct slice text, const char *word)
{
    return slice_equals_nocase(text, slice_of(word));
}

/* Cuts the digits (and a point) off the front. */
static struct slice cut_number(struct slice *text)
{
    struct slice number = { text->data, 0 };

    while (
        number.length < text->length
        && (isdigit((unsigned char)text->data[number.length]) || text->data[number.length] == '.'))
        number.length++;
    text->data += number.length;
    text->length -= number.length;
    return number;
}

static int64_t unit_ms(struct slice unit)
{
    static const struct {
        const char *word;
        int64_t ms;
    } units[] = {
        { "", 1000 },   { "ms", 1 },      { "s", 1000 },    { "sec", 1000 },
        { "m", 60000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (equals_word(unit, units[i].word))
            return units[i].ms;
    }
    return 0;
}

bool value_parse_duration(struct slice text, int64_t *ret_ms)
{
    struct slice fraction = cut_number(&text);
    struct slice whole = slice_cut(&fraction, '.');
    int64_t unit = unit_ms(slice_trim(text));
    uint64_t units;
    uint64_t thousandths = 0;
    bool pointed = fraction.data > whole.data + whole.length;

    if (unit == 0 || !slice_parse_uint(whole, 100 * (uint64_t)YEAR_S * 1000, &units))
        return false;
    if (pointed && (fraction.length > 3 || !slice_parse_uint(fraction, 999, &thousandths)))
        return false;
    for (size_t digits = fraction.length; pointed && digits < 3; digits++)
        thousandths *= 10;
    /* 100 years in days are refused here, so that the product fits. */
    if ((int64_t)units > 100 * (int64_t)YEAR_S * 1000 / unit
        || (int64_t)thousandths * unit % 1000 != 0)
        return false;
    *ret_ms = (int64_t)units * unit + (int64_t)thousandths * unit / 1000;
    return true;
}

bool value_parse_flag(struct slice text, bool *ret)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (equals_word(text, words[i])) {
            *ret = i % 2 == 1;
            return true;
        }
    }
    return false;
}

bool value_parse_choice(struct slice text, const struct config_choice *choices, int *ret)
{
    for (; choices->word != NULL; choices++) {
        if (equals_word(text, choices->word)) {
            *ret = choices->value;
            return true;
        }
    }
    return false;
}

bool value_parse_port(struct slice text, uint16_t *ret)
{
    uint64_t port;

    if (slice_starts_with(text, SLICE("tcp://"))) {
        const char *colon = memrchr(text.data, ':', text.length);
        size_t before = (size_t)(colon + 1 - text.data);

        text = (struct slice){ colon + 1, text.length - before };
    }
    if (!slice_parse_uint(text, 65535, &port) || port == 0)
        return false;
    *ret = (uint16_t)port;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct slice trim_spaces(struct slice text)
{
    while (text.length > 0 && is_space(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct slice value_unwrap(struct slice text)
{
    text = trim_spaces(text);
    if (text.length >= 2 && (text.data[0] == '"' || text.data[0] == '\'')
        && text.data[text.length - 1] == text.data[0])
        text = trim_spaces((struct slice){ text.data + 1, text.length - 2 });
    return text;
}

struct slice value_cut_word(struct slice *rest)
{
    struct slice word;

    if (rest->length == 0) /* then there may be no data either */
        return *rest;
    while (rest->length > 0 && (is_space(rest->data[0]) || rest->data[0] == ',')) {
        rest->data++;
        rest->length--;
    }
    word = (struct slice){ rest->data, 0 };
    while (word.length < rest->length && !is_space(rest->data[word.length])
           && rest->data[word.length] != ',')
        word.length++;
    rest->data += word.length;
    rest->length -= word.length;
    return word;
}

/* Levenshtein's distance, a row at a time. */
int value_distance(const char *a, const char *b)
{
    int row[VALUE_WORD_BYTES + 1];
    int length = (int)strnlen(b, VALUE_WORD_BYTES);

    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 1; i <= VALUE_WORD_BYTES && a[i - 1] != '\0'; i++) {
        int diagonal = row[0];

        row[0] = i;
        for (int j = 1; j <= length; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[length];
}

void value_format_duration(int64_t duration_ms, char text[VALUE_DURATION_BYTES])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = { { 3600000, "h" }, { 60000, "min" }, { 1000, "s" }, { 1, "ms" } };

    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (duration_ms % units[i].ms == 0 && (duration_ms != 0 || i == 2)) {
            (void)snprintf(text, VALUE_DURATION_BYTES, "%" PRId64 " %s", duration_ms / units[i].ms,
                           units[i].name);
            return;
        }
    }
}
