/* combined.c - fields between blanks, brackets and quotes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/combined.h"

#include "base/clock.h"
#include "ingest/format.h"
#include "ingest/scan.h"
#include "ingest/target.h"

#include <string.h>

enum {
    TIME_BYTES = 26, /* 21/Nov/2026:12:04:05 +0000 */
    METHOD_BYTES = 32,
};

/* A line while it is read. */
struct reading {
    struct slice time;
    struct slice request;
    struct format_numbers numbers;
};

/* Reads up to the next quote and moves behind it. */
static bool take_quoted(struct scan *scan, struct slice *ret)
{
    const char *quote =
        scan->at == scan->end ? NULL : memchr(scan->at, '"', (size_t)(scan->end - scan->at));

    if (quote == NULL)
        return false;
    *ret = (struct slice){ scan->at, (size_t)(quote - scan->at) };
    scan->at = quote + 1;
    return true;
}

/* The name of a user may hold blanks and brackets, but no quote: the time is found from behind. */
static bool take_head(struct scan *scan, struct reading *reading)
{
    struct slice head;
    const char *at;

    if (!take_quoted(scan, &head) || head.length < TIME_BYTES + 4)
        return false;
    at = head.data + head.length - TIME_BYTES - 4; /* " [21/Nov/2026:12:04:05 +0000] " */
    if (memcmp(at, " [", 2) != 0 || memcmp(at + 2 + TIME_BYTES, "] ", 2) != 0)
        return false;
    reading->time = (struct slice){ at + 2, TIME_BYTES };
    return true;
}

/* Reads what stands between a blank and the next one, or the line's end. */
static bool take_word(struct scan *scan, struct slice *ret)
{
    const char *from;

    if (!scan_expect(scan, " ", 1))
        return false;
    from = scan->at;
    while (scan->at < scan->end && *scan->at != ' ' && *scan->at != '\r')
        scan->at++;
    *ret = (struct slice){ from, (size_t)(scan->at - from) };
    return ret->length > 0;
}

static bool take_all(struct scan *scan, struct reading *reading)
{
    struct slice ignored;

    return take_head(scan, reading) && take_quoted(scan, &reading->request)
           && take_word(scan, &reading->numbers.status) && take_word(scan, &ignored)
           && scan_expect(scan, " \"", 2) && take_quoted(scan, &ignored)
           && scan_expect(scan, " \"", 2) && take_quoted(scan, &ignored);
}

/* Writes the time as RFC 3339 has it, which has one reader. */
static bool read_time(struct slice text, int64_t *ret_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char iso[] = "0000-00-00T00:00:00+00:00";
    const char *at = text.data;
    int month = 0;

    while (month < 12 && memcmp(months + (size_t)month * 3, at + 3, 3) != 0)
        month++;
    if (month == 12 || at[2] != '/' || at[6] != '/' || at[11] != ':' || at[20] != ' '
        || (at[21] != '+' && at[21] != '-'))
        return false;
    month++;
    memcpy(iso, at + 7, 4);
    iso[5] = (char)('0' + month / 10);
    iso[6] = (char)('0' + month % 10);
    memcpy(iso + 8, at, 2);
    memcpy(iso + 11, at + 12, 8);
    memcpy(iso + 19, at + 21, 3);
    memcpy(iso + 23, at + 24, 2);
    return clock_parse((struct slice){ iso, sizeof(iso) - 1 }, ret_ms);
}

/* The bytes that nginx wrote as \xHH. */
static struct slice unescape(struct slice text, struct line_scratch *scratch)
{
    char *to = scratch->bytes + scratch->used;
    size_t length = 0;

    if (text.length == 0 || memchr(text.data, '\\', text.length) == NULL)
        return text;
    for (size_t i = 0; i < text.length; i++) {
        unsigned high = 16;
        unsigned low = 16;

        if (text.data[i] == '\\' && text.length - i >= 4 && text.data[i + 1] == 'x') {
            high = (unsigned)slice_hex_value(text.data[i + 2]);
            low = (unsigned)slice_hex_value(text.data[i + 3]);
        }
        if (high > 15 || low > 15) {
            to[length++] = text.data[i];
            continue;
        }
        to[length++] = (char)(high << 4 | low);
        i += 3;
    }
    scratch->used += length;
    return (struct slice){ to, length };
}

/* RFC 9110 allows more, but no server does. */
static bool is_method(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if ((c < 'A' || c > 'Z') && c != '-' && c != '_')
            return false;
    }
    return text.length > 0 && text.length <= METHOD_BYTES;
}

/* "GET /path?query HTTP/1.1"; without a protocol it is HTTP/0.9. */
static void read_request(struct slice request, struct line_scratch *scratch, struct line *ret)
{
    struct slice target = request;
    struct slice method = slice_cut(&target, ' ');
    const char *blank = target.length == 0 ? NULL : memrchr(target.data, ' ', target.length);
    struct slice path;

    if (blank != NULL) {
        struct slice tail = { blank, target.length - (size_t)(blank - target.data) };

        if (slice_starts_with(tail, SLICE(" HTTP/")))
            target.length -= tail.length;
    }
    path = target_path(unescape(target, scratch), scratch);
    if (!is_method(method)
        || !(slice_starts_with(path, SLICE("/")) || slice_equals(path, SLICE("*"))))
        return;
    ret->method = method;
    ret->path = path;
}

enum reject combined_parse(struct slice text, struct line_scratch *scratch, struct line *ret)
{
    struct scan scan = { text.data, text.data + text.length };
    struct reading reading = { .numbers = { .power = 3 } };

    if (text.length > LIMIT_LOG_LINE_IN_BYTES)
        return REJECT_TOO_LONG;
    if (!take_all(&scan, &reading))
        return REJECT_FORMAT;
    if (!take_word(&scan, &reading.numbers.duration))
        return REJECT_MISSING;
    *ret = (struct line){ .method = SLICE(""), .path = SLICE("") };
    if (!read_time(reading.time, &ret->time_ms))
        return REJECT_TIME;
    scratch->used = 0;
    read_request(reading.request, scratch, ret);
    return format_judge(&reading.numbers, ret);
}
