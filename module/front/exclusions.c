/* exclusions.c - GET, POST and DELETE of the time that does not count against a budget. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/clock.h"
#include "base/json.h"
#include "front/account.h"
#include "front/query.h"
#include "front/when.h"
#include "ledger/exclusions.h"
#include "slo/budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_MS = 60000,
    REASON_MAX_BYTES = 500,
    LONGEST_MINUTES = 366 * 1440,
    AHEAD_MINUTES = 366 * 1440,
};

static void put_exclusion(struct json_writer *json, const struct exclusion *exclusion)
{
    json_open_object(json);
    json_text(json, "id", exclusion->id);
    /* null: every objective of the service. */
    json_text(json, "slo", exclusion->objective[0] == '\0' ? NULL : exclusion->objective);
    json_time(json, "from", (int64_t)exclusion->span.from * MINUTE_MS);
    json_time(json, "to", (int64_t)exclusion->span.until * MINUTE_MS);
    json_text(json, "reason", exclusion->reason);
    json_text(json, "author", exclusion->author);
    json_time(json, "created_at", exclusion->created_at_ms);
    json_time(json, "withdrawn_at", exclusion->withdrawn_at_ms);
    json_text(json, "withdrawn_by",
              exclusion->withdrawn_at_ms == 0 ? NULL : exclusion->withdrawn_by);
    json_bool(json, "maintenance", exclusion->is_maintenance);
    json_close_object(json);
}

static void put_listed(void *context, const struct exclusion *exclusion)
{
    put_exclusion(context, exclusion);
}

void exclusions_give(struct exchange *exchange)
{
    AUTO(desk_leave) struct desk_visit visit = { 0 };
    AUTO(buf_done) struct buf trouble = { .max_bytes = 1024 };
    struct named_objective name;
    struct json_writer json;
    int code;

    if (!query_parse(exchange->request->query, NULL, 0, &trouble)) {
        ledger_refuse_request(exchange, buf_text(&trouble));
        return;
    }
    if (!ledger_find_objective(exchange, &name))
        return;
    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_text(&json, "slo", name.name);
    json_key(&json, "exclusions");
    json_open_array(&json);
    code = desk_enter(exchange->sources->desk, DESK_READ, exchange->deadline_ms, &visit);
    if (code == 0)
        code = exclusions_list(&visit, &(struct exclusion_scope){ name.service, name.name },
                               put_listed, &json);
    json_close_array(&json);
    json_close_object(&json);
    if (code != 0)
        ledger_refuse(exchange, &visit);
    else
        response_text(exchange->response, &(struct page_text){ .status = 200 });
}

/* --- booking --- */

/* A string as people write it, or Unix seconds as a number. */
static bool read_moment(const json_t *value, int64_t now_ms, int64_t *ret_ms)
{
    char text[32];

    if (json_is_string(value))
        return when_parse((struct slice){ json_string_value(value), json_string_length(value) },
                          now_ms, ret_ms);
    if (!json_is_integer(value))
        return false;
    (void)snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
    return when_parse(slice_of(text), now_ms, ret_ms);
}

/* Inward: never more is left out than was asked for. */
static struct minute_span whole_minutes(int64_t from_ms, int64_t to_ms)
{
    return (struct minute_span){ (int32_t)((from_ms + MINUTE_MS - 1) / MINUTE_MS),
                                 (int32_t)(to_ms / MINUTE_MS) };
}

/* Returns NULL, or what is wrong. */
static const char *read_exclusion(const json_t *body, int64_t now_ms, struct exclusion *ret)
{
    const json_t *reason = json_object_get(body, "reason");
    int64_t from_ms;
    int64_t to_ms;

    if (!read_moment(json_object_get(body, "from"), now_ms, &from_ms))
        return "\"from\" is no time: " WHEN_FORMS;
    if (!read_moment(json_object_get(body, "to"), now_ms, &to_ms))
        return "\"to\" is no time: " WHEN_FORMS;
    if (!json_is_string(reason) || json_string_length(reason) == 0
        || json_string_length(reason) > REASON_MAX_BYTES
        || strlen(json_string_value(reason)) != json_string_length(reason))
        return "\"reason\" says why, in 1 to 500 bytes";
    ret->span = whole_minutes(from_ms, to_ms);
    if (ret->span.until <= ret->span.from)
        return "there is no whole minute between \"from\" and \"to\"";
    if (ret->span.until - ret->span.from > LONGEST_MINUTES)
        return "an exclusion lasts 366 days at most";
    if (ret->span.until > (int32_t)(now_ms / MINUTE_MS) + AHEAD_MINUTES)
        return "\"to\" is more than 366 days ahead";
    (void)snprintf(ret->reason, sizeof(ret->reason), "%s", json_string_value(reason));
    return NULL;
}

static void put_figures(struct json_writer *json, const char *key, const struct account *account,
                        struct window_sum sum)
{
    struct fraction target = account->current->target;
    char text[FRACTION_TEXT_BYTES];

    json_key(json, key);
    json_open_object(json);
    json_uint(json, "total_events", sum.total);
    json_uint(json, "bad_events", sum.bad);
    json_key(json, "sli");
    if (sum.total == 0)
        json_put_null(json);
    else {
        fraction_print(budget_sli(sum), 6, FRACTION_DOWN, text);
        json_put_raw(json, slice_of(text));
    }
    fraction_print(budget_remaining(target, sum), 6, FRACTION_DOWN, text);
    json_key(json, "budget_remaining_ratio");
    json_put_raw(json, slice_of(text));
    json_close_object(json);
}

struct booking {
    struct exclusion exclusion;
    struct account account;
    bool known; /* the figures are */
    struct window_sum before;
    struct window_sum after;
};

