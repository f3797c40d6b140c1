/* batch.c - one event after the other: read, judged, written down as a line of the log. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/batch.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "ingest/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    LINE_BYTES = 224, /* of a line, beside what the event itself brings; the home service in it */
    FUTURE_MS = 10 * 60 * 1000,
    METHOD_BYTES = 32,
    SERVICE_BYTES = 64,
    STATUS_LEAST = 100,
    STATUS_MOST = 599,
};

#define PAST_MS ((int64_t)LIMIT_RETENTION_MINUTES * 60000)

/* A request that lasts over a year is none. */
#define DURATION_MAX_MS (366 * 86400 * INT64_C(1000))

/* Every text is a part of the body, written down as it came. */
#define LINES_BYTES ((size_t)LIMIT_BATCH_BYTES + (size_t)LIMIT_BATCH_EVENTS * LINE_BYTES)

enum kind { KIND_ABSENT, KIND_NUMBER, KIND_TEXT, KIND_OTHER };

struct value {
    enum kind kind;
    struct scan_number number;
    struct scan_string text;
};

enum field { TIME, SERVICE, ROUTE, METHOD, STATUS, DURATION, FIELDS };

static const char *const field_names[FIELDS] = { "time",   "service", "route",
                                                 "method", "status",  "duration_ms" };

struct event {
    int64_t time_ms;
    int64_t duration_ms;
    int status;
    struct slice service; /* the texts still escaped, as they came */
    struct slice method;
    struct slice route;
};

struct reading {
    const struct batch_settings *settings;
    struct batch *batch;
    struct error *err;
    const char *unit; /* what people count: lines, or the events of an array */
    int number;
    struct value values[FIELDS];
};

static int fault(const struct reading *reading, enum field field, const char *why)
{
    return error_set(reading->err, EINVAL, "%s %d: %s: %s", reading->unit, reading->number,
                     field_names[field], why);
}

/* --- reading --- */

static bool read_value(struct scan *scan, struct value *value)
{
    char first = '\0';

    if (scan->at < scan->end)
        first = *scan->at;
    *value = (struct value){ .kind = KIND_OTHER };
    if (first == '-' || (first >= '0' && first <= '9')) {
        value->kind = KIND_NUMBER;
        return scan_number(scan, &value->number);
    }
    if (first == '"') {
        value->kind = KIND_TEXT;
        scan->at++;
        return scan_string(scan, &value->text);
    }
    if (scan_expect(scan, "null", 4)) {
        value->kind = KIND_ABSENT;
        return true;
    }
    return scan_value(scan);
}

static bool read_member(struct reading *reading, struct scan *scan)
{
    struct value ignored;
    struct value *value = &ignored;
    struct scan_string key;

    if (!scan_key(scan, &key))
        return false;
    for (int i = 0; i < FIELDS; i++) {
        if (slice_equals_text(key.raw, field_names[i]))
            value = &reading->values[i];
    }
    if (!read_value(scan, value))
        return false;
    scan_blanks(scan);
    return true;
}

static bool read_object(struct reading *reading, struct scan *scan)
{
    memset(reading->values, 0, sizeof(reading->values));
    scan_blanks(scan);
    if (!scan_expect(scan, "{", 1))
        return false;
    scan_blanks(scan);
    if (scan_expect(scan, "}", 1))
        return true;
    do {
        if (!read_member(reading, scan))
            return false;
    } while (scan_expect(scan, ",", 1));
    return scan_expect(scan, "}", 1);
}

/* --- judging --- */

static int judge_time(const struct reading *reading, struct event *event)
{
    const struct value *value = &reading->values[TIME];
    int64_t now_ms = reading->settings->now_ms;

    if (value->kind == KIND_NUMBER && value->number.valid)
        event->time_ms = value->number.thousandths;
    else if (value->kind != KIND_TEXT || !clock_parse(value->text.raw, &event->time_ms))
        return fault(reading, TIME, "is neither RFC 3339 nor Unix seconds");
    if (event->time_ms < now_ms - PAST_MS)
        return fault(reading, TIME, "is older than what is kept (35 days)");
    if (event->time_ms > now_ms + FUTURE_MS)
        return fault(reading, TIME, "is more than 10 minutes in the future");
    return 0;
}

