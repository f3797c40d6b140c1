/* test_render.c - module/accountant/render.c: the API's words, byte by byte. */
/* SPDX-License-Identifier: MIT */
#include "accountant/render.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
static struct book book;

static void begin(uint64_t total, uint64_t bad)
{
    struct ledger_minute minutes[] = {
        { 0, NOW - 5000, { total, bad } },
        { 2, NOW - 5000, { total, bad } },
    };
    struct ledger_changes changes = {
        .reload = true,
        .minutes = minutes,
        .minute_count = 2,
        .coverage = { .measured_since_ms = now_wall_ms - 1000000,
                      .watched_until_ms = now_wall_ms,
                      .watched_ms = 998000,
                      .last_event_ms = now_wall_ms - 1500,
                      .lines = 12,
                      .rejected_lines = 2,
                      .lost_bytes = 3 },
    };

    objective_built_in("api", objectives);
    ck_assert_int_eq(book_init(&book, objectives, OBJECTIVE_BUILT_IN_COUNT), 0);
    ck_assert_int_eq(book_apply(&book, &changes, now_wall_ms), 0);
}

START_TEST(an_objective_in_the_list_reads_as_the_api_says)
{
    AUTO(buf_done) struct buf buf;

    begin(1841220, 700);
    buf_init(&buf, 1 << 16);
    render_listed(&(struct render_objective){ .book = &book, .index = 0 }, &buf);
    ck_assert_str_eq(
        buf_text(&buf),
        "{\"name\": \"api-availability\", \"service\": \"api\", \"description\": \"99.9 % of "
        "requests are answered without a server error (5xx)\", \"type\": \"availability\", "
        "\"objective\": 0.999, \"window\": \"30d\", \"sli\": 0.999619, \"status\": \"met\", "
        "\"total_events\": 1841220, \"bad_events\": 700, "
        "\"measured_since\": \"2026-07-18T18:23:20.000Z\", "
        "\"coverage\": {\"ratio\": 0.998, \"last_event\": \"2026-07-18T18:39:58.500Z\"}, "
        "\"error_budget\": {\"allowed_bad_events\": 1841.22, \"consumed_ratio\": 0.380183, "
        "\"remaining_ratio\": 0.619817, \"exhausts_at\": null}, "
        "\"burn_rate\": {\"5m\": 0, \"30m\": 0, \"1h\": 0, \"2h\": 0, \"6h\": 0, \"1d\": 0, "
        "\"3d\": 0}, \"alerts\": []}");
    book_done(&book);
}
END_TEST

START_TEST(a_latency_objective_shows_threshold_and_percentiles)
{
    struct latency_percentiles percentiles = { true, 12, 345, 1999 };
    struct render_objective objective = { .book = &book, .index = 2, .latency = &percentiles };
    AUTO(buf_done) struct buf buf;

    begin(1000, 1);
    buf_init(&buf, 1 << 16);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"window\": \"30d\", \"threshold_ms\": 500, "));
    ck_assert_ptr_nonnull(strstr(
        buf_text(&buf), "\"latency_ms\": {\"p50\": 12, \"p95\": 345, \"p99\": 1999}, \"alerts\""));
    percentiles.known = false;
    buf_clear(&buf);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"latency_ms\": null"));
    book_done(&book);
}
END_TEST

START_TEST(a_page_adds_time_coverage_and_its_own_routes)
{
    static const struct ledger_route routes[] = {
        { 0, "GET /a/{id}", 50, 2 },
        { 2, "GET /slow", 5, 5 },
        { 0, "GET /\"b\"", 7, 1 },
    };
    AUTO(buf_done) struct buf buf;

    begin(3000, 3);
    buf_init(&buf, 1 << 16);
    render_page(&(struct render_objective){ .book = &book, .routes = routes, .route_count = 3 },
                "why", &buf);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&buf),
               "\"coverage\": {\"ratio\": 0.998, \"last_event\": \"2026-07-18T18:39:58.500Z\", "
               "\"watched_until\": \"2026-07-18T18:40:00.000Z\", \"watched_minutes\": 16, "
               "\"lines\": 12, \"rejected_lines\": 2, \"lost_bytes\": 3}"));
    ck_assert_ptr_nonnull(strstr(
        buf_text(&buf),
        "\"alerts\": [], \"as_of\": \"2026-07-18T18:40:00.000Z\", \"stale\": true, \"reason\": "
        "\"why\", "
        "\"routes\": [{\"route\": \"GET /a/{id}\", \"total_events\": 50, \"bad_events\": 2, "
        "\"consumed_ratio\": 0.666667}, {\"route\": \"GET /\\\"b\\\"\", \"total_events\": 7, "
        "\"bad_events\": 1, \"consumed_ratio\": 0.333334}]}"));
    book_done(&book);
}
END_TEST

START_TEST(nothing_read_is_null_and_no_traffic_is_zero)
{
    struct render_objective objective = { .book = &book, .index = 1 };
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 1 << 16);
    objective_built_in("api", objectives);
    ck_assert_int_eq(book_init(&book, objectives, OBJECTIVE_BUILT_IN_COUNT), 0);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&buf),
               "\"sli\": null, \"status\": \"no_data\", \"total_events\": null, \"bad_events\": "
               "null, \"measured_since\": null, \"coverage\": {\"ratio\": null, \"last_event\": "
               "null}, \"error_budget\": {\"allowed_bad_events\": null, "));
    book_done(&book);
    begin(5, 0);
    buf_clear(&buf);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&buf), "\"sli\": null, \"status\": \"no_data\", \"total_events\": 0, "));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"remaining_ratio\": 1, "));
    book_done(&book);
}
END_TEST

START_TEST(printed_ratios_round_to_the_worse_side)
{
    AUTO(buf_done) struct buf buf;

    begin(3000001, 1);
    buf_init(&buf, 1 << 16);
    render_listed(&(struct render_objective){ .book = &book, .index = 0 }, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"sli\": 0.999999,"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"consumed_ratio\": 0.000334,"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"remaining_ratio\": 0.999666,"));
    book_done(&book);
}
END_TEST

TCase *render_cases(void)
{
    TCase *cases = tcase_create("render");

    tcase_add_test(cases, an_objective_in_the_list_reads_as_the_api_says);
    tcase_add_test(cases, a_latency_objective_shows_threshold_and_percentiles);
    tcase_add_test(cases, a_page_adds_time_coverage_and_its_own_routes);
    tcase_add_test(cases, nothing_read_is_null_and_no_traffic_is_zero);
    tcase_add_test(cases, printed_ratios_round_to_the_worse_side);
    return cases;
}
