/* ask.c - FastCGI records (specification 1.0, section 3) and HTTP/1.0, whose answers end with the
 * connection. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/ask.h"

#include "base/stream.h"
#include "config/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOST_BYTES = 256,
    REQUEST_MAX_BYTES = 64 * 1024,
    ANSWER_MAX_BYTES = 4 * 1024 * 1024,

    WIRE_VERSION = 1,
    HEADER_BYTES = 8,
    REQUEST_ID = 1,
    ROLE_RESPONDER = 1,
    TYPE_BEGIN = 1,
    TYPE_END = 3,
    TYPE_PARAMS = 4,
    TYPE_STDIN = 5,
    TYPE_STDOUT = 6,
};

void ask_add_parameter(struct buf *query, const char *name, const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    buf_printf(query, "%s%s=", query->length == 0 ? "" : "&", name);
    for (; *value != '\0'; value++) {
        if (strchr(plain, *value) != NULL)
            buf_append_char(query, *value);
        else
            buf_printf(query, "%%%02X", (unsigned)(unsigned char)*value);
    }
}

/* --- where to --- */

struct place {
    char host[HOST_BYTES];
    uint16_t port;
    struct slice prefix; /* of the path, without a '/' at its end */
};

/* Returns NULL, or what is wrong. */
static const char *find_place(const char *text, struct place *ret)
{
    struct slice host;
    struct url url;
    const char *trouble = url_split(slice_of(text), &url);

    if (trouble != NULL)
        return trouble;
    if (slice_equals_nocase(url.scheme, SLICE("https")))
        return "https:// is not spoken here: curl -f asks the same of https://HOST";
    if (!slice_equals_nocase(url.scheme, SLICE("http")))
        return "the address has to begin with http://";
    if (url.has_user || url.query.length > 0)
        return "the address holds more than http://HOST:PORT and a path";
    ret->port = 80;
    trouble = url_split_host(url.hosts, &host, &ret->port);
    if (trouble != NULL)
        return trouble;
    if (host.length == 0 || host.length >= sizeof(ret->host))
        return "the address names no host";
    (void)snprintf(ret->host, sizeof(ret->host), "%.*s", (int)host.length, host.data);
    ret->prefix = url.path;
    while (ret->prefix.length > 0 && ret->prefix.data[ret->prefix.length - 1] == '/')
        ret->prefix.length--;
    return NULL;
}

const char *ask_check(const struct ask_target *target)
{
    struct place place;

    return target->url == NULL ? NULL : find_place(target->url, &place);
}

/* --- HTTP --- */

static void write_http(const struct place *place, const struct ask_request *request,
                       struct buf *out)
{
    bool is_ipv6 = strchr(place->host, ':') != NULL;

    buf_printf(out, "%s %.*s%s%s%.*s HTTP/1.0\r\nHost: %s%s%s:%u\r\n", request->method,
               (int)place->prefix.length, place->prefix.length == 0 ? "" : place->prefix.data,
               request->path, request->query.length == 0 ? "" : "?", (int)request->query.length,
               request->query.length == 0 ? "" : request->query.data, is_ipv6 ? "[" : "",
               place->host, is_ipv6 ? "]" : "", (unsigned)place->port);
    if (request->token != NULL)
        buf_printf(out, "Authorization: Bearer %s\r\n", request->token);
    if (request->body.length > 0)
        buf_printf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                   request->body.length);
    buf_append_text(out, "User-Agent: probity/" PACKAGE_VERSION "\r\nConnection: close\r\n\r\n");
    buf_append(out, request->body);
}

/* Headers end with an empty line; `status_at` is where the three digits stand. */
static int split_answer(struct slice answer, size_t status_at, int *ret_status, struct buf *body,
                        struct error *err)
{
    const char *end = memmem(answer.data, answer.length, "\r\n\r\n", 4);
    uint64_t status;

