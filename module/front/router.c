/* router.c - one table, and the order of refusals: path, method, permission. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/router.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "front/handlers.h"
#include "front/query.h"

#include <stdio.h>
#include <string.h>

enum {
    READ = METHOD_GET | METHOD_HEAD,
    /* HAProxy's default check is an OPTIONS. */
    PROBE = READ | METHOD_OPTIONS,
    POST = METHOD_POST,
    DELETE = METHOD_DELETE,
};

/* Short names for the table. */
#define PUBLIC ACCESS_PUBLIC
#define READER ACCESS_READ
#define INGEST ACCESS_INGEST
#define ADMIN  ACCESS_ADMIN

#define KIB   1024
#define SMALL ((size_t)16 * KIB)

/* The last columns of a row: which page is handed out, who answers, how large a body may be, and
 * whether the ledger is asked. */
#define PAGE(key, handler)   (key), (handler), NULL, 0, false
#define FAST(handler)        NULL, (handler), NULL, 0, false
#define SLOW(handler, bytes) NULL, NULL, (handler), (bytes), true
#define DISK(handler, bytes) NULL, NULL, (handler), (bytes), false
/* A POST that waits for nobody must not wait for a thread of the lane either. */
#define QUICK(handler, bytes) NULL, (handler), NULL, (bytes), false

/* Looked through from the top: what is asked every second stands there. */
static const struct route routes[] = {
    /* clang-format off */
    { "/health",                 PROBE,  PUBLIC, ENDPOINT_HEALTH,     PAGE("health", health_give_page) },
    { "/health/ready",           PROBE,  PUBLIC, ENDPOINT_READY,      PAGE("ready", health_give_page) },
    { "/health/live",            PROBE,  PUBLIC, ENDPOINT_HEALTH,     PAGE("health", health_give_page) },
    { "/health/liveness",        PROBE,  PUBLIC, ENDPOINT_HEALTH,     PAGE("health", health_give_page) },
    { "/livez",                  PROBE,  PUBLIC, ENDPOINT_HEALTH,     PAGE("health", health_give_page) },
    { "/healthz",                PROBE,  PUBLIC, ENDPOINT_HEALTH,     PAGE("health", health_give_page) },
    { "/health/readiness",       PROBE,  PUBLIC, ENDPOINT_READY,      PAGE("ready", health_give_page) },
    { "/readyz",                 PROBE,  PUBLIC, ENDPOINT_READY,      PAGE("ready", health_give_page) },
    { "/health/startup",         PROBE,  PUBLIC, ENDPOINT_STARTUP,    PAGE("startup", health_give_page) },
    { "/health/detailed",        PROBE,  ADMIN,  ENDPOINT_DETAILED,   PAGE("detailed", health_give_page) },
    { "/health/detailed/{name}", PROBE, ADMIN,   ENDPOINT_DETAILED, PAGE("detailed", health_give_component) },
    { "/health/drain",           POST,   ADMIN,  ENDPOINT_DRAIN,      QUICK(drain_post, 4 * KIB) },
    { "/health/{group}",         PROBE,  PUBLIC, ENDPOINT_GROUP,      PAGE("group", health_give_group) },
    { "/slo",                    READ,   READER, ENDPOINT_SLO,        FAST(slo_give_list) },
    { "/slo/gate",               READ,   READER, ENDPOINT_GATE,       FAST(gate_decide) },
    { "/slo/alerts",             READ,   READER, ENDPOINT_ALERTS,     PAGE("slo/alerts", slo_give_alerts) },
    { "/slo/gate/override",      POST,   ADMIN,  ENDPOINT_OVERRIDE,   SLOW(override_post, SMALL) },
    { "/slo/events",             POST,   INGEST, ENDPOINT_EVENTS,     DISK(events_post, LIMIT_BATCH_BYTES) },
    { "/slo/{name}",             READ,   READER, ENDPOINT_SLO_ONE,    PAGE("slo", slo_give_one) },
    { "/slo/{name}/history",     READ,   READER, ENDPOINT_HISTORY,    SLOW(history_give, SMALL) },
    { "/slo/{name}/exclusions",  READ,   READER, ENDPOINT_EXCLUSIONS, SLOW(exclusions_give, SMALL) },
    { "/slo/{name}/exclusions",  POST,   ADMIN,  ENDPOINT_EXCLUSIONS, SLOW(exclusions_post, SMALL) },
    { "/slo/{name}/exclusions/{id}", DELETE, ADMIN, ENDPOINT_EXCLUSIONS, SLOW(exclusions_delete, SMALL) },
    { "/metrics",                READ,   READER, ENDPOINT_METRICS,    PAGE("metrics", metrics_give) },
    /* clang-format on */
};