static int judge_status(const struct reading *reading, struct event *event)
{
    const struct scan_number *number = &reading->values[STATUS].number;

    if (reading->values[STATUS].kind != KIND_NUMBER || !number->valid || number->more
        || number->thousandths % 1000 != 0 || number->thousandths < STATUS_LEAST * 1000
        || number->thousandths > STATUS_MOST * 1000)
        return fault(reading, STATUS, "is no whole number from 100 to 599");
    event->status = (int)(number->thousandths / 1000);
    return 0;
}

/* A fraction of a millisecond counts as a whole one: an event is never faster than it was. */
static int judge_duration(const struct reading *reading, struct event *event)
{
    const struct scan_number *number = &reading->values[DURATION].number;

    if (reading->values[DURATION].kind != KIND_NUMBER || !number->valid
        || number->thousandths / 1000 > DURATION_MAX_MS)
        return fault(reading, DURATION, "is no number from 0 to a year, without an exponent");
    event->duration_ms = number->thousandths / 1000;
    event->duration_ms += number->thousandths % 1000 != 0 || number->more;
    return 0;
}

/* What a text means, if it has at most `bytes` and Postgres takes it; else an empty slice. */
static struct slice meaning(const struct value *value, size_t bytes,
                            char scratch[6 * LIMIT_ROUTE_BYTES])
{
    struct slice text = value->text.raw;

    if (value->kind != KIND_TEXT || text.length > 6 * bytes)
        return (struct slice){ 0 };
    if (value->text.escaped)
        text = (struct slice){ scratch, scan_unescape(text, scratch) };
    if (text.length == 0 || text.length > bytes || !utf8_valid(text)
        || memchr(text.data, '\0', text.length) != NULL)
        return (struct slice){ 0 };
    return text;
}

static int judge_service(const struct reading *reading, struct event *event)
{
    const struct batch_settings *settings = reading->settings;
    const struct value *value = &reading->values[SERVICE];
    char scratch[6 * LIMIT_ROUTE_BYTES];
    struct slice text;

    event->service = slice_of(settings->home);
    if (value->kind == KIND_ABSENT)
        return 0;
    event->service = value->text.raw;
    text = meaning(value, SERVICE_BYTES, scratch);
    if (text.length == 0)
        return fault(reading, SERVICE, "is no text of 1 to 64 bytes");
    for (int i = 0; i < settings->service_count; i++) {
        if (slice_equals_text(text, settings->services[i]))
            return 0;
    }
    return fault(reading, SERVICE, "is none that has objectives here");
}

static int judge_texts(const struct reading *reading, struct event *event)
{
    const struct value *method = &reading->values[METHOD];
    const struct value *route = &reading->values[ROUTE];
    char scratch[6 * LIMIT_ROUTE_BYTES];

    event->route = route->text.raw;
    event->method = method->text.raw;
    if (meaning(route, LIMIT_ROUTE_BYTES - 1, scratch).length == 0)
        return fault(reading, ROUTE, "is no text of 1 to 127 bytes");
    if (meaning(method, METHOD_BYTES, scratch).length == 0)
        return fault(reading, METHOD, "is no text of 1 to 32 bytes");
    return judge_service(reading, event);
}

static int judge(const struct reading *reading, struct event *event)
{
    static const enum field wanted[] = { TIME, ROUTE, METHOD, STATUS, DURATION };
    int code;

    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        if (reading->values[wanted[i]].kind == KIND_ABSENT)
            return fault(reading, wanted[i], "is missing");
    }
    code = judge_time(reading, event);
    if (code == 0)
        code = judge_texts(reading, event);
    if (code == 0)
        code = judge_status(reading, event);
    return code == 0 ? judge_duration(reading, event) : code;
}

/* --- writing --- */