static int sum_with(struct desk_visit *visit, struct booking *booking,
                    const struct exclusion_scope *scope, struct window_sum *ret)
{
    AUTO(auto_free) struct minute_span *spans = NULL;
    int count = 0;
    int code = exclusions_spans(visit, scope,
                                account_window(&booking->account, booking->account.now_minute + 1),
                                &spans, &count);

    return code != 0 ? code : account_sum_now(visit, &booking->account, spans, count, ret);
}

/* All in one transaction: what is shown as before and after is what the booking has changed, and
 * nothing else. */
static int book(struct desk_visit *visit, const struct named_objective *name,
                struct booking *booking)
{
    const struct exclusion_scope scope = { name->service, name->name };
    int code = account_open(visit, name, clock_wall_ms(), &booking->account);

    booking->known = code == 0 && account_budget_trouble(&booking->account) == NULL;
    if (code == -ENOENT)
        code = 0;
    if (code == 0 && booking->known)
        code = sum_with(visit, booking, &scope, &booking->before);
    if (code == 0)
        code = exclusions_add(visit, &scope, &booking->exclusion);
    if (code == 0 && booking->known)
        code = sum_with(visit, booking, &scope, &booking->after);
    return code != 0 ? code : desk_commit(visit);
}

static void answer_booked(struct exchange *exchange, const struct booking *booking)
{
    struct json_writer json;

    json_writer_init(&json, &exchange->response->own_body);
    json_open_object(&json);
    json_key(&json, "exclusion");
    put_exclusion(&json, &booking->exclusion);
    if (booking->known) {
        put_figures(&json, "before", &booking->account, booking->before);
        put_figures(&json, "after", &booking->account, booking->after);
    } else {
        json_null_at(&json, "before");
        json_null_at(&json, "after");
    }
    json_close_object(&json);
    response_text(exchange->response, &(struct page_text){ .status = 201 });
}

static void refuse_twice(struct exchange *exchange, const char *format,
                         const struct exclusion *exclusion)
{
    AUTO(buf_done) struct buf message = { .max_bytes = 512 };

    /* Both formats below take one text. */
    buf_append_text(&message, format);
    buf_append_text(&message, exclusion->id);
    response_error(exchange->response, exchange->request,
                   &(struct response_error){
                       .status = 409, .code = "conflict", .message = buf_text(&message) });
}

void exclusions_post(struct exchange *exchange)
{
    static const char too_many[] =
        "1,024 exclusions and maintenances of a service within its longest window are the most: "
        "withdraw those that a longer one covers";
    static const char *const known[] = { "from", "to", "reason", NULL };
    AUTO(desk_leave) struct desk_visit visit = { 0 };
    AUTO(ledger_body_free) json_t *body = NULL;
    struct booking booking = { 0 };
    struct named_objective name;
    const char *trouble;
    int code;

    if (!ledger_find_objective(exchange, &name))
        return;
    body = ledger_read_body(exchange, known);
    if (body == NULL)
        return;
    trouble = read_exclusion(body, clock_wall_ms(), &booking.exclusion);
    if (trouble != NULL) {
        ledger_refuse_request(exchange, trouble);
        return;
    }
    (void)snprintf(booking.exclusion.author, sizeof(booking.exclusion.author), "%s", exchange->who);
    code = desk_enter(exchange->sources->desk, DESK_WRITE, exchange->deadline_ms, &visit);
    if (code == 0)
        code = book(&visit, &name, &booking);
    if (code == -EEXIST)
        refuse_twice(exchange, "exactly this time is excluded already, as ", &booking.exclusion);
    else if (code == -ENOSPC)
        response_error(
            exchange->response, exchange->request,
            &(struct response_error){ .status = 409, .code = "conflict", .message = too_many });
    else if (code != 0)
        ledger_refuse(exchange, &visit);
    else
        answer_booked(exchange, &booking);
    account_close(&booking.account);
}

/* --- taking back --- */

void exclusions_delete(struct exchange *exchange)
{
    AUTO(desk_leave) struct desk_visit visit = { 0 };
    struct named_objective name;
    struct exclusion exclusion;
    struct json_writer json;
    char id[RANDOM_HEX_BYTES];
    int code;

    if (!ledger_find_objective(exchange, &name))
        return;
    (void)snprintf(id, sizeof(id), "%.*s",
                   (int)(exchange->id.length < sizeof(id) ? exchange->id.length : 0),
                   exchange->id.data);
    code = desk_enter(exchange->sources->desk, DESK_WRITE, exchange->deadline_ms, &visit);
    if (code == 0)
        code = exclusions_withdraw(&visit, &(struct exclusion_scope){ name.service, name.name }, id,
                                   exchange->who, &exclusion);
    if (code == 0)
        code = desk_commit(&visit);
    if (code == -ENOENT) {
        response_error(
            exchange->response, exchange->request,
            &(struct response_error){ .status = 404,
                                      .code = "not_found",
                                      .message = "this objective has no exclusion of this id: GET "
                                                 "/slo/NAME/exclusions lists them" });
    } else if (code == -EALREADY) {
        refuse_twice(exchange, "it was withdrawn before: ", &exclusion);
    } else if (code == -EPERM) {
        refuse_twice(exchange,
                     "it is maintenance, whose minutes stay excluded; what has not happened yet is "
                     "ended by `probity maintenance off`: ",
                     &exclusion);
    } else if (code != 0) {
        ledger_refuse(exchange, &visit);
    } else {
        json_writer_init(&json, &exchange->response->own_body);
        json_open_object(&json);
        json_key(&json, "exclusion");
        put_exclusion(&json, &exclusion);
        json_close_object(&json);
        response_text(exchange->response, &(struct page_text){ .status = 200 });
    }
}
