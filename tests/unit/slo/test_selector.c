/* test_selector.c - module/slo/selector.c */
/* SPDX-License-Identifier: MIT */
#include "slo/selector.h"

#include "suite.h"

static const char *const routes[] = { "/v1/jobs/{id}", "/a*", "/v1/jobs/{id}" };

START_TEST(a_selector_prints_one_text_whatever_the_order)
{
    static const char *const turned[] = { "/a*", "/v1/jobs/{id}" };
    struct selector a = { .routes = routes, .route_count = 3, .below_ms = 500 };
    struct selector b = { .routes = turned, .route_count = 2, .below_ms = 500 };
    AUTO(buf_done) struct buf left;
    AUTO(buf_done) struct buf right;

    a.methods = b.methods = 1u << EVENT_PUT | 1u << EVENT_GET;
    status_set_add(&a.statuses, 200, 299);
    status_set_add(&a.statuses, 404, 404);
    status_set_add(&b.statuses, 404, 404);
    status_set_add(&b.statuses, 250, 299);
    status_set_add(&b.statuses, 200, 260);
    buf_init(&left, 1024);
    buf_init(&right, 1024);
    selector_print(&a, &left);
    selector_print(&b, &right);
    ck_assert_str_eq(buf_text(&left), "route=/a*|/v1/jobs/{id};method=GET|PUT;status=200-299|404;"
                                      "duration=0-500");
    ck_assert_str_eq(buf_text(&left), buf_text(&right));
}
END_TEST

START_TEST(an_open_selector_takes_everything_and_prints_nothing)
{
    struct selector open = { .routes = NULL };
    AUTO(buf_done) struct buf text;

    buf_init(&text, 64);
    selector_print(&open, &text);
    ck_assert_str_eq(buf_text(&text), "");
    ck_assert(selector_is_open(&open));
    ck_assert(selector_takes_series(&open, SLICE("/x"), EVENT_OTHER));
    ck_assert(selector_takes_outcome(&open, 599, UINT64_MAX));
    open.from_ms = 1;
    ck_assert(!selector_is_open(&open));
}
END_TEST

START_TEST(a_star_at_the_end_stands_for_any_rest)
{
    static const struct {
        const char *route;
        bool taken;
    } cases[] = {
        { "/a", true },
        { "/abc", true },
        { "/b", false },
        { "/v1/jobs/{id}", true },
        { "/v1/jobs/{id}/x", false },
        { "", false },
    };
    struct selector selector = { .routes = routes, .route_count = 3 };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_msg(selector_takes_series(&selector, slice_of(cases[i].route), EVENT_GET)
                          == cases[i].taken,
                      "%s", cases[i].route);
    selector.methods = 1u << EVENT_POST;
    ck_assert(!selector_takes_series(&selector, SLICE("/a"), EVENT_GET));
}
END_TEST

START_TEST(bounds_are_from_and_below)
{
    static const struct {
        int status;
        uint64_t duration_ms;
        bool taken;
    } cases[] = {
        { 200, 99, false },  { 200, 100, true }, { 200, 499, true },  { 200, 500, false },
        { 404, 100, false }, { 99, 100, false }, { 600, 100, false },
    };
    struct selector selector = { .from_ms = 100, .below_ms = 500 };

    status_set_add(&selector.statuses, 200, 299);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_msg(selector_takes_outcome(&selector, cases[i].status, cases[i].duration_ms)
                          == cases[i].taken,
                      "%zu", i);
}
END_TEST

START_TEST(methods_that_are_not_told_apart_are_other)
{
    ck_assert_int_eq(event_method_of(SLICE("GET")), EVENT_GET);
    ck_assert_int_eq(event_method_of(SLICE("DELETE")), EVENT_DELETE);
    ck_assert_int_eq(event_method_of(SLICE("get")), EVENT_OTHER);
    ck_assert_int_eq(event_method_of(SLICE("PROPFIND")), EVENT_OTHER);
    ck_assert_str_eq(event_method_text(EVENT_PATCH), "PATCH");
}
END_TEST

TCase *selector_cases(void)
{
    TCase *cases = tcase_create("selector");

    tcase_add_test(cases, a_selector_prints_one_text_whatever_the_order);
    tcase_add_test(cases, an_open_selector_takes_everything_and_prints_nothing);
    tcase_add_test(cases, a_star_at_the_end_stands_for_any_rest);
    tcase_add_test(cases, bounds_are_from_and_below);
    tcase_add_test(cases, methods_that_are_not_told_apart_are_other);
    return cases;
}
