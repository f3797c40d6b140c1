/* test_metrics.c - module/accountant/metrics.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/metrics.h"

#include "alarm_stage.h"
#include "fake_ledger.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct catalogue *catalogue;

static void begin(struct book *book)
{
    static const struct coverage_span watched = { (int64_t)NOW * 60000 - 1000000,
                                                  (int64_t)NOW * 60000 };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)NOW * 60000 - 1000000,
        .watched_until_ms = (int64_t)NOW * 60000,
        .spans = &watched,
        .span_count = 1,
    };
    struct ledger_news news = { .complete = true, .coverage = &coverage };
    struct arena *arena = NULL;

    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ck_assert_int_eq(book_init(book, catalogue), 0);
    book_expect(book, now_wall_ms);
    fake_minute_set(book->windows[0], NOW - 2, (struct window_sum){ 10000, 2 });
    ck_assert_int_eq(book_apply(book, &news, &arena, now_wall_ms), 0);
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
    struct metrics_sources sources;
    AUTO(book_done) struct book book;
    AUTO(buf_done) struct buf buf;

    begin(&book);
    buf_init(&buf, 1 << 18);
    sources = (struct metrics_sources){ .book = &book,
                                        .usable = true,
                                        .ingest = &ingest,
                                        .ledger = &ledger,
                                        .read_at_ms = 9750,
                                        .now_ms = 10000 };
    metrics_render_fleet(&sources, METRICS_PROMETHEUS, &buf);
    ck_assert(buf_ok(&buf));
    expect(&buf, "\nprobity_slo_objective_ratio{slo=\"api-availability\",service=\"api\"} 0.999\n");
    expect(&buf, "\nprobity_slo_events_total{slo=\"api-availability\",service=\"api\","
                 "result=\"good\"} 9998\n");
    expect(&buf, "result=\"bad\"} 2\n");
    expect(&buf, "\nprobity_slo_error_budget_remaining_ratio{slo=\"api-availability\","
                 "service=\"api\"} 0.8\n");
    expect(&buf, "\nprobity_slo_burn_rate{slo=\"api-availability\",service=\"api\","
                 "window=\"5m\"} 0.2\n");
    expect(&buf, "\nprobity_slo_coverage_ratio{slo=\"api-availability\",service=\"api\"} 1\n");
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_ingest"));
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_ledger"));
    buf_clear(&buf);
    metrics_render(&sources, METRICS_PROMETHEUS, &buf);
    ck_assert(buf_ok(&buf));
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_slo_events"));
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
    metrics_render_fleet(&(struct metrics_sources){ .book = &book, .read_at_ms = -1 },
                         METRICS_OPENMETRICS, &buf);
    expect(&buf, "\nprobity_slo_events_total{");
    expect(&buf, "# TYPE probity_slo_events counter\n");
    ck_assert_ptr_null(strstr(buf_text(&buf), "probity_slo_burn_rate"));
}
END_TEST

START_TEST(alerts_that_maintenance_silences_are_at_rest)
{
    AUTO(buf_done) struct buf buf;
    struct alarm_stage stage;
    struct metrics_sources sources;
    const char *const services[] = { "app" };

    stage_begin(&stage);
    stage.catalogue.services = services;
    stage.maintenances.known = true;
    stage_set_bad(&stage, 200);
    stage_turn(&stage, 0);
    stage.book.as_of_wall_ms = 0; /* no figures are wanted */
    buf_init(&buf, 1 << 18);
    sources = (struct metrics_sources){ .book = &stage.book,
                                        .alarms = &stage.alarms,
                                        .maintenances = &stage.maintenances,
                                        .now_wall_ms = stage.wall_ms };
    metrics_render_fleet(&sources, METRICS_PROMETHEUS, &buf);
    expect(&buf, "alert=\"page-fast-burn\"} 2\n");
    expect(&buf, "\nprobity_slo_maintenance{service=\"app\"} 0\n");
    stage_announce(&stage, 600);
    stage_turn(&stage, 1);
    stage.book.as_of_wall_ms = 0;
    sources.now_wall_ms = stage.wall_ms;
    buf_clear(&buf);
    metrics_render_fleet(&sources, METRICS_PROMETHEUS, &buf);
    ck_assert_ptr_null(strstr(buf_text(&buf), "} 2\n"));
    expect(&buf, "\nprobity_slo_maintenance{service=\"app\"} 1\n");
    stage_end(&stage);
}
END_TEST

TCase *metrics_cases(void)
{
    TCase *cases = tcase_create("metrics");

    tcase_add_test(cases, every_family_has_its_samples);
    tcase_add_test(cases, figures_that_are_too_old_are_left_out_and_counters_stay);
    tcase_add_test(cases, alerts_that_maintenance_silences_are_at_rest);
    return cases;
}
