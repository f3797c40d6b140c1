/* test_traffic.c - module/accountant/traffic.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/traffic.h"

#include "base/limits.h"
#include "suite.h"

#include <stdio.h>

static void render(const struct requests_view *view, struct buf *buf)
{
    struct metrics_writer writer;

    buf_init(buf, 1 << 20);
    metrics_init(&writer, buf, METRICS_PROMETHEUS);
    traffic_put(&writer, view);
    ck_assert(buf_ok(buf));
}

static void expect(const struct buf *buf, const char *text)
{
    ck_assert_msg(strstr(buf_text(buf), text) != NULL, "%s", buf_text(buf));
}

START_TEST(traffic_has_a_sample_for_each_series_and_a_histogram_for_each_service)
{
    AUTO(buf_done) struct buf buf;
    struct requests_series series[] = { { "app", "GET", "/a/{id}", "200", 41 },
                                        { "app", "OTHER", "other", "5xx", 2 } };
    struct requests_durations durations[] = { { "app", { 40, 0, 1, 0, 0, 0, 0, 0, 2 }, 12345 } };

    render(&(struct requests_view){ series, 2, durations, 1, 2 }, &buf);
    expect(&buf, "# TYPE http_requests_total counter\n");
    expect(&buf, "http_requests_total{service=\"app\",method=\"GET\",path=\"/a/{id}\","
                 "status=\"200\"} 41\n"
                 "http_requests_total{service=\"app\",method=\"OTHER\",path=\"other\","
                 "status=\"5xx\"} 2\n");
    expect(&buf, "\nprobity_http_requests_unlisted_total 2\n");
    expect(&buf, "{service=\"app\",le=\"0.01\"} 40\n");
    expect(&buf, "{service=\"app\",le=\"0.05\"} 40\n");
    expect(&buf, "{service=\"app\",le=\"0.1\"} 41\n");
    expect(&buf, "{service=\"app\",le=\"5\"} 41\n");
    expect(&buf, "{service=\"app\",le=\"+Inf\"} 43\n"
                 "http_request_duration_seconds_sum{service=\"app\"} 12.345\n"
                 "http_request_duration_seconds_count{service=\"app\"} 43\n");
}
END_TEST

START_TEST(without_a_log_there_is_no_traffic)
{
    AUTO(buf_done) struct buf buf;

    render(&(struct requests_view){ 0 }, &buf);
    ck_assert_str_eq(buf_text(&buf), "");
}
END_TEST

START_TEST(thirty_routes_leave_a_page_that_needs_no_lane)
{
    enum { ROUTES = 30, STATUSES = 4 };
    AUTO(buf_done) struct buf buf;
    static struct requests_series series[ROUTES * STATUSES];
    static char routes[ROUTES][48];
    struct requests_durations durations = { .service = "storefront" };

    for (int i = 0; i < ROUTES * STATUSES; i++) {
        (void)snprintf(routes[i / STATUSES], sizeof(routes[0]), "/api/v1/organisations/{id}/r%02d",
                       i / STATUSES);
        series[i] = (struct requests_series){ "storefront", "DELETE", routes[i / STATUSES], "404",
                                              UINT32_MAX };
    }
    render(&(struct requests_view){ series, ROUTES * STATUSES, &durations, 1, 0 }, &buf);
    ck_assert_uint_lt(buf_slice(&buf).length, LIMIT_FAST_ANSWER_BYTES / 3);
}
END_TEST

TCase *traffic_cases(void)
{
    TCase *cases = tcase_create("traffic");

    tcase_add_test(cases, traffic_has_a_sample_for_each_series_and_a_histogram_for_each_service);
    tcase_add_test(cases, without_a_log_there_is_no_traffic);
    tcase_add_test(cases, thirty_routes_leave_a_page_that_needs_no_lane);
    return cases;
}