static void write_line(struct buf *lines, const struct event *event)
{
    buf_printf(lines, "{\"time\":%" PRId64 ".%03d,\"request_id\":\"\",\"service\":\"",
               event->time_ms / 1000, (int)(event->time_ms % 1000));
    buf_append(lines, event->service);
    buf_append_text(lines, "\",\"method\":\"");
    buf_append(lines, event->method);
    buf_append_text(lines, "\",\"path\":\"");
    buf_append(lines, event->route);
    buf_printf(lines,
               "\",\"status\":%d,\"request_time\":%" PRId64
               ".%03d,\"bytes\":0,\"upstream_time\":\"\"}\n",
               event->status, event->duration_ms / 1000, (int)(event->duration_ms % 1000));
}

/* Reads one object, and adds it to the batch. */
static int take_event(struct reading *reading, struct scan *scan)
{
    struct batch *batch = reading->batch;
    struct event event = { 0 };
    int code;

    if (batch->events == LIMIT_BATCH_EVENTS)
        return error_set(reading->err, E2BIG, "more than %d events: post them in several batches",
                         LIMIT_BATCH_EVENTS);
    if (!read_object(reading, scan))
        return error_set(reading->err, EINVAL, "%s %d: is no JSON object", reading->unit,
                         reading->number);
    code = judge(reading, &event);
    if (code != 0)
        return code;
    write_line(&batch->lines, &event);
    if (batch->events % BATCH_PART_EVENTS == 0)
        batch->parts[batch->part_count++] = (struct batch_part){ 0 };
    batch->events++;
    batch->parts[batch->part_count - 1].events++;
    batch->parts[batch->part_count - 1].end = batch->lines.length;
    return 0;
}

static int take_array(struct reading *reading, struct slice body)
{
    struct scan scan = { body.data, body.data + body.length };
    int code = 0;

    reading->unit = "event";
    scan_blanks(&scan);
    scan.at++; /* the bracket that brought us here */
    scan_blanks(&scan);
    if (!scan_expect(&scan, "]", 1)) {
        do {
            reading->number++;
            code = take_event(reading, &scan);
            scan_blanks(&scan);
        } while (code == 0 && scan_expect(&scan, ",", 1));
        if (code == 0 && !scan_expect(&scan, "]", 1))
            return error_set(reading->err, EINVAL,
                             "event %d: neither a comma nor the end of the array follows",
                             reading->number);
    }
    scan_blanks(&scan);
    if (code == 0 && scan.at != scan.end)
        return error_set(reading->err, EINVAL, "something follows the end of the array");
    return code;
}

static int take_lines(struct reading *reading, struct slice body)
{
    int code = 0;

    reading->unit = "line";
    while (code == 0 && body.length > 0) {
        struct slice line = slice_cut(&body, '\n');
        struct scan scan = { line.data, line.data + line.length };

        reading->number++;
        scan_blanks(&scan);
        if (scan.at == scan.end)
            continue;
        code = take_event(reading, &scan);
        scan_blanks(&scan);
        if (code == 0 && scan.at != scan.end)
            code = error_set(reading->err, EINVAL, "line %d: something follows the object",
                             reading->number);
    }
    return code;
}

int batch_parse(const struct batch_settings *settings, struct slice body, struct batch *batch,
                struct error *err)
{
    struct reading reading = { .settings = settings, .batch = batch, .err = err };
    struct scan scan = { body.data, body.data + body.length };
    int code;

    *batch = (struct batch){ 0 };
    buf_init(&batch->lines, LINES_BYTES);
    scan_blanks(&scan);
    if (scan.at == scan.end)
        return error_set(err, EINVAL, "the body is empty");
    code = *scan.at == '[' ? take_array(&reading, body) : take_lines(&reading, body);
    if (code == 0 && !buf_ok(&batch->lines))
        code = error_set(err, ENOMEM, "events: out of memory");
    return code;
}

void batch_done(struct batch *batch)
{
    buf_done(&batch->lines);
    *batch = (struct batch){ 0 };
}
