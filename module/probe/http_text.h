/* http_text.h - reads an HTTP/1.x answer as it arrives.  Pure; no memory of its own.
 *
 * Only what a health check needs: the status, where the answer ends, and whether the connection may
 * be used again.  Headers and the body go to whoever wants them.
 */
#ifndef PROBE_HTTP_TEXT_H
#define PROBE_HTTP_TEXT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Longer header lines are cut: none that matters here is that long. */
    HTTP_TEXT_LINE_BYTES = 1024,
    /* Headers and body together; an answer beyond it is not read on. */
    HTTP_TEXT_ANSWER_BYTES = 64 * 1024,
};

enum http_text_state {
    HTTP_TEXT_STATUS, /* waiting for the status line */
    HTTP_TEXT_HEADERS,
    HTTP_TEXT_BODY, /* of known length */
    HTTP_TEXT_CHUNK_SIZE,
    HTTP_TEXT_CHUNK,
    HTTP_TEXT_CHUNK_END,
    HTTP_TEXT_TRAILERS,
    HTTP_TEXT_TO_END, /* a body that ends when the peer closes */
    HTTP_TEXT_DONE,
    HTTP_TEXT_BROKEN, /* this is not HTTP */
};

/* Is told of the final answer's headers, and of its body piece by piece, chunks put together. */
struct http_text_sink {
    void (*header)(void *context, struct slice name, struct slice value);
    void (*body)(void *context, struct slice bytes);
    void *context;
};

struct http_text {
    enum http_text_state state;
    int status;      /* 0 until it has been read */
    bool keep_alive; /* once DONE: whether the connection may be used again */
    bool cut;        /* DONE because it is too long, not because it is whole */
    /* below: the parser's own */
    const struct http_text_sink *sink; /* borrowed, or NULL */
    bool chunked;
    bool has_length;
    uint64_t left; /* of the body or chunk */
    uint64_t seen; /* bytes of the whole answer */
    size_t line_length;
    char line[HTTP_TEXT_LINE_BYTES];
};

/* `sink` may be NULL. */
void http_text_init(struct http_text *text, const struct http_text_sink *sink);

/* Takes the next bytes.  Returns whether the answer is over: DONE or BROKEN. */
bool http_text_feed(struct http_text *text, struct slice bytes);

/* The peer closed.  Returns whether that ends the answer properly. */
bool http_text_close(struct http_text *text);

#endif
