/* test_router.c - path, method, permission: in this order. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/router.h"

#include "house.h"
#include "suite.h"

enum { SLOW = 0 /* left to a slow handler: there is no answer yet */ };

static const struct {
    const char *request;
    const char *token;
    int want;
    const char *body; /* how it begins */
} cases[] = {
    { "GET /health", "", 200, "health" },
    { "GET /health/", "", 200, "health" },
    { "GET /health//", "", 404, "{\"error\"" },
    { "GET /healthx", "", 404, "{\"error\"" },
    { "GET /health/live", "garbage", 200, "health" },
    { "GET /livez", "", 200, "health" },
    { "GET /healthz/", "", 200, "health" },
    { "GET /readyz", "", 200, "ready" },
    { "HEAD /health/ready", "", 200, "ready" },
    { "OPTIONS /health/ready", "", 200, "ready" },
    { "GET /health/ready?x=1&x=1&%", "", 200, "ready" },
    { "GET /health/startup/", "", 200, "startup" },
    { "GET /health/liveness", "", 200, "health" },
    { "GET /health/readiness/?x", "", 200, "ready" },
    { "GET /health/orders", "", 200, "group/orders" },
    { "OPTIONS /health/orders/?y=1", "", 200, "group/orders" },
    { "HEAD /health/mail", "", 200, "group/mail" },
    { "GET /health/nix", "", 404,
      "{\"error\": {\"code\": \"not_found\", \"message\": \"no group of checks has this name; "
      "there "
      "are: live, ready, startup, mail, orders\"" },
    { "GET /health/orders;text", "", 404, "{\"error\"" },
    { "GET /health/orders/x", "", 404, "{\"error\"" },
    { "POST /health/orders", "", 405, "{\"error\"" },
    { "POST /health/drain", "", 401, "{\"error\"" },
    { "POST /health/drain", HOUSE_READER, 403, "{\"error\"" },
    { "POST /health/drain", HOUSE_ADMIN, 202, "{\"status\": \"draining\"" },
    { "POST /health/drain/", HOUSE_ADMIN, 202, "{\"status\": \"draining\"" },
    { "POST /health/drain?x=1", HOUSE_ADMIN, 400, "{\"error\"" },
    { "GET /health/drain", HOUSE_ADMIN, 405, "{\"error\"" },
    { "POST /health", "", 405, "{\"error\": {\"code\": \"method_not_allowed\"" },
    { "get /health", "", 405, "{\"error\"" },
    { "GET /health/detailed", "", 401, "{\"error\": {\"code\": \"unauthorized\"" },
    { "GET /health/detailed", HOUSE_READER, 403, "{\"error\": {\"code\": \"forbidden\"" },
    { "GET /health/detailed", HOUSE_ADMIN, 200, "detailed" },
    { "GET /health/detailed/", HOUSE_ADMIN, 200, "detailed" },
    { "GET /health/detailed/redis", HOUSE_ADMIN, 200, "detailed/redis" },
    { "GET /health/detailed/redis/", HOUSE_ADMIN, 200, "detailed/redis" },
    { "GET /health/detailed/nix", HOUSE_ADMIN, 404,
      "{\"error\": {\"code\": \"not_found\", \"message\": \"no component has this name; there are: "
      "app, redis\"" },
    { "GET /health/detailed/redis;ietf", HOUSE_ADMIN, 404, "{\"error\"" },
    { "GET /health/detailed/redis", "", 401, "{\"error\"" },
    { "POST /health/detailed", "", 405, "{\"error\"" },
    { "GET /metrics", "", 401, "{\"error\"" },
    { "GET /metrics", HOUSE_READER, 200, "metrics" },
    { "GET /metrics?x=1&scope=fleet", HOUSE_READER, 200, "metrics/fleet" },
    { "GET /metrics?scope=fleet", "", 401, "{\"error\"" },
    { "GET /metrics?scope=flet", HOUSE_READER, 400, "{\"error\"" },
    { "GET /metrics?scope", HOUSE_READER, 400, "{\"error\"" },
    { "OPTIONS /metrics", HOUSE_READER, 405, "{\"error\"" },
    { "GET /metrics/", HOUSE_READER, 404, "{\"error\"" },
    { "GET /slo", "", 401, "{\"error\"" },
    { "GET /slo/", HOUSE_READER, 404, "{\"error\"" },
    { "GET /slo/a/", HOUSE_READER, 404, "{\"error\"" },
    { "GET /slo/a/b/c/d", HOUSE_READER, 404, "{\"error\"" },
    { "PUT /slo/a", HOUSE_ADMIN, 405,
      "{\"error\": {\"code\": \"method_not_allowed\", \"message\": "
      "\"use GET or HEAD\"" },
    { "POST /slo/events", "", 503, "{\"error\": {\"code\": \"auth_not_configured\"" },
    { "PUT /slo/events", HOUSE_ADMIN, 405, "{\"error\"" },
    { "GET /slo/a/history", "", 401, "{\"error\"" },
    { "GET /slo/a/history", HOUSE_READER, SLOW, "" },
    { "HEAD /slo/a/history?from=x", HOUSE_ADMIN, SLOW, "" },
    { "POST /slo/a/history", HOUSE_ADMIN, 405, "{\"error\"" },
    { "GET /slo/a/history/", HOUSE_READER, 404, "{\"error\"" },
    { "GET /slo/a/exclusions", HOUSE_READER, SLOW, "" },
    { "POST /slo/a/exclusions", HOUSE_READER, 403, "{\"error\"" },
    { "POST /slo/a/exclusions", "", 401, "{\"error\"" },
    { "POST /slo/a/exclusions", HOUSE_ADMIN, SLOW, "" },
    { "DELETE /slo/a/exclusions", HOUSE_ADMIN, 405, "{\"error\"" },
    { "DELETE /slo/a/exclusions/1", HOUSE_ADMIN, SLOW, "" },
    { "DELETE /slo/a/exclusions/1", HOUSE_READER, 403, "{\"error\"" },
    { "GET /slo/a/exclusions/1", HOUSE_READER, 405, "{\"error\"" },
    { "DELETE /slo/a/exclusions/1/2", HOUSE_ADMIN, 404, "{\"error\"" },
    { "DELETE /slo/a/exclusions/", HOUSE_ADMIN, 404, "{\"error\"" },
    { "POST /slo/gate/override", HOUSE_ADMIN, SLOW, "" },
    { "POST /slo/gate/override", HOUSE_READER, 403, "{\"error\"" },
    { "GET /slo/gate/override", HOUSE_READER, 405, "{\"error\"" },
    { "POST /slo/gate/override?dry_run=1", HOUSE_ADMIN, 400, "{\"error\"" },
    { "POST /slo/a/exclusions?x", HOUSE_ADMIN, 400, "{\"error\"" },
    { "POST /slo/a/exclusions?x", HOUSE_READER, 403, "{\"error\"" },
    { "DELETE /slo/a/exclusions/1?x", HOUSE_ADMIN, 400, "{\"error\"" },
    { "DELETE /slo/a", HOUSE_ADMIN, 405, "{\"error\"" },
    { "GET /", "", 404, "{\"error\": {\"code\": \"not_found\"" },
    { "GET ", "", 404, "{\"error\"" },
};

