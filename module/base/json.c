/* json.c - commas, quotes and escapes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/json.h"

#include "base/clock.h"
#include "base/utf8.h"

void json_writer_init(struct json_writer *writer, struct buf *buf)
{
    *writer = (struct json_writer){ .buf = buf };
}

/* Every value begins here; a key takes the comma for its value. */
static void begin_value(struct json_writer *writer)
{
    if (writer->comma)
        buf_append(writer->buf, SLICE(", "));
    writer->comma = true;
}

static void open_with(struct json_writer *writer, char bracket)
{
    begin_value(writer);
    buf_append_char(writer->buf, bracket);
    writer->comma = false;
}

static void close_with(struct json_writer *writer, char bracket)
{
    buf_append_char(writer->buf, bracket);
    writer->comma = true;
}

void json_open_object(struct json_writer *writer)
{
    open_with(writer, '{');
}

void json_close_object(struct json_writer *writer)
{
    close_with(writer, '}');
}

void json_open_array(struct json_writer *writer)
{
    open_with(writer, '[');
}

void json_close_array(struct json_writer *writer)
{
    close_with(writer, ']');
}

/* How many characters from here on need no look at all. */
static size_t plain_length(struct slice text)
{
    size_t length = 0;

    while (length < text.length && text.data[length] >= 0x20 && text.data[length] < 0x7f
           && text.data[length] != '"' && text.data[length] != '\\')
        length++;
    return length;
}

/* One character that is not plain, or one byte that is none; returns how long it is. */
static size_t put_odd(struct buf *buf, struct slice text)
{
    unsigned char c = (unsigned char)text.data[0];
    size_t width = utf8_width(text);

    if (width == 0) {
        buf_append(buf, SLICE("\xef\xbf\xbd"));
        return 1;
    }
    if (c == '"' || c == '\\') {
        buf_append_char(buf, '\\');
        buf_append_char(buf, (char)c);
    } else if (c == '\n') {
        buf_append(buf, SLICE("\\n"));
    } else if (c < 0x20 || c == 0x7f) {
        buf_printf(buf, "\\u%04x", c);
    } else {
        buf_append(buf, (struct slice){ text.data, width });
    }
    return width;
}

void json_escape(struct buf *buf, struct slice text)
{
    size_t i = 0;

    while (i < text.length) {
        size_t plain = plain_length((struct slice){ text.data + i, text.length - i });

        if (plain > 0) {
            buf_append(buf, (struct slice){ text.data + i, plain });
            i += plain;
            continue;
        }
        i += put_odd(buf, (struct slice){ text.data + i, text.length - i });
    }
}

static void put_string(struct json_writer *writer, struct slice text)
{
    begin_value(writer);
    buf_append_char(writer->buf, '"');
    json_escape(writer->buf, text);
    buf_append_char(writer->buf, '"');
}

void json_key(struct json_writer *writer, const char *key)
{
    put_string(writer, slice_of(key));
    buf_append(writer->buf, SLICE(": "));
    writer->comma = false;
}

void json_put_slice(struct json_writer *writer, struct slice text)
{
    put_string(writer, text);
}

void json_put_text(struct json_writer *writer, const char *text)
{
    if (text == NULL)
        json_put_null(writer);
    else
        put_string(writer, slice_of(text));
}

void json_put_raw(struct json_writer *writer, struct slice json)
{
    begin_value(writer);
    buf_append(writer->buf, json);
}

void json_put_int(struct json_writer *writer, int64_t value)
{
    begin_value(writer);
    if (value < 0)
        buf_append_char(writer->buf, '-');
    buf_append_uint(writer->buf, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
}

void json_put_uint(struct json_writer *writer, uint64_t value)
{
    begin_value(writer);
    buf_append_uint(writer->buf, value);
}

void json_put_bool(struct json_writer *writer, bool value)
{
    json_put_raw(writer, value ? SLICE("true") : SLICE("false"));
}

void json_put_null(struct json_writer *writer)
{
    json_put_raw(writer, SLICE("null"));
}

void json_put_us_as_ms(struct json_writer *writer, int64_t duration_us)
{
    int64_t tenths = (duration_us + 99) / 100;

    uint64_t size = tenths < 0 ? (uint64_t)0 - (uint64_t)tenths : (uint64_t)tenths;

    begin_value(writer);
    if (tenths < 0)
        buf_append_char(writer->buf, '-');
    buf_append_uint(writer->buf, size / 10);
    buf_append_char(writer->buf, '.');
    buf_append_char(writer->buf, (char)('0' + size % 10));
}

void json_text(struct json_writer *writer, const char *key, const char *text)
{
    json_key(writer, key);
    json_put_text(writer, text);
}

void json_int(struct json_writer *writer, const char *key, int64_t value)
{
    json_key(writer, key);
    json_put_int(writer, value);
}

void json_uint(struct json_writer *writer, const char *key, uint64_t value)
{
    json_key(writer, key);
    json_put_uint(writer, value);
}

void json_bool(struct json_writer *writer, const char *key, bool value)
{
    json_key(writer, key);
    json_put_bool(writer, value);
}

void json_null_at(struct json_writer *writer, const char *key)
{
    json_key(writer, key);
    json_put_null(writer);
}

void json_time(struct json_writer *writer, const char *key, int64_t wall_ms)
{
    char text[CLOCK_TEXT_BYTES];

    if (wall_ms != 0)
        clock_format(wall_ms, text);
    json_text(writer, key, wall_ms == 0 ? NULL : text);
}

void json_int_or_null(struct json_writer *writer, const char *key, int64_t value)
{
    if (value < 0)
        json_null_at(writer, key);
    else
        json_int(writer, key, value);
}

void json_us_as_ms_or_null(struct json_writer *writer, const char *key, int64_t duration_us)
{
    json_key(writer, key);
    if (duration_us < 0)
        json_put_null(writer);
    else
        json_put_us_as_ms(writer, duration_us);
}