    if (end == NULL || answer.length < status_at + 3
        || !slice_parse_uint((struct slice){ answer.data + status_at, 3 }, 999, &status))
        return error_set(err, EPROTO, "what answers there is no probityd");
    buf_clear(body);
    buf_append(body, (struct slice){ end + 4, answer.length - (size_t)(end + 4 - answer.data) });
    *ret_status = (int)status;
    return 0;
}

/* Whether more belongs to an answer of which so much is there. */
typedef bool (*ask_more_fn)(struct slice answer);

/* HTTP/1.0: all that comes. */
static bool http_goes_on(struct slice answer)
{
    (void)answer;
    return true;
}

static int read_answer(struct stream *stream, ask_more_fn goes_on, int64_t deadline_ms,
                       struct buf *all, struct error *err)
{
    char bytes[8192];
    size_t got = 1;
    int code = 0;

    while (code == 0 && got > 0 && buf_ok(all) && goes_on(buf_slice(all))) {
        code = stream_read(stream, bytes, sizeof(bytes), deadline_ms, &got, err);
        if (code == 0)
            buf_append(all, (struct slice){ bytes, got });
    }
    if (code == 0 && !buf_ok(all))
        return error_set(err, EMSGSIZE, "the answer is too long");
    if (code == 0 && all->length == 0)
        return error_set(err, ECONNRESET, "the connection was closed without an answer");
    return code;
}

/* --- FastCGI --- */

static void put_record(struct buf *out, int type, struct slice content)
{
    const char header[HEADER_BYTES] = {
        WIRE_VERSION,         (char)type, 0, REQUEST_ID, (char)(content.length >> 8),
        (char)content.length, 0,          0
    };

    buf_append(out, (struct slice){ header, sizeof(header) });
    buf_append(out, content);
}

static void put_length(struct buf *out, size_t length)
{
    if (length > 127) {
        buf_append_char(out, (char)(0x80 | (length >> 24)));
        buf_append_char(out, (char)(length >> 16));
        buf_append_char(out, (char)(length >> 8));
    }
    buf_append_char(out, (char)length);
}

static void put_pair(struct buf *out, const char *name, struct slice value)
{
    put_length(out, strlen(name));
    put_length(out, value.length);
    buf_append_text(out, name);
    buf_append(out, value);
}

/* Nothing in a request of this tool comes near the 65,535 bytes that a record may hold. */
static void write_fastcgi(const struct ask_request *request, struct buf *out)
{
    static const char begin[HEADER_BYTES] = { 0, ROLE_RESPONDER };
    AUTO(buf_done) struct buf params = { .max_bytes = REQUEST_MAX_BYTES / 2 };
    AUTO(buf_done) struct buf bearer = { .max_bytes = REQUEST_MAX_BYTES / 4 };

    put_pair(&params, "REQUEST_METHOD", slice_of(request->method));
    put_pair(&params, "DOCUMENT_URI", slice_of(request->path));
    put_pair(&params, "QUERY_STRING", request->query);
    if (request->token != NULL) {
        buf_printf(&bearer, "Bearer %s", request->token);
        put_pair(&params, "HTTP_AUTHORIZATION", buf_slice(&bearer));
    }
    out->failed = out->failed || !buf_ok(&params) || !buf_ok(&bearer);
    put_record(out, TYPE_BEGIN, (struct slice){ begin, sizeof(begin) });
    put_record(out, TYPE_PARAMS, buf_slice(&params));
    put_record(out, TYPE_PARAMS, (struct slice){ NULL, 0 });
    if (request->body.length > 0)
        put_record(out, TYPE_STDIN, request->body);
    put_record(out, TYPE_STDIN, (struct slice){ NULL, 0 });
}

enum records { RECORDS_CUT, RECORDS_ENDED, RECORDS_FOREIGN };

