/* http_ask.c - writes a request, reads its answer. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/http_ask.h"

#include <errno.h>
#include <string.h>

/* A path and a token are at most some kilobytes; what we say ourselves is short. */
enum { REQUEST_BYTES = 16 * 1024, READ_BYTES = 4096 };

/* An IPv6 address stands in brackets (RFC 3986, 3.2.2); a unix socket has no name. */
static void write_host(struct buf *request, const struct check_target *target)
{
    const char *host = target->socket_path != NULL ? "localhost" : target->host;
    bool is_ipv6 = strchr(host, ':') != NULL;
    uint16_t usual_port = target->tls.wanted ? 443 : 80;

    buf_printf(request, "%s%s%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "");
    if (target->socket_path == NULL && target->port != usual_port)
        buf_printf(request, ":%u", (unsigned)target->port);
}

static void write_request(struct buf *request, const struct http_question *question)
{
    buf_printf(request, "%s %s%s HTTP/1.1\r\nHost: ", question->body != NULL ? "POST" : "GET",
               question->path, question->path_suffix);
    if (question->host_header != NULL)
        buf_append_text(request, question->host_header);
    else
        write_host(request, question->target);
    buf_append_text(request, "\r\nUser-Agent: probity/" PACKAGE_VERSION " (health check)\r\n"
                             "Accept: */*\r\nConnection: keep-alive\r\n");
    if (question->bearer != NULL)
        buf_printf(request, "Authorization: Bearer %s\r\n", question->bearer);
    if (question->request_id != NULL)
        buf_printf(request, "X-Request-Id: %s\r\n", question->request_id);
    /* What speaks TLS stands in front: one that sends http to https would redirect us for ever. */
    if (question->as_https)
        buf_append_text(request, "X-Forwarded-Proto: https\r\n");
    if (question->body != NULL)
        buf_printf(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                   strlen(question->body));
    buf_printf(request, "\r\n%s", question->body != NULL ? question->body : "");
}

static int send_request(struct stream *stream, const struct http_question *question,
                        int64_t deadline_ms, struct error *err)
{
    AUTO(buf_done) struct buf request;

    buf_init(&request, REQUEST_BYTES);
    write_request(&request, question);
    if (!buf_ok(&request))
        return error_set(err, ENOMEM, "http: the request needs more than %d bytes", REQUEST_BYTES);
    return stream_write(stream, buf_slice(&request), deadline_ms, err);
}

static bool holds(struct slice text, const char *part)
{
    return part == NULL || memmem(text.data, text.length, part, strlen(part)) != NULL;
}

/* "application/json; charset=utf-8", "application/health+json" */
static bool is_json_type(struct slice value)
{
    struct slice type = slice_trim(slice_cut(&value, ';'));

    for (size_t i = 0; i + 4 <= type.length; i++) {
        if (slice_equals_nocase((struct slice){ type.data + i, 4 }, SLICE("json")))
            return true;
    }
    return false;
}

static void take_header(void *context, struct slice name, struct slice value)
{
    struct http_answer *answer = context;
    const struct http_question *question = answer->question;

    if (question->wanted_header != NULL
        && slice_equals_nocase(name, slice_of(question->wanted_header))
        && holds(value, question->wanted_in_header))
        answer->has_header = true;
    if (slice_equals_nocase(name, SLICE("content-type")))
        answer->is_json = is_json_type(value);
}

static void take_body(void *context, struct slice bytes)
{
    struct http_answer *answer = context;

    if (answer->question->body_bytes > 0)
        buf_append(&answer->body, bytes);
}

static int read_answer(struct stream *stream, struct http_text *text, int64_t deadline_ms,
                       struct error *err)
{
    char bytes[READ_BYTES];
    size_t count;

    for (;;) {
        int code = stream_read(stream, bytes, sizeof(bytes), deadline_ms, &count, err);

        if (code != 0)
            return code;
        if (count == 0)
            return http_text_close(text)
                       ? 0
                       : error_set(err, ECONNRESET, "http: closed in the middle of an answer");
        if (http_text_feed(text, (struct slice){ bytes, count }))
            return text->state == HTTP_TEXT_DONE
                       ? 0
                       : error_set(err, EPROTO, "http: what answers there is not HTTP/1.x");
    }
}

int http_ask(struct stream *stream, const struct http_question *question, int64_t deadline_ms,
             struct http_answer *answer, struct error *err)
{
    const struct http_text_sink sink = { take_header, take_body, answer };
    int code;

    *answer = (struct http_answer){ .question = question };
    buf_init(&answer->body, question->body_bytes);
    http_text_init(&answer->text, &sink);
    code = send_request(stream, question, deadline_ms, err);
    if (code == 0)
        code = read_answer(stream, &answer->text, deadline_ms, err);
    answer->text.sink = NULL;
    return code;
}

void http_answer_done(struct http_answer *answer)
{
    buf_done(&answer->body);
}
