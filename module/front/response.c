/* response.c - puts an answer together and hands it to libfcgi. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/response.h"

#include "base/json.h"
#include "base/limits.h"

enum {
    HEAD_BYTES = 4096,
    /* /metrics joins two publications and adds figures of its own. */
    BODY_BYTES = 2 * LIMIT_PUBLICATION_BYTES + LIMIT_FAST_ANSWER_BYTES,
};

void response_init(struct response *response)
{
    *response = (struct response){ 0 };
    buf_init(&response->own_head, HEAD_BYTES);
    buf_init(&response->own_body, BODY_BYTES);
}

void response_done(struct response *response)
{
    slot_release(&response->held);
    buf_done(&response->own_head);
    buf_done(&response->own_body);
}

void response_clear(struct response *response)
{
    slot_release(&response->held);
    buf_clear(&response->own_head);
    /* A rare large answer must not stay in memory until the next one. */
    if (response->own_body.capacity > LIMIT_FAST_ANSWER_BYTES)
        buf_done(&response->own_body);
    buf_clear(&response->own_body);
    response->status = 0;
    response->incident = false;
    error_clear(&response->cause);
    response->head = response->body = (struct slice){ 0 };
}

void response_page(struct response *response, const struct page_set **set,
                   const struct page_answer *answer)
{
    response->status = answer->status;
    response->head = answer->head;
    response->body = answer->body;
    response->held = *set;
    *set = NULL;
}

void response_text(struct response *response, const struct page_text *text)
{
    struct page_text whole = *text;

    /* Without memory for the answer its parts are worthless: say so in constant bytes. */
    if (!buf_ok(&response->own_body)) {
        buf_clear(&response->own_body);
        whole = (struct page_text){ .status = 503, .retry_after_seconds = 1 };
        response->body =
            SLICE("{\"error\": {\"code\": \"out_of_memory\", \"message\": \"the answer "
                  "does not fit into memory; try again\"}}");
        response->incident = true;
    } else {
        response->body = buf_slice(&response->own_body);
    }
    whole.body = response->body;
    response->status = whole.status;
    buf_clear(&response->own_head);
    page_head(&response->own_head, &whole);
    response->head = buf_slice(&response->own_head);
}

void response_error(struct response *response, const struct request *request,
                    const struct response_error *error)
{
    struct json_writer json;

    buf_clear(&response->own_body);
    json_writer_init(&json, &response->own_body);
    json_open_object(&json);
    json_key(&json, "error");
    json_open_object(&json);
    json_text(&json, "code", error->code);
    json_text(&json, "message", error->message);
    json_text(&json, "request_id", request->id);
    json_close_object(&json);
    json_close_object(&json);
    response_text(response, &(struct page_text){
                                .status = error->status,
                                .retry_after_seconds = error->retry_after_seconds,
                                .extra_headers = error->extra_headers,
                            });
}

static void put(FCGX_Stream *out, struct slice bytes)
{
    if (bytes.length > 0)
        (void)FCGX_PutStr(bytes.data, (int)bytes.length, out);
}

void response_write(const struct response *response, const struct request *request,
                    FCGX_Stream *out)
{
    put(out, response->head);
    put(out, SLICE("X-Request-Id: "));
    put(out, slice_of(request->id));
    put(out, SLICE("\r\n\r\n"));
    if (request->method != METHOD_HEAD)
        put(out, response->body);
}
