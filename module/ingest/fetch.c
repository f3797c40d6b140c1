/* fetch.c - HTTP/1.0, so that the body ends with the connection and comes in one piece. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/fetch.h"

#include "base/stream.h"
#include "config/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024, HOST_BYTES = 256, REQUEST_BYTES = 2048 };

/* An address, taken apart. */
struct target {
    char host[HOST_BYTES];
    uint16_t port;
    struct slice authority;
    struct slice path;
    struct slice query;
};

static int split(const char *text, struct target *ret, struct error *err)
{
    struct url url;
    struct slice host;
    const char *wrong = url_split(slice_of(text), &url);

    *ret = (struct target){ .port = 80 };
    if (wrong == NULL)
        wrong = url_split_host(url.hosts, &host, &ret->port);
    if (wrong == NULL
        && (!slice_equals_nocase(url.scheme, SLICE("http")) || url.has_user || host.length == 0
            || host.length >= sizeof(ret->host)))
        wrong = "expected http://host:port/path";
    if (wrong != NULL)
        return error_set(err, EINVAL, "openapi: the address can't be used: %s", wrong);
    memcpy(ret->host, host.data, host.length);
    ret->authority = url.hosts;
    ret->path = url.path.length == 0 ? SLICE("/") : url.path;
    ret->query = url.query;
    return 0;
}

static int ask(struct stream *stream, const struct target *target, int64_t deadline_ms,
               struct error *err)
{
    char text[REQUEST_BYTES];
    int length =
        snprintf(text, sizeof(text),
                 "GET %.*s%s%.*s HTTP/1.0\r\nHost: %.*s\r\nAccept: application/json\r\n"
                 "User-Agent: probity/" PACKAGE_VERSION "\r\nConnection: close\r\n\r\n",
                 (int)target->path.length, target->path.data, target->query.length > 0 ? "?" : "",
                 (int)target->query.length, target->query.data, (int)target->authority.length,
                 target->authority.data);

    if (length < 0 || length >= (int)sizeof(text))
        return error_set(err, EINVAL, "openapi: the address is too long");
    return stream_write(stream, (struct slice){ text, (size_t)length }, deadline_ms, err);
}

static int receive(struct stream *stream, int64_t deadline_ms, struct buf *answer,
                   struct error *err)
{
    char bytes[CHUNK_BYTES];
    size_t count = 1;
    int code = 0;

    while (code == 0 && count > 0) {
        code = stream_read(stream, bytes, sizeof(bytes), deadline_ms, &count, err);
        if (code == 0)
            buf_append(answer, (struct slice){ bytes, count });
        if (!buf_ok(answer))
            return error_set(err, E2BIG, "openapi: the answer is longer than %zu bytes",
                             answer->max_bytes);
    }
    return code;
}

/* The value of a header that stands behind the status line; empty: it isn't there. */
static struct slice header_of(struct slice head, const char *name)
{
    while (head.length > 0) {
        struct slice value = slice_cut(&head, '\n');
        struct slice key = slice_cut(&value, ':');

        if (slice_equals_nocase(key, slice_of(name))) {
            if (value.length > 0 && value.data[value.length - 1] == '\r')
                value.length--;
            return slice_trim(value);
        }
    }
    return head;
}

int fetch_parse(struct slice answer, struct slice *ret_body, struct error *err)
{
    const char *end = answer.length == 0 ? NULL : memmem(answer.data, answer.length, "\r\n\r\n", 4);
    struct slice head = { answer.data, end == NULL ? 0 : (size_t)(end - answer.data) + 2 };
    struct slice body;
    struct slice length_text;
    uint64_t length;

    if (end == NULL || head.length < 12 || !slice_starts_with(head, SLICE("HTTP/1."))
        || head.data[8] != ' ')
        return error_set(err, EPROTO, "openapi: the answer is no HTTP, or was cut short");
    if (memcmp(head.data + 9, "200", 3) != 0)
        return error_set(err, EPROTO, "openapi: the answer has status %.3s", head.data + 9);
    if (header_of(head, "Transfer-Encoding").length > 0)
        return error_set(err, EPROTO,
                         "openapi: the answer comes in chunks, which HTTP/1.0 forbids");
    body = (struct slice){ end + 4, answer.length - head.length - 2 };
    length_text = header_of(head, "Content-Length");
    if (length_text.length > 0
        && (!slice_parse_uint(length_text, UINT32_MAX, &length) || length != body.length))
        return error_set(err, EPROTO, "openapi: the answer was cut short");
    *ret_body = body;
    return 0;
}

int fetch_get(const struct fetch *fetch, struct buf *answer, struct slice *ret_body,
              struct error *err)
{
    AUTO(stream_close) struct stream *stream = NULL;
    struct target target;
    int code = split(fetch->url, &target, err);

    if (code == 0)
        code = stream_open(&(struct stream_address){ .host = target.host,
                                                     .port = target.port,
                                                     .cancel_fd = fetch->cancel_fd },
                           fetch->deadline_ms, &stream, err);
    if (code == 0)
        code = ask(stream, &target, fetch->deadline_ms, err);
    if (code == 0)
        code = receive(stream, fetch->deadline_ms, answer, err);
    return code != 0 ? code : fetch_parse(buf_slice(answer), ret_body, err);
}