/* Collects what the records of STDOUT hold, up to END; `out` may be NULL. */
static enum records unwrap(struct slice records, struct buf *out)
{
    while (records.length > 0 && records.data[0] == WIRE_VERSION) {
        const unsigned char *header = (const unsigned char *)records.data;
        size_t content = records.length < HEADER_BYTES ? 0 : (size_t)header[4] << 8 | header[5];
        size_t whole =
            records.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + content + header[6];

        if (records.length < whole)
            return RECORDS_CUT;
        if (header[1] == TYPE_END)
            return RECORDS_ENDED;
        if (header[1] == TYPE_STDOUT && out != NULL)
            buf_append(out, (struct slice){ records.data + HEADER_BYTES, content });
        records.data += whole;
        records.length -= whole;
    }
    return records.length == 0 ? RECORDS_CUT : RECORDS_FOREIGN;
}

/* Who speaks something else may keep the connection open for ever. */
static bool fastcgi_goes_on(struct slice answer)
{
    return unwrap(answer, NULL) == RECORDS_CUT;
}

/* --- both --- */

struct ask_way {
    struct stream_address address;
    ask_more_fn goes_on;
};

/* A unix socket makes whoever connects wait for nothing but room in its queue. */
static int connect_to(const struct ask_way *way, int64_t deadline_ms, struct stream **ret,
                      struct error *err)
{
    int code = stream_open(&way->address, deadline_ms, ret, err);

    if (code != -ETIMEDOUT || way->address.socket_path == NULL)
        return code;
    error_clear(err);
    return error_set(err, EAGAIN, "%s: connect: its queue is full", way->address.socket_path);
}

static int exchange(const struct ask_way *way, struct slice request, int64_t deadline_ms,
                    struct buf *answer, struct error *err)
{
    AUTO(stream_close) struct stream *stream = NULL;
    int code = connect_to(way, deadline_ms, &stream, err);

    if (code == 0)
        code = stream_write(stream, request, deadline_ms, err);
    return code != 0 ? code : read_answer(stream, way->goes_on, deadline_ms, answer, err);
}

static int send_http(const struct ask_target *target, const struct ask_request *request,
                     int64_t deadline_ms, struct buf *answer, struct error *err)
{
    AUTO(buf_done) struct buf out = { .max_bytes = REQUEST_MAX_BYTES };
    struct place place;
    const char *trouble = find_place(target->url, &place);
    struct ask_way way = { .goes_on = http_goes_on };

    if (trouble != NULL)
        return error_set(err, EINVAL, "%s", trouble);
    way.address =
        (struct stream_address){ .host = place.host, .port = place.port, .cancel_fd = -1 };
    write_http(&place, request, &out);
    if (!buf_ok(&out))
        return error_set(err, EMSGSIZE, "the request is too long");
    return exchange(&way, buf_slice(&out), deadline_ms, answer, err);
}

static int send_fastcgi(const struct ask_target *target, const struct ask_request *request,
                        int64_t deadline_ms, struct buf *answer, struct error *err)
{
    AUTO(buf_done) struct buf out = { .max_bytes = REQUEST_MAX_BYTES };
    AUTO(buf_done) struct buf records = { .max_bytes = ANSWER_MAX_BYTES };
    const struct ask_way way = { { .socket_path = target->socket_path, .cancel_fd = -1 },
                                 fastcgi_goes_on };
    int code;

    write_fastcgi(request, &out);
    if (!buf_ok(&out))
        return error_set(err, EMSGSIZE, "the request is too long");
    code = exchange(&way, buf_slice(&out), deadline_ms, &records, err);
    if (code == 0 && unwrap(buf_slice(&records), answer) != RECORDS_ENDED)
        code = error_set(err, EPROTO, "what answers there does not speak FastCGI");
    return code;
}

int ask_send(const struct ask_target *target, const struct ask_request *request,
             int64_t deadline_ms, int *ret_status, struct buf *body, struct error *err)
{
    AUTO(buf_done) struct buf answer = { .max_bytes = ANSWER_MAX_BYTES };
    bool http = target->url != NULL;
    int code = http ? send_http(target, request, deadline_ms, &answer, err)
                    : send_fastcgi(target, request, deadline_ms, &answer, err);

    if (code != 0)
        return code;
    /* "HTTP/1.1 200 OK", or "Status: 200 OK". */
    return split_answer(buf_slice(&answer), http ? 9 : 8, ret_status, body, err);
}
