/* router.c - one table, and the order of refusals: path, method, permission. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/router.h"

#include "base/auto.h"
#include "base/clock.h"
#include "front/handlers.h"

enum {
    READ = METHOD_GET | METHOD_HEAD,
    /* HAProxy's default check is an OPTIONS. */
    PROBE = READ | METHOD_OPTIONS,
};

static const struct route routes[] = {
    /* clang-format off */
    { "/health",           PROBE, ACCESS_PUBLIC, ENDPOINT_HEALTH,   "health",   health_give_page },
    { "/health/live",      PROBE, ACCESS_PUBLIC, ENDPOINT_HEALTH,   "health",   health_give_page },
    { "/livez",            PROBE, ACCESS_PUBLIC, ENDPOINT_HEALTH,   "health",   health_give_page },
    { "/healthz",          PROBE, ACCESS_PUBLIC, ENDPOINT_HEALTH,   "health",   health_give_page },
    { "/health/ready",     PROBE, ACCESS_PUBLIC, ENDPOINT_READY,    "ready",    health_give_page },
    { "/readyz",           PROBE, ACCESS_PUBLIC, ENDPOINT_READY,    "ready",    health_give_page },
    { "/health/startup",   PROBE, ACCESS_PUBLIC, ENDPOINT_STARTUP,  "startup",  health_give_page },
    { "/health/detailed",  PROBE, ACCESS_ADMIN,  ENDPOINT_DETAILED, "detailed", health_give_page },
    { "/health/detailed/", PROBE, ACCESS_ADMIN,  ENDPOINT_DETAILED, "detailed", health_give_component },
    { "/slo",              READ,  ACCESS_READ,   ENDPOINT_SLO,      NULL,       slo_give_list },
    { "/slo/gate",         READ,  ACCESS_READ,   ENDPOINT_GATE,     NULL,       gate_decide },
    { "/slo/",             READ,  ACCESS_READ,   ENDPOINT_SLO_ONE,  "slo",      slo_give_one },
    { "/metrics",          READ,  ACCESS_READ,   ENDPOINT_METRICS,  "metrics",  metrics_give },
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

static bool matches(const struct route *route, struct slice path, struct slice *rest)
{
    struct slice own = slice_of(route->path);

    *rest = (struct slice){ 0 };
    if (own.data[own.length - 1] != '/')
        return slice_equals(own, path);
    if (!slice_starts_with(path, own) || path.length == own.length)
        return false;
    *rest = (struct slice){ path.data + own.length, path.length - own.length };
    return memchr(rest->data, '/', rest->length) == NULL;
}

static bool find_route(struct exchange *exchange)
{
    struct slice path = without_slash(exchange->request->path);

    for (size_t i = 0; i < ARRAY_LENGTH(routes); i++) {
        if (matches(&routes[i], path, &exchange->rest)) {
            exchange->route = &routes[i];
            return true;
        }
    }
    return false;
}

static void refuse(struct exchange *exchange, const struct response_error *error)
{
    response_error(exchange->response, exchange->request, error);
}

static void refuse_method(struct exchange *exchange)
{
    bool probe = (exchange->route->methods & METHOD_OPTIONS) != 0;

    refuse(exchange,
           &(struct response_error){
               .status = 405,
               .code = "method_not_allowed",
               .message = probe ? "use GET, HEAD or OPTIONS" : "use GET or HEAD",
               .extra_headers = probe ? "Allow: GET, HEAD, OPTIONS\r\n" : "Allow: GET, HEAD\r\n",
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
    case ACCESS_NOT_CONFIGURED:
        break;
    }
    refuse(exchange, &(struct response_error){
                         .status = 503, .code = "auth_not_configured", .message = answer.message });
    return false;
}

enum endpoint router_answer(const struct request *request, struct sources *sources,
                            struct response *response)
{
    struct exchange exchange = { .request = request, .sources = sources, .response = response };
    enum endpoint endpoint = ENDPOINT_UNKNOWN;

    if (!find_route(&exchange)) {
        refuse(&exchange, &(struct response_error){
                              .status = 404,
                              .code = "not_found",
                              .message = "nothing is at this address: see /health, /health/ready, "
                                         "/health/startup, /health/detailed, /slo, /slo/gate, "
                                         "/metrics",
                          });
    } else {
        endpoint = exchange.route->endpoint;
        if ((exchange.route->methods & request->method) == 0)
            refuse_method(&exchange);
        else if (check_access(&exchange))
            exchange.route->run(&exchange);
    }
    return endpoint;
}