/* The health endpoints, and only they, take one trailing slash. */
static struct slice without_slash(struct slice path)
{
    struct slice cut = { path.data, path.length - (path.length > 1) };

    if (path.length < 2 || path.data[path.length - 1] != '/')
        return path;
    if (slice_equals(cut, SLICE("/health")) || slice_starts_with(cut, SLICE("/health/"))
        || slice_equals(cut, SLICE("/livez")) || slice_equals(cut, SLICE("/readyz"))
        || slice_equals(cut, SLICE("/healthz")))
        return cut;
    return path;
}

static void skip(struct slice *text, size_t bytes)
{
    text->data += bytes;
    text->length -= bytes;
}

static size_t segment_bytes(struct slice path)
{
    const char *slash = memchr(path.data, '/', path.length);

    return slash == NULL ? path.length : (size_t)(slash - path.data);
}

/* What stands for a "{…}" goes to the exchange. */
static bool matches(const struct route *route, struct slice path, struct exchange *exchange)
{
    struct slice *const captures[] = { &exchange->rest, &exchange->id };
    struct slice own = slice_of(route->path);
    size_t captured = 0;

    while (own.length > 0 && path.length > 0) {
        bool capture = own.data[0] == '{';
        size_t given = capture ? segment_bytes(path) : 1;

        if (given == 0 || (capture ? captured == ARRAY_LENGTH(captures) : *own.data != *path.data))
            return false;
        if (capture)
            *captures[captured++] = (struct slice){ path.data, given };
        skip(&own, capture ? segment_bytes(own) : 1);
        skip(&path, given);
    }
    return own.length == 0 && path.length == 0;
}

/* The first row that the path fits decides which path is meant; rows with the same path follow each
 * other and differ in their methods. */
static bool find_route(struct exchange *exchange, unsigned *ret_methods)
{
    struct slice path = without_slash(exchange->request->path);
    const char *meant = NULL;

    *ret_methods = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        const struct route *route = &routes[i];

        if (meant != NULL && strcmp(route->path, meant) != 0)
            break;
        if (meant == NULL && !matches(route, path, exchange))
            continue;
        meant = route->path;
        *ret_methods |= route->methods;
        if (exchange->route == NULL || (route->methods & exchange->request->method) != 0)
            exchange->route = route;
    }
    return exchange->route != NULL;
}

static void refuse(struct exchange *exchange, const struct response_error *error)
{
    response_error(exchange->response, exchange->request, error);
}

/* The names of the methods, as a sentence ends or as a header wants them. */
static void list_methods(unsigned methods, const char *last_separator, struct buf *text)
{
    bool first = true;

    for (int i = 0; i < REQUEST_METHODS; i++) {
        if ((methods & request_methods[i].method) == 0)
            continue;
        methods &= ~(unsigned)request_methods[i].method;
        if (!first)
            buf_append_text(text, methods == 0 ? last_separator : ", ");
        buf_append_text(text, request_methods[i].text);
        first = false;
    }
}

static void refuse_method(struct exchange *exchange, unsigned methods)
{
    AUTO(buf_done) struct buf message;
    AUTO(buf_done) struct buf allow;

    buf_init(&message, 128);
    buf_init(&allow, 128);
    buf_append_text(&message, "use ");
    list_methods(methods, " or ", &message);
    buf_append_text(&allow, "Allow: ");
    list_methods(methods, ", ", &allow);
    buf_append_text(&allow, "\r\n");
    refuse(exchange, &(struct response_error){
                         .status = 405,
                         .code = "method_not_allowed",
                         .message = buf_text(&message),
                         .extra_headers = buf_text(&allow),
                     });
}

