/* slice.h - a borrowed run of bytes: somebody else's memory, not terminated. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data;
    size_t length;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

static inline struct slice slice_of(const char *text)
{
    return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool slice_equals(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool slice_equals_text(struct slice a, const char *text)
{
    return slice_equals(a, slice_of(text));
}

/* Both NULL, or alike. */
static inline bool slice_same_texts(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static inline bool slice_starts_with(struct slice a, struct slice prefix)
{
    return a.length >= prefix.length
           && (prefix.length == 0 || memcmp(a.data, prefix.data, prefix.length) == 0);
}

/* Parses the whole slice as a decimal integer without a sign.  Returns false, leaving `*ret`, when
 * it is empty, holds anything else, or exceeds `max`. */
bool slice_parse_uint(struct slice text, uint64_t max, uint64_t *ret);

/* The value of a hex digit, -1 for anything else. */
int slice_hex_value(char digit);

/* Compares without regard to the case of ASCII letters. */
bool slice_equals_nocase(struct slice a, struct slice b);

/* Removes blanks and tabs at both ends. */
struct slice slice_trim(struct slice text);

/* Cuts `*rest` at the first `separator`: returns what stands before it and leaves what stands
 * behind it (empty when there is none). */
struct slice slice_cut(struct slice *rest, char separator);

#endif
