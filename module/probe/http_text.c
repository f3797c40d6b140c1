/* http_text.c - a byte-wise reader of HTTP/1.x answers (RFC 9112, sections 4 to 7). */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/http_text.h"

#include <string.h>

void http_text_init(struct http_text *text, const struct http_text_sink *sink)
{
    *text = (struct http_text){ .state = HTTP_TEXT_STATUS, .sink = sink };
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the words behind the number are optional. */
static enum http_text_state read_status(struct http_text *text, struct slice line)
{
    const char *at = line.data;

    if (!slice_starts_with(line, SLICE("HTTP/1.")) || line.length < 12 || at[8] != ' '
        || !is_digit(at[7]) || !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11])
        || (line.length > 12 && at[12] != ' '))
        return HTTP_TEXT_BROKEN;
    text->status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
    if (text->status < 100)
        return HTTP_TEXT_BROKEN;
    text->keep_alive = at[7] != '0';
    return HTTP_TEXT_HEADERS;
}

static bool name_is(struct slice name, const char *want)
{
    return slice_equals_nocase(name, slice_of(want));
}

/* Whether a comma-separated list holds `word`. */
static bool list_has(struct slice list, const char *word)
{
    while (list.length > 0) {
        if (name_is(slice_trim(slice_cut(&list, ',')), word))
            return true;
    }
    return false;
}

static enum http_text_state read_header(struct http_text *text, struct slice line)
{
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');

    value = slice_trim(value);
    if (text->sink != NULL && text->status >= 200)
        text->sink->header(text->sink->context, name, value);
    if (name_is(name, "content-length")) {
        if (text->has_length || !slice_parse_uint(value, UINT64_MAX / 2, &text->left))
            return HTTP_TEXT_BROKEN; /* two lengths: nobody can say where this answer ends */
        text->has_length = true;
    } else if (name_is(name, "transfer-encoding")) {
        text->chunked = list_has(value, "chunked");
    } else if (name_is(name, "connection")) {
        if (list_has(value, "close"))
            text->keep_alive = false;
        else if (list_has(value, "keep-alive"))
            text->keep_alive = true;
    }
    return HTTP_TEXT_HEADERS;
}

/* The empty line: which body follows (RFC 9112, 6.3)? */
static enum http_text_state end_headers(struct http_text *text)
{
    if (text->status < 200) {
        uint64_t seen = text->seen;

        http_text_init(text, text->sink); /* an interim answer; the real one follows */
        text->seen = seen;
        return HTTP_TEXT_STATUS;
    }
    if (text->status == 204 || text->status == 304)
        return HTTP_TEXT_DONE;
    if (text->chunked)
        return HTTP_TEXT_CHUNK_SIZE;
    if (text->has_length)
        return text->left == 0 ? HTTP_TEXT_DONE : HTTP_TEXT_BODY;
    text->keep_alive = false;
    return HTTP_TEXT_TO_END;
}

static enum http_text_state read_chunk_size(struct http_text *text, struct slice line)
{
    struct slice digits = slice_trim(slice_cut(&line, ';'));

    text->left = 0;
    if (digits.length == 0 || digits.length > 8)
        return HTTP_TEXT_BROKEN;
    for (size_t i = 0; i < digits.length; i++) {
        int value = slice_hex_value(digits.data[i]);

        if (value < 0)
            return HTTP_TEXT_BROKEN;
        text->left = text->left * 16 + (uint64_t)value;
    }
    return text->left == 0 ? HTTP_TEXT_TRAILERS : HTTP_TEXT_CHUNK;
}

static enum http_text_state read_line(struct http_text *text)
{
    struct slice line = { text->line, text->line_length };

    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    switch (text->state) {
    case HTTP_TEXT_STATUS:
        return read_status(text, line);
    case HTTP_TEXT_HEADERS:
        return line.length == 0 ? end_headers(text) : read_header(text, line);
    case HTTP_TEXT_CHUNK_SIZE:
        return read_chunk_size(text, line);
    case HTTP_TEXT_CHUNK_END:
        return line.length == 0 ? HTTP_TEXT_CHUNK_SIZE : HTTP_TEXT_BROKEN;
    case HTTP_TEXT_TRAILERS:
        return line.length == 0 ? HTTP_TEXT_DONE : HTTP_TEXT_TRAILERS;
    default:
        return HTTP_TEXT_BROKEN;
    }
}

static size_t take_line_byte(struct http_text *text, char c)
{
    if (c != '\n') {
        if (text->line_length < sizeof(text->line))
            text->line[text->line_length++] = c;
        return 1;
    }
    text->state = read_line(text);
    text->line_length = 0;
    return 1;
}

static size_t pass_on(const struct http_text *text, struct slice bytes)
{
    if (text->sink != NULL)
        text->sink->body(text->sink->context, bytes);
    return bytes.length;
}

/* Takes as much of the body as is there. */
static size_t take_body(struct http_text *text, struct slice bytes, enum http_text_state next)
{
    if (text->left < bytes.length)
        bytes.length = (size_t)text->left;
    text->left -= bytes.length;
    if (text->left == 0)
        text->state = next;
    return pass_on(text, bytes);
}

static bool is_over(const struct http_text *text)
{
    return text->state == HTTP_TEXT_DONE || text->state == HTTP_TEXT_BROKEN;
}

bool http_text_feed(struct http_text *text, struct slice bytes)
{
    while (bytes.length > 0 && !is_over(text)) {
        size_t used;

        if (text->state == HTTP_TEXT_BODY)
            used = take_body(text, bytes, HTTP_TEXT_DONE);
        else if (text->state == HTTP_TEXT_CHUNK)
            used = take_body(text, bytes, HTTP_TEXT_CHUNK_END);
        else if (text->state == HTTP_TEXT_TO_END)
            used = pass_on(text, bytes);
        else
            used = take_line_byte(text, bytes.data[0]);
        bytes.data += used;
        bytes.length -= used;
        text->seen += used;
    }
    if (bytes.length > 0)
        text->keep_alive = false; /* more than the answer: what comes next can't be told apart */
    if (!is_over(text) && text->seen > HTTP_TEXT_ANSWER_BYTES) {
        text->keep_alive = false;
        text->cut = true;
        text->state = text->state >= HTTP_TEXT_BODY ? HTTP_TEXT_DONE : HTTP_TEXT_BROKEN;
    }
    return is_over(text);
}

bool http_text_close(struct http_text *text)
{
    text->keep_alive = false;
    if (text->state != HTTP_TEXT_TO_END)
        return false;
    text->state = HTTP_TEXT_DONE;
    return true;
}
