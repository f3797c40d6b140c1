/* scan.c - tokens of JSON, eight bytes of a string at a time. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/scan.h"

#include "base/auto.h"

enum { WHOLE_DIGITS = 10, THOUSANDTHS_DIGITS = 3 };

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
        if (slice_hex_value(at[i]) < 0)
            return 0;
    }
    return 6;
}

bool scan_string_escaped(struct scan *scan, const char *at, struct scan_string *ret)
{
    while (at < scan->end && *at == '\\') {
        size_t width = escape_width(at, scan->end);

        if (width == 0)
            return false;
        at = scan_plain(at + width, scan->end);
    }
    if (at == scan->end || *at != '"')
        return false;
    *ret = (struct scan_string){ { scan->at, (size_t)(at - scan->at) }, true, true };
    scan->at = at + 1;
    return true;
}

/* The next byte as a digit, more than 9 if it is none or the end. */
static unsigned digit_at(const char *at, const char *end)
{
    return at < end ? (unsigned)(unsigned char)*at - (unsigned)'0' : 10;
}

/* Reads the digits behind the point; at least one.  Positions and sums are kept in variables of the
 * function: through a pointer, every byte would be a store. */
static const char *read_decimals(const char *at, const char *end, struct scan_number *number)
{
    int64_t value = number->thousandths;
    unsigned digit = digit_at(at, end);
    int digits = 0;

    if (digit > 9)
        return NULL;
    for (; digit <= 9 && digits < THOUSANDTHS_DIGITS; digits++) {
        value = value * 10 + digit;
        digit = digit_at(++at, end);
    }
    for (; digits < THOUSANDTHS_DIGITS; digits++)
        value *= 10;
    for (; digit <= 9; digit = digit_at(++at, end))
        number->more |= digit != 0;
    number->thousandths = value;
    return at;
}

/* Reads what makes a number useless for us but still JSON. */
static const char *read_exponent(const char *at, const char *end)
{
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    if (digit_at(at, end) > 9)
        return NULL;
    while (digit_at(at, end) <= 9)
        at++;
    return at;
}

static bool read_eight_digits(const char *at, const char *end, int64_t *ret)
{
    uint64_t word;

    if (end - at < 8)
        return false;
    word = word_load(at);
    if (!word_is_digits(word))
        return false;
    *ret = (int64_t)word_digits_value(word);
    return true;
}

bool scan_number(struct scan *scan, struct scan_number *ret)
{
    const char *at = scan->at;
    const char *end = scan->end;
    bool negative = at < end && *at == '-';
    const char *first = at += negative;
    struct scan_number number = { .present = true };
    int64_t whole = 0;
    unsigned digit;

    if (read_eight_digits(at, end, &whole))
        at += 8;
    for (digit = digit_at(at, end); digit <= 9; digit = digit_at(++at, end)) {
        if (at - first < WHOLE_DIGITS)
            whole = whole * 10 + digit;
    }
    if (at == first)
        return false;
    number.valid = !negative && at - first <= WHOLE_DIGITS;
    number.thousandths = whole;
    if (at < end && *at == '.')
        at = read_decimals(at + 1, end, &number);
    else
        number.thousandths *= 1000;
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
        number.valid = false;
        at = read_exponent(at + 1, end);
    }
    if (at == NULL)
        return false;
    *ret = number;
    scan->at = at;
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
        unit = unit << 4 | (uint32_t)slice_hex_value(digits[i]);
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
            to[length++] = (char)(letter != NULL ? meanings[letter - letters] : at[1]);
        at += width;
    }
    return length;
}

bool scan_key(struct scan *scan, struct scan_string *ret)
{
    scan_blanks(scan);
    if (!scan_expect(scan, "\"", 1) || !scan_string(scan, ret))
        return false;
    scan_blanks(scan);
    if (!scan_expect(scan, ":", 1))
        return false;
    scan_blanks(scan);
    return true;
}
