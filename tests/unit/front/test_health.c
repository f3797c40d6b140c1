/* test_health.c - module/front/health.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "house.h"
#include "suite.h"

#include <stdio.h>

static const struct {
    const char *request;
    const char *accept;
    const char *want; /* the page's key */
} cases[] = {
    { "GET /health/ready", NULL, "ready" },
    { "GET /health/ready", "*/*", "ready" },
    { "GET /health/ready", "application/health+json", "ready;ietf" },
    { "GET /readyz", "text/plain", "ready;text" },
    { "HEAD /health/readiness/", "text/plain", "ready;text" },
    { "OPTIONS /health/ready?x", "text/plain;q=0.5, application/health+json;q=0.6", "ready;ietf" },
    { "GET /health/ready?verbose", NULL, "ready;verbose" },
    { "GET /health/ready?verbose=", "*/*", "ready;verbose" },
    { "GET /health/ready/?a=b&&verbose=1&c", "application/json", "ready;verbose" },
    { "GET /health/ready?verbose=true", NULL, "ready;verbose" },
    { "GET /health/ready?verbose=false", NULL, "ready" },
    { "GET /health/ready?verbose=0", NULL, "ready" },
    { "GET /health/ready?verbos&verbosely=1&Verbose", NULL, "ready" },
    { "GET /health/ready?verbose", "text/plain", "ready;text" },
    { "GET /health/ready?verbose", "application/health+json", "ready;ietf" },
    /* A page that there is not in that shape is given as JSON. */
    { "GET /health/startup?verbose", NULL, "startup" },
    { "GET /health/detailed", "text/plain", "detailed" },
    { "GET /health/detailed/redis", "application/health+json", "detailed/redis;ietf" },
    { "GET /health/detailed/redis?verbose", NULL, "detailed/redis" },
    { "GET /health/orders", "text/plain", "group/orders;text" },
    { "GET /health/orders", "application/health+json", "group/orders" },
};

START_TEST(a_page_comes_in_the_shape_that_is_asked_for)
{
    struct house house;

    house_init(&house, true);
    house_publish_health(&house);
    house.accept = cases[_i].accept;
    ck_assert_int_eq(house_ask(&house, cases[_i].request, HOUSE_ADMIN), 200);
    ck_assert_str_eq(buf_text(&house.text), cases[_i].want);
    house_done(&house);
}
END_TEST

START_TEST(every_shape_fails_with_the_monitor)
{
    static const char *const accepts[] = { "*/*", "text/plain", "application/health+json" };
    struct house house;

    house_init(&house, true);
    house_publish_health(&house);
    house.sources.monitor_dead = true;
    for (size_t i = 0; i < ARRAY_LENGTH(accepts); i++) {
        house.accept = accepts[i];
        ck_assert_int_eq(house_ask(&house, "GET /health?verbose", ""), 503);
        ck_assert_str_eq(buf_text(&house.text), "too old");
    }
    house_done(&house);
}
END_TEST

START_TEST(a_name_of_any_length_is_looked_for_and_not_found)
{
    struct house house;
    char request[400];

    house_init(&house, true);
    house_publish_health(&house);
    (void)snprintf(request, sizeof(request), "GET /health/%0300d", 0);
    ck_assert_int_eq(house_ask(&house, request, ""), 404);
    house_done(&house);
}
END_TEST

TCase *health_cases(void)
{
    TCase *tcase = tcase_create("health");

    tcase_add_loop_test(tcase, a_page_comes_in_the_shape_that_is_asked_for, 0,
                        (int)ARRAY_LENGTH(cases));
    tcase_add_test(tcase, every_shape_fails_with_the_monitor);
    tcase_add_test(tcase, a_name_of_any_length_is_looked_for_and_not_found);
    return tcase;
}
