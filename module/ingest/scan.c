/* scan.c - tokens of JSON, eight bytes of a string at a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/scan.h"

#include "base/auto.h"

#include <endian.h>

enum { WHOLE_DIGITS = 10, THOUSANDTHS_DIGITS = 3 };

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Bit 7 of every byte that is zero.  A borrow can mark bytes above a true one, never below it, so
 * the lowest mark is right (Hacker's Delight, 6-1). */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* Marks the bytes that end a run of plain string: quotes, backslashes, control characters. */
static uint64_t special_bytes(uint64_t word)
{
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);

    return control | zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\'));
}

/* The first byte at or behind `at` that isn't plain; `end` if there is none. */
static const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word;
        uint64_t marks;

        memcpy(&word, at, sizeof(word));
        marks = special_bytes(le64toh(word));
        if (marks != 0)
            return at + (__builtin_ctzll(marks) >> 3);
        at += 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* How many bytes an escape takes, 0 if it is none. */
static size_t escape_width(const char *at, const char *end)
{
    if (end - at < 2)
        return 0;
    if (memchr("\"\\/bfnrt", at[1], 8) != NULL)
        return 2;
    if (at[1] != 'u' || end - at < 6)
        return 0;
    for (int i = 2; i < 6; i++) {
        if (hex_value(at[i]) < 0)
            return 0;
    }
    return 6;
}

bool scan_string(struct scan *scan, struct scan_string *ret)
{
    const char *at = skip_plain(scan->at, scan->end);
    bool escaped = false;

    while (at < scan->end && *at == '\\') {
        size_t width = escape_width(at, scan->end);

        if (width == 0)
            return false;
        escaped = true;
        at = skip_plain(at + width, scan->end);
    }
    if (at == scan->end || *at != '"')
        return false;
    ret->raw = (struct slice){ scan->at, (size_t)(at - scan->at) };
    ret->present = true;
    ret->escaped = escaped;
    scan->at = at + 1;
    return true;
}

static bool is_digit(const struct scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

/* Reads the digits behind the point. */
static bool read_decimals(struct scan *scan, struct scan_number *ret)
{
    int digits = 0;

    if (!is_digit(scan))
        return false;
    for (; is_digit(scan); scan->at++, digits++) {
        if (digits < THOUSANDTHS_DIGITS)
            ret->thousandths = ret->thousandths * 10 + (*scan->at - '0');
        else
            ret->more |= *scan->at != '0';
    }
    for (; digits < THOUSANDTHS_DIGITS; digits++)
        ret->thousandths *= 10;
    return true;
}

/* Reads what makes a number useless for us but still JSON. */
static bool read_exponent(struct scan *scan)
{
    scan->at++;
    if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
        scan->at++;
    if (!is_digit(scan))
        return false;
    while (is_digit(scan))
        scan->at++;
    return true;
}

bool scan_number(struct scan *scan, struct scan_number *ret)
{
    bool negative = scan_expect(scan, "-", 1);
    int digits = 0;

    *ret = (struct scan_number){ .present = true, .valid = !negative };
    if (!is_digit(scan))
        return false;
    for (; is_digit(scan); scan->at++) {
        if (++digits <= WHOLE_DIGITS)
            ret->thousandths = ret->thousandths * 10 + (*scan->at - '0');
    }
    if (digits > WHOLE_DIGITS)
        ret->valid = false;
    if (!scan_expect(scan, ".", 1))
        ret->thousandths *= 1000;
    else if (!read_decimals(scan, ret))
        return false;
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        ret->valid = false;
        return read_exponent(scan);
    }
    return true;
}

static bool scan_scalar(struct scan *scan)
{
    struct scan_string string;
    struct scan_number number;

    if (scan_expect(scan, "\"", 1))
        return scan_string(scan, &string);
    return scan_expect(scan, "true", 4) || scan_expect(scan, "false", 5)
           || scan_expect(scan, "null", 4) || scan_number(scan, &number);
}

static bool value_at_depth(struct scan *scan, int depth);

/* Reads `"key":` and the blanks around it. */
static bool read_key(struct scan *scan)
{
    struct scan_string key;

    scan_blanks(scan);
    if (!scan_expect(scan, "\"", 1) || !scan_string(scan, &key))
        return false;
    scan_blanks(scan);
    return scan_expect(scan, ":", 1);
}

/* Reads what stands between two brackets, and the closing one. */
static bool read_members(struct scan *scan, bool object, int depth)
{
    const char *closing = object ? "}" : "]";

    scan_blanks(scan);
    if (scan_expect(scan, closing, 1))
        return true;
    do {
        if ((object && !read_key(scan)) || !value_at_depth(scan, depth))
            return false;
        scan_blanks(scan);
    } while (scan_expect(scan, ",", 1));
    return scan_expect(scan, closing, 1);
}

/* Recursion is bounded by SCAN_DEPTH. */
static bool value_at_depth(struct scan *scan, int depth)
{
    bool object;

    scan_blanks(scan);
    if (scan->at == scan->end || (*scan->at != '{' && *scan->at != '['))
        return scan_scalar(scan);
    if (depth == SCAN_DEPTH)
        return false;
    object = *scan->at++ == '{';
    return read_members(scan, object, depth + 1);
}

bool scan_value(struct scan *scan)
{
    return value_at_depth(scan, 0);
}

static uint32_t unit_at(const char *digits)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (uint32_t)hex_value(digits[i]);
    return unit;
}

static size_t put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* The character that a \u escape at `at` means; `*width` becomes 12 for a pair of surrogates. */
static uint32_t code_at(const char *at, const char *end, size_t *width)
{
    uint32_t high = unit_at(at + 2);
    uint32_t low;

    if (high < 0xd800 || high > 0xdfff)
        return high;
    if (high > 0xdbff || end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0xfffd;
    low = unit_at(at + 8);
    if (low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *width = 12;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

size_t scan_unescape(struct slice raw, char *to)
{
    static const char letters[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";
    const char *at = raw.data;
    const char *end = raw.data + raw.length;
    size_t length = 0;

    while (at < end) {
        size_t width = *at == '\\' ? escape_width(at, end) : 0;
        const char *letter;

        if (width == 0) {
            to[length++] = *at++;
            continue;
        }
        letter = memchr(letters, at[1], sizeof(letters) - 1);
        if (width == 6)
            length += put_utf8(to + length, code_at(at, end, &width));
        else
            to[length++] = letter != NULL ? meanings[letter - letters] : at[1];
        at += width;
    }
    return length;
}
