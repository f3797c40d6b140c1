/* test_requests.c - module/ingest/requests.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/requests.h"

#include "base/limits.h"
#include "suite.h"

#include <stdio.h>

static struct requests *requests;

static void set_up(void)
{
    requests = requests_new();
    ck_assert_ptr_nonnull(requests);
}

static void tear_down(void)
{
    requests_free(&requests);
}

static void add(const char *service, const char *route, uint16_t status, uint64_t duration_ms)
{
    struct requests_event event = { .status = status, .duration_ms = duration_ms };

    requests_begin(requests);
    event.service = requests_service(requests, service);
    ck_assert_int_ge(event.service, 0);
    event.group = requests_group(requests, event.service, slice_of(route), EVENT_GET);
    requests_add(requests, &event);
    requests_end(requests);
}

static void expect_series(const struct requests_view *view, int at, const char *text)
{
    const struct requests_series *series = &view->series[at];
    char found[256];

    ck_assert_int_lt(at, view->series_count);
    (void)snprintf(found, sizeof(found), "%s %s %s %s %d", series->service, series->method,
                   series->path, series->status, (int)series->count);
    ck_assert_str_eq(found, text);
}

START_TEST(requests_are_given_by_service_path_method_and_status)
{
    AUTO(requests_view_done) struct requests_view view = { 0 };

    add("shop", "/b", 200, 1);
    add("shop", "/b", 404, 1);
    add("shop", "/a", 500, 1);
    add("shop", "/b", 200, 1);
    add("app", "/z", 204, 1);
    ck_assert(requests_look(requests, &view));
    ck_assert_int_eq(view.series_count, 4);
    expect_series(&view, 0, "app GET /z 204 1");
    expect_series(&view, 1, "shop GET /a 500 1");
    expect_series(&view, 2, "shop GET /b 200 2");
    expect_series(&view, 3, "shop GET /b 404 1");
    ck_assert_uint_eq(view.unlisted, 0);
}
END_TEST

START_TEST(a_duration_of_exactly_a_bound_is_under_it)
{
    static const struct {
        uint64_t ms;
        int bucket;
    } cases[] = {
        { 0, 0 },    { 10, 0 },   { 11, 1 },   { 50, 1 },          { 51, 2 },
        { 100, 2 },  { 250, 3 },  { 500, 4 },  { 501, 5 },         { 1000, 5 },
        { 2000, 6 }, { 5000, 7 }, { 5001, 8 }, { 31622400000, 8 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(requests_view_done) struct requests_view view = { 0 };
        uint64_t before[REQUESTS_BOUNDS + 1] = { 0 };

        if (i > 0) {
            ck_assert(requests_look(requests, &view));
            for (int j = 0; j <= REQUESTS_BOUNDS; j++)
                before[j] = view.durations[0].counts[j];
            requests_view_done(&view);
        }
        add("app", "/", 200, cases[i].ms);
        ck_assert(requests_look(requests, &view));
        for (int j = 0; j <= REQUESTS_BOUNDS; j++)
            ck_assert_uint_eq(view.durations[0].counts[j], before[j] + (j == cases[i].bucket));
    }
}
END_TEST

START_TEST(a_service_is_told_of_before_its_first_request)
{
    AUTO(requests_view_done) struct requests_view view = { 0 };

    requests_begin(requests);
    ck_assert_int_eq(requests_service(requests, "app"), 0);
    requests_end(requests);
    ck_assert(requests_look(requests, &view));
    ck_assert_int_eq(view.service_count, 1);
    ck_assert_str_eq(view.durations[0].service, "app");
    ck_assert_uint_eq(view.durations[0].sum_ms, 0);
    ck_assert_int_eq(view.series_count, 0);
}
END_TEST

static uint64_t total_of(const struct requests_view *view)
{
    uint64_t total = 0;

    for (int i = 0; i < view->series_count; i++)
        total += view->series[i].count;
    return total;
}

START_TEST(beyond_the_bound_requests_count_as_other_by_the_class_of_their_status)
{
    AUTO(requests_view_done) struct requests_view view = { 0 };
    char route[32];

    for (int i = 0; i < LIMIT_HTTP_SERIES + 3; i++) {
        (void)snprintf(route, sizeof(route), "/%06d", i);
        add("app", route, i < LIMIT_HTTP_SERIES + 1 ? 200 : 503, 1);
    }
    add("app", "/000000", 404, 1); /* a status that is new for a route that is known */
    ck_assert(requests_look(requests, &view));
    ck_assert_int_eq(view.series_count, LIMIT_HTTP_SERIES + 3);
    ck_assert_uint_eq(view.unlisted, 4);
    ck_assert_uint_eq(total_of(&view), LIMIT_HTTP_SERIES + 4);
    expect_series(&view, LIMIT_HTTP_SERIES, "app OTHER other 2xx 1");
    expect_series(&view, LIMIT_HTTP_SERIES + 1, "app OTHER other 4xx 1");
    expect_series(&view, LIMIT_HTTP_SERIES + 2, "app OTHER other 5xx 2");
    ck_assert_uint_eq(view.durations[0].counts[0], LIMIT_HTTP_SERIES + 4);
}
END_TEST

