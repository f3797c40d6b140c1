/* test_counters.c - bounded labels, whatever is counted. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/counters.h"

#include "suite.h"

START_TEST(a_status_that_nobody_gives_is_counted_as_other)
{
    struct counters counters = { 0 };
    struct metrics_writer writer;
    struct buf body;

    buf_init(&body, 65536);
    counters_count(&counters, ENDPOINT_READY, 503);
    counters_count(&counters, ENDPOINT_READY, 503);
    counters_count(&counters, ENDPOINT_UNKNOWN, 418);
    metrics_init(&writer, &body, METRICS_PROMETHEUS);
    counters_describe(&counters, &writer);
    ck_assert_ptr_nonnull(strstr(
        buf_text(&body), "probity_requests_total{endpoint=\"/health/ready\",status=\"503\"} 2\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&body), "probity_requests_total{endpoint=\"other\",status=\"other\"} 1\n"));
    buf_done(&body);
}
END_TEST

TCase *counters_cases(void)
{
    TCase *tcase = tcase_create("counters");

    tcase_add_test(tcase, a_status_that_nobody_gives_is_counted_as_other);
    return tcase;
}
