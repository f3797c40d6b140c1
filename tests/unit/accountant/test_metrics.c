/* test_metrics.c - module/accountant/metrics.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/metrics.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];

static void begin(struct book *book)
{
    static const struct ledger_minute minutes[] = { { 0, NOW - 2, { 10000, 2 } } };
    struct ledger_changes changes = {
        .reload = true,
        .minutes = minutes,
        .minute_count = 1,
        .coverage = { .measured_since_ms = now_wall_ms - 1000000,
                      .watched_until_ms = now_wall_ms,
                      .watched_ms = 1000000 },
    };

    objective_built_in("api", objectives);
    ck_assert_int_eq(book_init(book, objectives, OBJECTIVE_BUILT_IN_COUNT), 0);
    ck_assert_int_eq(book_apply(book, &changes, now_wall_ms), 0);
}

static void expect(const struct buf *buf, const char *line)
{
    ck_assert_msg(strstr(buf_text(buf), line) != NULL, "%s missing in:\n%s", line, buf_text(buf));
}

START_TEST(every_family_has_its_samples)
{
    struct follow_counters ingest = {
        .lines = 12,
        .bytes = 3456,
        .rejects = { [REJECT_STATUS] = 2 },
        .lag_bytes = 78,
        .caught_up_at_ms = 9000,
        .waiting_for_ledger = true,
    };
    struct ledger_counters ledger = { .commits = 5, .last_commit_at_ms = 8500 };
    AUTO(book_done) struct book book;
    AUTO(buf_done) struct buf buf;

    begin(&book);
    buf_init(&buf, 1 << 18);
    metrics_render(&(struct metrics_sources){ .book = &book,
                                              .usable = true,
                                              .ingest = &ingest,
                                              .ledger = &ledger,
                                              .read_at_ms = 9750,
                                              .now_ms = 10000 },
                   METRICS_PROMETHEUS, &buf);
    ck_assert(buf_ok(&buf));
    expect(&buf, "\nprobity_slo_objective_ratio{slo=\"api-availability\",service=\"api\"} 0.999\n");
    expect(&buf, "\nprobity_slo_events_total{slo=\"api-availability\",service=\"api\","
                 "result=\"good\"} 9998\n");
    expect(&buf, "result=\"bad\"} 2\n");
    expect(&buf, "\nprobity_slo_error_budget_remaining_ratio{slo=\"api-availability\","
                 "service=\"api\"} 0.8\n");
    expect(&buf, "\nprobity_slo_burn_rate{slo=\"api-availability\",service=\"api\","
                 "window=\"5m\"} 0.2\n");
    expect(&buf, "\nprobity_slo_coverage_ratio 1\n");
    expect(&buf, "\nprobity_ingest_lines_total 12\n");
    expect(&buf, "\nprobity_ingest_rejected_total{reason=\"bad_status\"} 2\n");
    expect(&buf, "\nprobity_ingest_rejected_total{reason=\"not_json\"} 0\n");
    expect(&buf, "\nprobity_ingest_lag_bytes 78\n");
    expect(&buf, "\nprobity_ingest_waiting{for=\"ledger\"} 1\n");
    expect(&buf, "\nprobity_ingest_caught_up_age_seconds 1.000\n");
    expect(&buf, "\nprobity_ledger_commits_total 5\n");
    expect(&buf, "\nprobity_ledger_commit_age_seconds 1.500\n");
    expect(&buf, "\nprobity_ledger_read_age_seconds 0.250\n");
}
END_TEST

START_TEST(figures_that_are_too_old_are_left_out_and_counters_stay)
{
    AUTO(book_done) struct book book;
    AUTO(buf_done) struct buf buf;

    begin(&book);
    buf_init(&buf, 1 << 18);
    metrics_render(&(struct metrics_sources){ .book = &book, .read_at_ms = -1 },
                   METRICS_OPENMETRICS, &buf);
    expect(&buf, "\nprobity_slo_events_total{");
    expect(&buf, "# TYPE probity_slo_events counter\n");
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_slo_burn_rate"));
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_ledger"));
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_ingest"));
}
END_TEST

TCase *metrics_cases(void)
{
    TCase *cases = tcase_create("metrics");

    tcase_add_test(cases, every_family_has_its_samples);
    tcase_add_test(cases, figures_that_are_too_old_are_left_out_and_counters_stay);
    return cases;
}
