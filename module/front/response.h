/* response.h - the answer to one request: a page of a publication, or made for the occasion. */
#ifndef FRONT_RESPONSE_H
#define FRONT_RESPONSE_H

#include "base/buf.h"
#include "base/error.h"
#include "front/request.h"
#include "page/slot.h"

#include <fcgiapp.h>

struct response {
    int status;
    struct slice head; /* lacks X-Request-Id and the blank line */
    struct slice body;
    const struct page_set *held; /* whose page it is, released when the answer has been written */
    bool incident;               /* trouble of our own making: worth a line in the log */
    struct error cause;          /* of a slow handler's incident; may hold a driver's own words */
    struct buf own_head;
    struct buf own_body; /* handlers write here, then call response_text() */
};

struct response_error {
    int status;
    const char *code;
    const char *message;
    const char *extra_headers; /* whole lines that end in CRLF, or NULL */
    int retry_after_seconds;   /* 0: it won't heal by itself */
};

void response_init(struct response *response);
void response_done(struct response *response);

/* Releases the hold and empties the buffers, for the next request. */
void response_clear(struct response *response);

/* Hands out a page's answer and takes over the hold on its set. */
void response_page(struct response *response, const struct page_set **set,
                   const struct page_answer *answer);

/* Makes own_body the answer, under the status and headers of `text` (whose body is ignored). */
void response_text(struct response *response, const struct page_text *text);

/* Makes {"error": …} the answer. */
void response_error(struct response *response, const struct request *request,
                    const struct response_error *error);

/* Writes it all to libfcgi's stream, which remembers failures until it is finished. */
void response_write(const struct response *response, const struct request *request,
                    FCGX_Stream *out);

#endif
