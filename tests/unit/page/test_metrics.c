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

TCase *metrics_cases(void)
{
    TCase *cases = tcase_create("metrics");

    tcase_add_test(cases, metrics_prometheus_keeps_total_in_the_family_name);
    tcase_add_test(cases, metrics_openmetrics_drops_total_from_the_family_name);
    return cases;
}
