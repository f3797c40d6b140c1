/* drain.c - POST /health/drain: an administrator takes this instance out of the traffic.
 *
 * It waits for nobody: an instance whose disk or ledger hangs is the one that has to be drained.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/json.h"
#include "front/ledger.h"
#include "health/order.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_SECONDS = 1 };

static const char no_reason[] = "ordered by an administrator";

/* What would end a line of the log or of the page as text becomes a blank. */
static void keep_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
    }
}

/* Returns NULL, or what is wrong with the body. */
static const char *read_reason(const json_t *body, char reason[ORDER_TEXT_BYTES])
{
    const json_t *value = json_object_get(body, "reason");
    size_t length = json_string_length(value);

    (void)snprintf(reason, ORDER_TEXT_BYTES, "%s", no_reason);
    if (value == NULL)
        return NULL;
    if (!json_is_string(value) || length == 0 || length >= ORDER_TEXT_BYTES
        || strlen(json_string_value(value)) != length)
        return "\"reason\" says why, in 1 to 255 bytes";
    (void)snprintf(reason, ORDER_TEXT_BYTES, "%s", json_string_value(value));
    keep_line(reason);
    return NULL;
}

/* The monitor publishes it within a tenth of a second: accepted, not done. */
static void answer_accepted(struct exchange *exchange, const struct drain *drain)
{
    struct json_writer json;

    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_text(&json, "status", "draining");
    json_text(&json, "reason", drain->reason);
    json_text(&json, "ordered_by", drain->who);
    json_null_at(&json, "drain_remaining_ms");
    json_close_object(&json);
    response_text(exchange->response, &(struct page_text){ .status = 202 });
}

static void order(struct exchange *exchange, const json_t *body)
{
    struct order order = { .kind = ORDER_DRAIN };
    const char *trouble = read_reason(body, order.of.drain.reason);

    if (trouble != NULL) {
        ledger_refuse_request(exchange, trouble);
        return;
    }
    (void)snprintf(order.of.drain.who, sizeof(order.of.drain.who), "%s", exchange->who);
    if (orders_give(exchange->sources->orders, &order)) {
        answer_accepted(exchange, &order.of.drain);
        return;
    }
    exchange->response->incident = true;
    response_error(exchange->response, exchange->request,
                   &(struct response_error){ .status = 503,
                                             .code = "busy",
                                             .message = "too many orders wait for the thread that "
                                                        "judges health: it seems to hang",
                                             .retry_after_seconds = RETRY_SECONDS });
}

void drain_post(struct exchange *exchange)
{
    static const char *const known[] = { "reason", NULL };
    AUTO(ledger_body_free) json_t *body = NULL;

    if (exchange->body.length > 0) {
        body = ledger_read_body(exchange, known);
        if (body == NULL)
            return;
    }
    order(exchange, body);
}
