/* test_logs.c - module/accountant/logs.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/logs.h"

#include "fake_ledger.h"
#include "suite.h"

static void render(struct buf *buf)
{
    struct metrics_writer writer;

    buf_init(buf, 1 << 16);
    metrics_init(&writer, buf, METRICS_PROMETHEUS);
    logs_put(&writer, (const struct follower *)&fake_ledger); /* the fake looks at none */
}

static void expect(const struct buf *buf, const char *text)
{
    ck_assert_msg(strstr(buf_text(buf), text) != NULL, "%s", buf_text(buf));
}

START_TEST(each_log_has_a_sample_in_every_family)
{
    AUTO(buf_done) struct buf buf;

    fake_ledger.source_count = 2;
    fake_ledger.ingest =
        (struct follow_counters){ .lines = 12,
                                  .rejects = { [REJECT_STATUS] = 2, [REJECT_FORMAT] = 3 },
                                  .lag_bytes = 7,
                                  .waiting_for_file = true };
    render(&buf);
    expect(&buf, "\nprobity_ingest_source_lines_total{source=\"access.log\"} 12\n"
                 "probity_ingest_source_lines_total{source=\"shop.log\"} 13\n");
    expect(&buf, "\nprobity_ingest_source_rejected_total{source=\"shop.log\"} 5\n");
    expect(&buf, "\nprobity_ingest_source_lag_bytes{source=\"shop.log\"} 7\n");
    expect(&buf, "\nprobity_ingest_source_waiting_for_file{source=\"access.log\"} 1\n");
}
END_TEST

START_TEST(without_a_log_there_is_no_family)
{
    AUTO(buf_done) struct buf buf;

    fake_ledger.source_count = 0;
    render(&buf);
    ck_assert_str_eq(buf_text(&buf), "");
}
END_TEST

TCase *logs_cases(void)
{
    TCase *cases = tcase_create("logs");

    tcase_add_test(cases, each_log_has_a_sample_in_every_family);
    tcase_add_test(cases, without_a_log_there_is_no_family);
    return cases;
}