START_TEST(without_memory_a_request_still_counts)
{
    for (int n = 0;; n++) {
        AUTO(requests_view_done) struct requests_view view = { 0 };
        struct requests_event event = { .status = 200, .duration_ms = 1 };
        bool failed;

        requests_free(&requests);
        set_up();
        malloc_fail_at(n);
        event.service = requests_service(requests, "app");
        if (event.service < 0) {
            requests_miss(requests);
        } else {
            event.group = requests_group(requests, event.service, SLICE("/a"), EVENT_GET);
            requests_add(requests, &event);
        }
        failed = malloc_failed() != 0;
        malloc_fail_at(-1);
        ck_assert(requests_look(requests, &view));
        ck_assert_uint_eq(view.unlisted, failed);
        ck_assert_uint_eq(total_of(&view), event.service < 0 ? 0 : 1);
        if (!failed)
            break;
    }
}
END_TEST

START_TEST(without_memory_there_is_no_view)
{
    add("app", "/a", 200, 1);
    for (int n = 0; n < 2; n++) {
        struct requests_view view = { 0 };

        malloc_fail_at(n);
        ck_assert(!requests_look(requests, &view));
        malloc_fail_at(-1);
        ck_assert_ptr_null(view.series);
    }
}
END_TEST

START_TEST(marks_are_those_that_were_left_last)
{
    const struct requests_mark first[] = { { "/a", 1, 2, 3 }, { "/b", 4, 5, 6 } };
    const struct requests_mark second[] = { { "/b", 7, 8, 9 } };
    struct requests_mark found = { 0 };

    requests_keep_marks(requests, first, 2);
    ck_assert(requests_find_mark(requests, "/b", &found));
    ck_assert_int_eq(found.offset, 6);
    requests_keep_marks(requests, second, 1);
    ck_assert(!requests_find_mark(requests, "/a", &found));
    ck_assert(requests_find_mark(requests, "/b", &found));
    ck_assert_int_eq(found.offset, 9);
}
END_TEST

TCase *requests_cases(void)
{
    TCase *cases = tcase_create("requests");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, requests_are_given_by_service_path_method_and_status);
    tcase_add_test(cases, a_duration_of_exactly_a_bound_is_under_it);
    tcase_add_test(cases, a_service_is_told_of_before_its_first_request);
    tcase_add_test(cases, beyond_the_bound_requests_count_as_other_by_the_class_of_their_status);
    tcase_add_test(cases, without_memory_a_request_still_counts);
    tcase_add_test(cases, without_memory_there_is_no_view);
    tcase_add_test(cases, marks_are_those_that_were_left_last);
    return cases;
}
