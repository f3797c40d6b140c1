/* test_metrics.c - module/page/metrics.c */
/* SPDX-License-Identifier: MIT */
#include "page/metrics.h"

#include "suite.h"

static const char *render(enum metrics_format format, struct buf *buf)
{
    const struct metrics_label labels[] = { { "check", "a\"b\\c\nd" },
                                            { "none", NULL },
                                            { NULL, NULL } };
    struct metrics_writer writer;

    buf_init(buf, 4096);
    metrics_init(&writer, buf, format);
    metrics_family(&writer, "probity_commits_total", METRICS_COUNTER, "Flushes \"committed\"");
    metrics_uint(&writer, NULL, 7);
    metrics_family(&writer, "probity_age_seconds", METRICS_GAUGE, "Age");
    metrics_seconds_from_ms(&writer, labels, 1234);
    metrics_seconds_from_us(&writer, NULL, -5);
    return buf_text(buf);
}

START_TEST(metrics_prometheus_keeps_total_in_the_family_name)
{
    struct buf buf;

    ck_assert_str_eq(render(METRICS_PROMETHEUS, &buf),
                     "# TYPE probity_commits_total counter\n"
                     "# HELP probity_commits_total Flushes \"committed\"\n"
                     "probity_commits_total 7\n"
                     "# TYPE probity_age_seconds gauge\n"
                     "# HELP probity_age_seconds Age\n"
                     "probity_age_seconds{check=\"a\\\"b\\\\c\\nd\"} 1.234\n"
                     "probity_age_seconds -0.000005\n");
    buf_done(&buf);
}
END_TEST

START_TEST(metrics_openmetrics_drops_total_from_the_family_name)
{
    struct buf buf;

    ck_assert_ptr_nonnull(strstr(render(METRICS_OPENMETRICS, &buf),
                                 "# TYPE probity_commits counter\n"
                                 "# HELP probity_commits Flushes \\\"committed\\\"\n"
                                 "probity_commits_total 7\n"));
    buf_done(&buf);
}
END_TEST

static const char *render_histogram(enum metrics_format format, struct buf *buf)
{
    static const int64_t bounds_ms[] = { 10, 250, 1000, 5000 };
    static const uint64_t counts[] = { 3, 0, 2, 1, 4 };
    struct metrics_writer writer;

    buf_init(buf, 4096);
    metrics_init(&writer, buf, format);
    metrics_family(&writer, "http_request_duration_seconds", METRICS_HISTOGRAM, "Time");
    metrics_histogram(&writer, (struct metrics_label[]){ { "service", "shop" }, { NULL, NULL } },
                      &(struct metrics_histogram){ bounds_ms, counts, 4, 61007 });
    return buf_text(buf);
}

START_TEST(metrics_add_a_histogram_up_from_its_smallest_bound)
{
    struct buf buf;

    ck_assert_str_eq(render_histogram(METRICS_PROMETHEUS, &buf),
                     "# TYPE http_request_duration_seconds histogram\n"
                     "# HELP http_request_duration_seconds Time\n"
                     "http_request_duration_seconds_bucket{service=\"shop\",le=\"0.01\"} 3\n"
                     "http_request_duration_seconds_bucket{service=\"shop\",le=\"0.25\"} 3\n"
                     "http_request_duration_seconds_bucket{service=\"shop\",le=\"1\"} 5\n"
                     "http_request_duration_seconds_bucket{service=\"shop\",le=\"5\"} 6\n"
                     "http_request_duration_seconds_bucket{service=\"shop\",le=\"+Inf\"} 10\n"
                     "http_request_duration_seconds_sum{service=\"shop\"} 61.007\n"
                     "http_request_duration_seconds_count{service=\"shop\"} 10\n");
    buf_done(&buf);
}
END_TEST

START_TEST(metrics_write_a_whole_bound_as_each_format_has_it)
{
    struct buf buf;
    const char *text = render_histogram(METRICS_OPENMETRICS, &buf);

    ck_assert_ptr_nonnull(strstr(text, "le=\"0.25\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(text, "le=\"1.0\"} 5\n"));
    ck_assert_ptr_nonnull(strstr(text, "le=\"5.0\"} 6\n"));
    buf_done(&buf);
}
END_TEST

TCase *metrics_cases(void)
{
    TCase *cases = tcase_create("metrics");

    tcase_add_test(cases, metrics_prometheus_keeps_total_in_the_family_name);
    tcase_add_test(cases, metrics_openmetrics_drops_total_from_the_family_name);
    tcase_add_test(cases, metrics_add_a_histogram_up_from_its_smallest_bound);
    tcase_add_test(cases, metrics_write_a_whole_bound_as_each_format_has_it);
    return cases;
}
