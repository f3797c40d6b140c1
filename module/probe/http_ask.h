/* http_ask.h - one question over HTTP/1.1 and its answer, kept as far as it is asked for.
 *
 * No redirect is followed: a 3xx is an answer like any other.
 */
#ifndef PROBE_HTTP_ASK_H
#define PROBE_HTTP_ASK_H

#include "base/buf.h"
#include "base/stream.h"
#include "config/target.h"
#include "probe/http_text.h"

/* What is asked; strings are borrowed. */
struct http_question {
    const struct check_target *target;
    const char *path;
    const char *path_suffix;      /* stands behind it; "" for none */
    const char *host_header;      /* NULL: the target's */
    const char *bearer;           /* NULL: none */
    const char *request_id;       /* as X-Request-Id; NULL: none */
    bool as_https;                /* as if it had come by TLS to a proxy in front */
    const char *body;             /* JSON, which makes it a POST; NULL makes it a GET */
    const char *wanted_header;    /* NULL: none */
    const char *wanted_in_header; /* what it must hold; NULL: anything */
    size_t body_bytes;            /* how much of the body is wanted; 0: nothing */
};

struct http_answer {
    struct http_text text;
    const struct http_question *question;
    bool has_header; /* the wanted one, with what it must hold */
    bool is_json;    /* by its Content-Type */
    struct buf body; /* as far as it was wanted: buf_ok() tells whether that is all that came */
};

/* Asks and waits for the answer, which the caller ends with http_answer_done() in any case.
 * Returns 0, or as stream_write() and stream_read() with `err`: EPROTO for what is not HTTP. */
int http_ask(struct stream *stream, const struct http_question *question, int64_t deadline_ms,
             struct http_answer *answer, struct error *err) MUST_CHECK;

void http_answer_done(struct http_answer *answer);

#endif