START_TEST(a_request_finds_its_handler_or_the_right_refusal)
{
    struct house house;

    house_init(&house, true);
    house_publish_health(&house);
    ck_assert_msg(house_ask(&house, cases[_i].request, cases[_i].token) == cases[_i].want, "%s: %d",
                  cases[_i].request, house.response.status);
    ck_assert_int_eq(house.slow, cases[_i].want == SLOW);
    ck_assert_msg(slice_starts_with(buf_slice(&house.text), slice_of(cases[_i].body)), "%s: %s",
                  cases[_i].request, buf_text(&house.text));
    house_done(&house);
}
END_TEST

START_TEST(refusals_carry_the_headers_that_say_what_to_do)
{
    struct house house;

    house_init(&house, true);
    ck_assert_int_eq(house_ask(&house, "POST /health", ""), 405);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Allow: GET, HEAD, OPTIONS\r\n"));
    ck_assert_int_eq(house_ask(&house, "POST /slo", ""), 405);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Allow: GET, HEAD\r\n"));
    ck_assert_int_eq(house_ask(&house, "PUT /slo/a/exclusions", ""), 405);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Allow: GET, HEAD, POST\r\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "use GET, HEAD or POST"));
    ck_assert_int_eq(house_ask(&house, "GET /slo/a/exclusions/1", ""), 405);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Allow: DELETE\r\n"));
    ck_assert_int_eq(house_ask(&house, "GET /health/detailed", ""), 401);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "WWW-Authenticate: Bearer\r\n"));
    ck_assert_str_ne(buf_text(&house.text), "");
    house_done(&house);
}
END_TEST

START_TEST(admin_pages_are_closed_where_no_secret_is_set)
{
    struct house house;

    house_init(&house, false);
    house_publish_health(&house);
    ck_assert_int_eq(house_ask(&house, "GET /health/detailed", HOUSE_ADMIN), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "auth_not_configured"));
    ck_assert_int_eq(house_ask(&house, "GET /metrics", ""), 200);
    ck_assert_int_eq(house_ask(&house, "GET /health/ready", ""), 200);
    house_done(&house);
}
END_TEST

START_TEST(without_a_publication_health_is_starting)
{
    struct house house;

    house_init(&house, false);
    ck_assert_int_eq(house_ask(&house, "GET /health/ready", ""), 503);
    ck_assert_ptr_nonnull(strstr(house.response.head.data, "Retry-After: 1\r\n"));
    house_done(&house);
}
END_TEST

START_TEST(a_monitor_that_counts_as_dead_fails_liveness)
{
    struct house house;

    house_init(&house, false);
    house_publish_health(&house);
    house.sources.monitor_dead = true;
    ck_assert_int_eq(house_ask(&house, "GET /health", ""), 503);
    ck_assert_str_eq(buf_text(&house.text), "too old");
    ck_assert_int_eq(house_ask(&house, "GET /health/ready", ""), 200);
    house_done(&house);
}
END_TEST

TCase *router_cases(void)
{
    TCase *tcase = tcase_create("router");

    tcase_add_loop_test(tcase, a_request_finds_its_handler_or_the_right_refusal, 0,
                        (int)ARRAY_LENGTH(cases));
    tcase_add_test(tcase, refusals_carry_the_headers_that_say_what_to_do);
    tcase_add_test(tcase, admin_pages_are_closed_where_no_secret_is_set);
    tcase_add_test(tcase, without_a_publication_health_is_starting);
    tcase_add_test(tcase, a_monitor_that_counts_as_dead_fails_liveness);
    return tcase;
}
