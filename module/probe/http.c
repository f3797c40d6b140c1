/* http.c - the check of an application over HTTP: any 2xx is well. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/buf.h"
#include "base/stream.h"
#include "probe/http_text.h"
#include "probe/kind.h"

#include <errno.h>
#include <string.h>

enum { REQUEST_BYTES = 4096, READ_BYTES = 4096 };

static enum probe_result open_http(struct probe *probe, int64_t deadline_ms, void **ret,
                                   struct outcome *outcome)
{
    struct stream *stream = NULL;
    enum probe_result result = probe_connect(probe, deadline_ms, &stream, outcome);

    if (result == PROBE_KEEP)
        *ret = stream;
    return result;
}

/* An IPv6 address stands in brackets (RFC 3986, 3.2.2); a unix socket has no name. */
static void write_request(struct buf *request, const struct check_target *target)
{
    const char *host = target->socket_path != NULL ? "localhost" : target->host;
    bool is_ipv6 = strchr(host, ':') != NULL;

    buf_printf(request, "GET %s HTTP/1.1\r\nHost: %s%s%s", target->path, is_ipv6 ? "[" : "", host,
               is_ipv6 ? "]" : "");
    if (target->socket_path == NULL && target->port != 80)
        buf_printf(request, ":%u", (unsigned)target->port);
    buf_append_text(request, "\r\nUser-Agent: probity/" PACKAGE_VERSION " (health check)\r\n"
                             "Accept: */*\r\nConnection: keep-alive\r\n\r\n");
}

static int send_request(struct stream *stream, const struct check_target *target,
                        int64_t deadline_ms, struct error *err)
{
    AUTO(buf_done) struct buf request;

    buf_init(&request, REQUEST_BYTES);
    write_request(&request, target);
    if (!buf_ok(&request))
        return error_set(err, ENOMEM, "http: the request needs more than %d bytes", REQUEST_BYTES);
    return stream_write(stream, buf_slice(&request), deadline_ms, err);
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

static enum probe_result look_http(struct probe *probe, void *link, int64_t deadline_ms,
                                   struct outcome *outcome)
{
    struct http_text text;
    struct error err = { 0 };
    int code;

    http_text_init(&text);
    code = send_request(link, &probe->check.target, deadline_ms, &err);
    if (code == 0)
        code = read_answer(link, &text, deadline_ms, &err);
    if (code != 0)
        return probe_judge_failure(probe, code, &err, outcome);
    outcome->facts.http.http_status = text.status;
    outcome->has_facts = true;
    if (text.status < 200 || text.status > 299)
        outcome_set(outcome, OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS, text.status);
    return text.keep_alive ? PROBE_KEEP : PROBE_DROP;
}

static void close_http(struct probe *probe, void *link)
{
    struct stream *stream = link;

    (void)probe;
    stream_close(&stream);
}

static int watch_http(const struct probe *probe, void *link, int fds[PROBE_WATCHED])
{
    (void)probe;
    fds[0] = stream_fd(link);
    return 1;
}

/* Nothing may come unasked but the end (or a 408 before it). */
static bool heed_http(struct probe *probe, void *link, int fd)
{
    (void)probe;
    (void)fd;
    return stream_news(link) == STREAM_QUIET;
}

const struct probe_kind http_kind = {
    .open = open_http,
    .look = look_http,
    .close = close_http,
    .watch = watch_http,
    .heed = heed_http,
};
