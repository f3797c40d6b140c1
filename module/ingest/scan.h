/* scan.h - the tokens of JSON, read from borrowed bytes.  Pure.
 *
 * Every function either moves past what it read and returns true, or returns false.  Grammar: RFC
 * 8259, with two tolerances that nginx needs: bytes that are not UTF-8 within strings, and zeros in
 * front of a number (it logs a request without a status as 000).
 */
#ifndef INGEST_SCAN_H
#define INGEST_SCAN_H

#include "base/slice.h"
#include "ingest/word.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SCAN_DEPTH = 32 };

struct scan {
    const char *at;
    const char *end;
};

/* A number in thousandths; JSON that we can't or won't count with is not `valid`. */
struct scan_number {
    int64_t thousandths;
    bool present;
    bool valid; /* not negative, no exponent, at most 10 digits before the point */
    bool more;  /* digits other than 0 beyond the thousandths were cut */
};

struct scan_string {
    struct slice raw; /* between the quotes, still escaped */
    bool present;
    bool escaped; /* holds at least one backslash */
};

/* Moves past `length` bytes if they are the next ones.  Always inline, so that the comparison with
 * a literal becomes one or two loads. */
__attribute__((always_inline)) static inline bool scan_expect(struct scan *scan, const char *text,
                                                              size_t length)
{
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, text, length) != 0)
        return false;
    scan->at += length;
    return true;
}

static inline void scan_blanks(struct scan *scan)
{
    while (scan->at < scan->end
           && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r' || *scan->at == '\n'))
        scan->at++;
}

bool scan_number(struct scan *scan, struct scan_number *ret);

/* The first byte at or behind `at` that isn't plain; `end` if there is none. */
static inline const char *scan_plain(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t marks = word_special_bytes(word_load(at));

        if (marks != 0)
            return at + (__builtin_ctzll(marks) >> 3);
        at += 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* scan_string() from the first byte at `at` that isn't plain. */
bool scan_string_escaped(struct scan *scan, const char *at, struct scan_string *ret);

/* Reads a string behind its opening quote, and its closing quote. */
static inline bool scan_string(struct scan *scan, struct scan_string *ret)
{
    const char *at = scan_plain(scan->at, scan->end);

    if (at == scan->end || *at != '"')
        return scan_string_escaped(scan, at, ret);
    *ret = (struct scan_string){ { scan->at, (size_t)(at - scan->at) }, true, false };
    scan->at = at + 1;
    return true;
}

/* Reads `"key" :` with blanks around everything, up to the value. */
bool scan_key(struct scan *scan, struct scan_string *ret);

/* Reads a value of any kind, with at most SCAN_DEPTH brackets around each other. */
bool scan_value(struct scan *scan);

/* Writes `raw` unescaped to `to`, which has room for as many bytes.  Returns the length. Surrogates
 * without their partner become U+FFFD. */
size_t scan_unescape(struct slice raw, char *to);

#endif
