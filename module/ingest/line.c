/* line.c - one scanner for our own order of fields, and one for any JSON object. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/line.h"

#include "ingest/scan.h"
#include "ingest/usual.h"

#include <string.h>

/* A request that lasts over a year is none. */
#define DURATION_MAX_MS (366 * 86400 * INT64_C(1000))

/* What has been seen of one line. */
struct fields {
    struct scan_number time;
    struct scan_number status;
    struct scan_number duration;
    struct scan_string service;
    struct scan_string method;
    struct scan_string path;
};

const char *reject_text(enum reject reject)
{
    static const char *const texts[] = { "none",
#define X(name, text) text,
                                         FOR_EACH_REJECT(X)
#undef X
    };

    return texts[reject];
}

/* --- our own order --- */

#define EXPECT(scan, literal) scan_expect(scan, literal, sizeof(literal) - 1)

/* Returns false for everything that isn't exactly what nginx writes with our format. */
static bool read_own_order(struct scan *scan, struct fields *fields)
{
    struct scan_string ignored;
    struct scan_number bytes;

    return EXPECT(scan, "{\"time\":") && scan_number(scan, &fields->time)
           && EXPECT(scan, ",\"request_id\":\"") && scan_string(scan, &ignored)
           && EXPECT(scan, ",\"service\":\"") && scan_string(scan, &fields->service)
           && EXPECT(scan, ",\"method\":\"") && scan_string(scan, &fields->method)
           && EXPECT(scan, ",\"path\":\"") && scan_string(scan, &fields->path)
           && EXPECT(scan, ",\"status\":") && scan_number(scan, &fields->status)
           && EXPECT(scan, ",\"request_time\":") && scan_number(scan, &fields->duration)
           && EXPECT(scan, ",\"bytes\":") && scan_number(scan, &bytes)
           && EXPECT(scan, ",\"upstream_time\":\"") && scan_string(scan, &ignored)
           && EXPECT(scan, "}");
}

/* --- any order --- */

/* Reads the value of a number field; a value of another kind is skipped and remembered as bad. */
static bool read_number(struct scan *scan, struct scan_number *number)
{
    *number = (struct scan_number){ .present = true };
    if (scan->at < scan->end && (*scan->at == '-' || (*scan->at >= '0' && *scan->at <= '9')))
        return scan_number(scan, number);
    return scan_value(scan);
}

/* Reads the value of a string field; a value of another kind leaves the field missing. */
static bool read_string(struct scan *scan, struct scan_string *string)
{
    if (!scan_expect(scan, "\"", 1))
        return scan_value(scan);
    return scan_string(scan, string);
}

static bool read_field(struct scan *scan, struct slice key, struct fields *fields)
{
    const struct {
        struct slice key;
        struct scan_number *number;
        struct scan_string *string;
    } known[] = {
        { SLICE("time"), &fields->time, NULL },
        { SLICE("status"), &fields->status, NULL },
        { SLICE("request_time"), &fields->duration, NULL },
        { SLICE("service"), NULL, &fields->service },
        { SLICE("method"), NULL, &fields->method },
        { SLICE("path"), NULL, &fields->path },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
        if (!slice_equals(known[i].key, key))
            continue;
        return known[i].number != NULL ? read_number(scan, known[i].number)
                                       : read_string(scan, known[i].string);
    }
    return scan_value(scan);
}

/* Reads `"key": value`, with blanks around everything. */
static bool read_member(struct scan *scan, struct fields *fields)
{
    struct scan_string key;

    if (!scan_key(scan, &key))
        return false;
    if (!read_field(scan, key.raw, fields))
        return false;
    scan_blanks(scan);
    return true;
}

static bool read_any_order(struct scan *scan, struct fields *fields)
{
    scan_blanks(scan);
    if (!scan_expect(scan, "{", 1))
        return false;
    scan_blanks(scan);
    if (!scan_expect(scan, "}", 1)) {
        do {
            if (!read_member(scan, fields))
                return false;
        } while (scan_expect(scan, ",", 1));
        if (!scan_expect(scan, "}", 1))
            return false;
    }
    scan_blanks(scan);
    return scan->at == scan->end;
}

/* --- judging what was read --- */

static struct slice unescaped(const struct scan_string *string, struct line_scratch *scratch)
{
    char *to = scratch->bytes + scratch->used;
    size_t length;

    if (!string->escaped)
        return string->raw;
    length = scan_unescape(string->raw, to);
    scratch->used += length;
    return (struct slice){ to, length };
}

static enum reject judge(const struct fields *fields, struct line_scratch *scratch,
                         struct line *ret)
{
    if (!fields->time.present || !fields->status.present || !fields->duration.present
        || !fields->method.present || !fields->path.present)
        return REJECT_MISSING;
    if (!fields->time.valid || !fields->status.valid || !fields->duration.valid
        || fields->duration.thousandths > DURATION_MAX_MS)
        return REJECT_NUMBER;
    if (fields->status.thousandths < LINE_STATUS_LOW * 1000 || fields->status.more
        || fields->status.thousandths > LINE_STATUS_HIGH * 1000
        || fields->status.thousandths % 1000 != 0)
        return REJECT_STATUS;
    ret->time_ms = fields->time.thousandths;
    ret->duration_ms = (uint64_t)fields->duration.thousandths + fields->duration.more;
    ret->status = (uint16_t)(fields->status.thousandths / 1000);
    scratch->used = 0;
    ret->service = unescaped(&fields->service, scratch);
    ret->method = unescaped(&fields->method, scratch);
    ret->path = unescaped(&fields->path, scratch);
    return REJECT_NONE;
}

size_t line_take(struct slice chunk, struct line_scratch *scratch, struct line *ret,
                 enum reject *ret_reject)
{
    struct fields fields; /* our own order sets every one; clearing them first costs a fifth */
    struct scan scan = { chunk.data, chunk.data + chunk.length };
    size_t length = usual_take(chunk, ret);

    if (length > 0) {
        *ret_reject = REJECT_NONE;
        return length;
    }
    /* No token holds a newline, so the scan can't run into the next line. */
    if (!read_own_order(&scan, &fields) || !EXPECT(&scan, "\n"))
        return 0;
    length = (size_t)(scan.at - chunk.data);
    if (length > LIMIT_LOG_LINE_IN_BYTES)
        return 0;
    *ret_reject = judge(&fields, scratch, ret);
    return length;
}

enum reject line_parse(struct slice text, struct line_scratch *scratch, struct line *ret)
{
    struct fields fields = { 0 };
    struct scan scan = { text.data, text.data + text.length };

    if (text.length > LIMIT_LOG_LINE_IN_BYTES)
        return REJECT_TOO_LONG;
    if (!read_any_order(&scan, &fields))
        return REJECT_NOT_JSON;
    return judge(&fields, scratch, ret);
}