/* Returns whether the caller may; otherwise the refusal is the answer. */
static bool check_access(struct exchange *exchange)
{
    struct access_answer answer;

    if (exchange->route->need == ACCESS_PUBLIC)
        return true;
    answer = access_judge(exchange->sources->access, exchange->route->need,
                          exchange->request->authorization, clock_wall_ms() / 1000);
    switch (answer.verdict) {
    case ACCESS_GRANTED:
        (void)snprintf(exchange->who, sizeof(exchange->who), "%s", answer.subject);
        return true;
    case ACCESS_UNAUTHENTICATED:
        refuse(exchange,
               &(struct response_error){ .status = 401,
                                         .code = "unauthorized",
                                         .message = answer.message,
                                         .extra_headers = "WWW-Authenticate: Bearer\r\n" });
        return false;
    case ACCESS_FORBIDDEN:
        refuse(exchange, &(struct response_error){
                             .status = 403, .code = "forbidden", .message = answer.message });
        return false;
    case ACCESS_BUSY:
        refuse(exchange, &(struct response_error){ .status = 429,
                                                   .code = "too_many_tokens",
                                                   .message = answer.message,
                                                   .retry_after_seconds = 1 });
        return false;
    case ACCESS_NOT_CONFIGURED:
        break;
    }
    refuse(exchange, &(struct response_error){
                         .status = 503, .code = "auth_not_configured", .message = answer.message });
    return false;
}

/* What changes something knows no parameters: a `?dry_run` would be believed.  Returns whether
 * there is none; otherwise the refusal is the answer. */
static bool check_query(struct exchange *exchange)
{
    AUTO(buf_done) struct buf trouble = { .max_bytes = 128 };

    if ((exchange->request->method & (POST | DELETE)) == 0)
        return true;
    if (query_parse(exchange->request->query, NULL, 0, &trouble))
        return true;
    refuse(exchange, &(struct response_error){
                         .status = 400, .code = "bad_request", .message = buf_text(&trouble) });
    return false;
}

static void run(struct exchange *exchange)
{
    const struct route *route = exchange->route;

    if ((route->methods & POST) != 0
        && (exchange->unread || exchange->body.length > route->body_bytes))
        router_refuse_body(exchange);
    else
        route->run(exchange);
}

/* The check `app` asks under this id: what it hears here would be what it has made us say. */
static void refuse_ourselves(struct exchange *exchange)
{
    refuse(exchange, &(struct response_error){
                         .status = 508,
                         .code = "loop_detected",
                         .message = "PROBITY_APP leads back to Probity: name the application's own "
                                    "port and path" });
}

/* A group that nobody has is an unknown address, whatever is to be done with it. */
static void refuse_method_or_group(struct exchange *exchange, unsigned methods)
{
    if (exchange->route->run == health_give_group)
        health_give_group(exchange);
    if (exchange->response->status == 404)
        return;
    response_clear(exchange->response);
    refuse_method(exchange, methods);
}

enum endpoint router_answer(struct exchange *exchange)
{
    unsigned methods;

    if (!find_route(exchange, &methods)) {
        refuse(exchange, &(struct response_error){
                             .status = 404,
                             .code = "not_found",
                             .message = "nothing is at this address: see /health, /health/ready, "
                                        "/health/startup, /health/detailed, /health/{group}, /slo, "
                                        "/slo/gate, /slo/alerts, /metrics",
                         });
        return ENDPOINT_UNKNOWN;
    }
    if (strcmp(exchange->request->id, random_own_id()) == 0)
        refuse_ourselves(exchange);
    else if ((exchange->route->methods & exchange->request->method) == 0)
        refuse_method_or_group(exchange, methods);
    else if (check_access(exchange) && check_query(exchange) && exchange->route->slow == NULL)
        run(exchange);
    return exchange->route->endpoint;
}

bool router_is_slow(const struct exchange *exchange)
{
    return exchange->response->status == 0 && exchange->route != NULL
           && exchange->route->slow != NULL;
}

bool router_asks_ledger(const struct exchange *exchange)
{
    return router_is_slow(exchange) && exchange->route->asks_ledger;
}

void router_run_slow(struct exchange *exchange)
{
    exchange->route->slow(exchange);
}

void router_refuse_body(struct exchange *exchange)
{
    AUTO(buf_done) struct buf message;

    buf_init(&message, 128);
    buf_printf(&message, "the body is longer than the %zu KiB that are taken here",
               exchange->route->body_bytes / KIB);
    refuse(exchange, &(struct response_error){ .status = 413,
                                               .code = "content_too_large",
                                               .message = buf_text(&message) });
}
