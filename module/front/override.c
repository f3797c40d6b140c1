/* override.c - POST /slo/gate/override: a deployment that goes although the gate says stop. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/json.h"
#include "front/ledger.h"
#include "ledger/overrides.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_MINUTES = 30, MOST_MINUTES = 1440, REASON_MAX_BYTES = 500 };

/* What is asked for, as far as the body says. */
struct override_request {
    const char *slo;
    const char *service;
    const char *reason;
    int minutes;
};

static const char *text_of(const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    const char *text = json_string_value(value);

    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

/* Returns NULL, or what is wrong. */
static const char *read_request(const json_t *body, struct override_request *ret)
{
    const json_t *minutes = json_object_get(body, "minutes");

    ret->slo = text_of(body, "slo");
    ret->service = text_of(body, "service");
    ret->reason = text_of(body, "reason");
    ret->minutes = DEFAULT_MINUTES;
    if ((ret->slo == NULL) == (ret->service == NULL))
        return "say which objective (\"slo\") or which service (\"service\"), one of the two";
    if (ret->reason == NULL || *ret->reason == '\0' || strlen(ret->reason) > REASON_MAX_BYTES)
        return "\"reason\" says why, in 1 to 500 bytes";
    if (minutes == NULL)
        return NULL;
    if (!json_is_integer(minutes) || json_integer_value(minutes) < 1
        || json_integer_value(minutes) > MOST_MINUTES)
        return "\"minutes\" is how long it holds, from 1 to 1440";
    ret->minutes = (int)json_integer_value(minutes);
    return NULL;
}

/* Returns false when the answer stands. */
static bool find_what(struct exchange *exchange, const struct override_request *request,
                      struct gate_override *override)
{
    struct named_objective found;

    exchange->rest = slice_of(request->slo);
    if (request->slo == NULL ? !ledger_find_service(exchange, request->service)
                             : !ledger_find_objective(exchange, &found))
        return false;
    (void)snprintf(override->service, sizeof(override->service), "%s",
                   request->slo == NULL ? request->service : found.service);
    (void)snprintf(override->objective, sizeof(override->objective), "%s",
                   request->slo == NULL ? "" : found.name);
    (void)snprintf(override->reason, sizeof(override->reason), "%s", request->reason);
    (void)snprintf(override->author, sizeof(override->author), "%s", exchange->who);
    return true;
}

static void answer_booked(struct exchange *exchange, const struct gate_override *override)
{
    struct json_writer json;

    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_key(&json, "override");
    json_open_object(&json);
    json_text(&json, "id", override->id);
    json_text(&json, "slo", override->objective[0] == '\0' ? NULL : override->objective);
    json_text(&json, "service", override->service);
    json_text(&json, "reason", override->reason);
    json_text(&json, "author", override->author);
    json_time(&json, "created_at", override->created_at_ms);
    json_time(&json, "expires_at", override->expires_at_ms);
    json_close_object(&json);
    json_close_object(&json);
    response_text(exchange->response, &(struct page_text){ .status = 201 });
}

void override_post(struct exchange *exchange)
{
    static const char *const known[] = { "slo", "service", "reason", "minutes", NULL };
    AUTO(ledger_body_free) json_t *body = ledger_read_body(exchange, known);
    AUTO(desk_leave) struct desk_visit visit = { 0 };
    struct override_request request;
    struct gate_override override = { 0 };
    const char *trouble;
    int code;

    if (body == NULL)
        return;
    trouble = read_request(body, &request);
    if (trouble != NULL) {
        ledger_refuse_request(exchange, trouble);
        return;
    }
    if (!find_what(exchange, &request, &override))
        return;
    code = desk_enter(exchange->sources->desk, DESK_WRITE, exchange->deadline_ms, &visit);
    if (code == 0)
        code = overrides_add(&visit, request.minutes, &override);
    if (code == 0)
        code = desk_commit(&visit);
    if (code != 0)
        ledger_refuse(exchange, &visit);
    else
        answer_booked(exchange, &override);
}
