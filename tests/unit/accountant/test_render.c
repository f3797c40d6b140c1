/* test_render.c - module/accountant/render.c: the API's words, byte by byte. */
/* SPDX-License-Identifier: MIT */
#include "accountant/render.h"

#include "fake_ledger.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct catalogue *catalogue;
static struct book book;

static const struct coverage_span watched = { (int64_t)NOW * 60000 - 1000000,
                                              (int64_t)NOW * 60000 - 2000 };
static const struct ledger_coverage coverage = {
    .measured_since_ms = (int64_t)NOW * 60000 - 1000000,
    .watched_until_ms = (int64_t)NOW * 60000,
    .last_event_ms = (int64_t)NOW * 60000 - 1500,
    .lines = 12,
    .rejected_lines = 2,
    .lost_bytes = 3,
    .late_events = 4,
    .spans = &watched,
    .span_count = 1,
};

static void begin_with(uint64_t total, uint64_t bad, const struct ledger_exclusion *exclusion)
{
    struct ledger_news news = {
        .complete = true,
        .coverage = &coverage,
        .exclusions = exclusion,
        .exclusion_count = exclusion == NULL ? 0 : 1,
    };
    struct arena *arena = NULL;

    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ck_assert_int_eq(book_init(&book, catalogue), 0);
    book_expect(&book, now_wall_ms);
    fake_minute_set(book.windows[0], NOW - 5000, (struct window_sum){ total, bad });
    fake_minute_set(book.windows[1], NOW - 5000, (struct window_sum){ total, bad });
    ck_assert_int_eq(book_apply(&book, &news, &arena, now_wall_ms), 0);
}

static void begin(uint64_t total, uint64_t bad)
{
    begin_with(total, bad, NULL);
}

static void end(void)
{
    book_done(&book);
    catalogue_free(&catalogue);
}

/* The page, or with `because` as it is when its figures must not be trusted. */
static void show_page(const struct render_objective *objective, const char *because,
                      struct buf *buf)
{
    AUTO(buf_done) struct buf page;
    struct render_marks marks;

    buf_init(&page, 1 << 16);
    render_page(objective, &page, &marks);
    ck_assert(buf_ok(&page));
    if (because == NULL)
        buf_append(buf, buf_slice(&page));
    else
        render_stale(buf_slice(&page), &marks, because, buf);
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
    end();
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
    end();
}
END_TEST

START_TEST(a_page_adds_time_coverage_and_its_own_routes)
{
    static const struct ledger_route routes[] = {
        { 0, "GET /a/{id}", 50, true, 2 },
        { 1, "GET /slow", 5, true, 5 },
        { 0, "GET /\"b\"", 0, false, 1 },
    };
    const struct worst_list list = { .routes = routes, .count = 3 };
    AUTO(buf_done) struct buf buf;

    begin(3000, 3);
    buf_init(&buf, 1 << 16);
    show_page(&(struct render_objective){ .book = &book, .routes = &list }, "why", &buf);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&buf),
               "\"coverage\": {\"ratio\": 0.998, \"last_event\": \"2026-07-18T18:39:58.500Z\", "
               "\"watched_until\": \"2026-07-18T18:40:00.000Z\", \"watched_minutes\": 17, "
               "\"unwatched_minutes\": 0, \"lines\": 12, \"late_events\": 4, "
               "\"rejected_lines\": 2, \"lost_bytes\": 3}"));
    ck_assert_ptr_nonnull(strstr(
        buf_text(&buf),
        "\"alerts\": [], \"as_of\": \"2026-07-18T18:40:00.000Z\", \"stale\": true, \"reason\": "
        "\"why\", \"exclusions\": [], \"unwatched_counts_as\": \"ignore\", "
        "\"unwatched_events\": 0, \"routes\": [{\"route\": \"GET /a/{id}\", \"total_events\": 50, "
        "\"bad_events\": 2, "
        "\"consumed_ratio\": 0.666667}, {\"route\": \"GET /\\\"b\\\"\", \"total_events\": null, "
        "\"bad_events\": 1, \"consumed_ratio\": 0.333334}], \"forecast\": null, \"incidents\": "
        "null}"));
    end();
}
END_TEST

START_TEST(exclusions_are_shown_wherever_they_change_a_figure)
{
    static const struct ledger_exclusion exclusion = {
        .objective = "api-availability",
        .id = "e1",
        .reason = "load test",
        .author = "kim",
        .from_minute = NOW - 5010,
        .until_minute = NOW - 4980,
    };
    struct render_objective objective = { .book = &book };
    AUTO(buf_done) struct buf buf;

    begin_with(3000, 3, &exclusion);
    buf_init(&buf, 1 << 16);
    show_page(&objective, NULL, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"total_events\": 0, \"bad_events\": 0, "
                                                 "\"excluded_events\": 3000, "));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"remaining_ratio\": 1, \"exhausts_at\": null, "
                                                 "\"remaining_ratio_without_exclusions\": 0}"));
    ck_assert_ptr_nonnull(strstr(
        buf_text(&buf), "\"exclusions\": [{\"id\": \"e1\", \"from\": \"2026-07-15T07:10:00.000Z\", "
                        "\"to\": \"2026-07-15T07:40:00.000Z\", \"reason\": \"load test\", "
                        "\"author\": \"kim\", \"maintenance\": false, \"excluded_events\": 3000, "
                        "\"excluded_bad_events\": 3}]"));
    buf_clear(&buf);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"excluded_events\": 3000, "));
    /* It names another objective. */
    objective.index = 1;
    buf_clear(&buf);
    show_page(&objective, NULL, &buf);
    ck_assert_ptr_null(strstr(buf_text(&buf), "excluded_events"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"exclusions\": []"));
    end();
}
END_TEST

START_TEST(durations_that_were_derived_are_marked_while_they_are_in_the_window)
{
    struct ledger_derived derived[8] = { { NOW - 6000, NOW - 4000 } };
    struct render_objective objective = { .book = &book };
    AUTO(buf_done) struct buf buf;

    begin(3000, 3);
    book.news.derived = derived;
    buf_init(&buf, 1 << 16);
    show_page(&objective, NULL, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf),
                                 "\"derived\": {\"from\": \"2026-07-14T14:40:00.000Z\", "
                                 "\"to\": \"2026-07-16T00:00:00.000Z\", "
                                 "\"within_ratio\": 0.008}, \"exclusions\""));
    derived[0] = (struct ledger_derived){ NOW - 50000, NOW - 43199 };
    buf_clear(&buf);
    show_page(&objective, NULL, &buf);
    ck_assert_ptr_null(strstr(buf_text(&buf), "derived"));
    objective.index = 2; /* another indicator */
    derived[0] = (struct ledger_derived){ NOW - 6000, NOW - 4000 };
    buf_clear(&buf);
    show_page(&objective, NULL, &buf);
    ck_assert_ptr_null(strstr(buf_text(&buf), "derived"));
    end();
}
END_TEST

START_TEST(nothing_read_is_null_and_no_traffic_is_zero)
{
    struct render_objective objective = { .book = &book, .index = 3 };
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 1 << 16);
    ck_assert_int_eq(catalogue_built_in("api", &catalogue, NULL), 0);
    ck_assert_int_eq(book_init(&book, catalogue), 0);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&buf),
               "\"sli\": null, \"status\": \"no_data\", \"total_events\": null, \"bad_events\": "
               "null, \"measured_since\": null, \"coverage\": {\"ratio\": null, \"last_event\": "
               "null}, \"error_budget\": {\"allowed_bad_events\": null, "));
    end();
    begin(5, 0);
    buf_clear(&buf);
    render_listed(&objective, &buf);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&buf), "\"sli\": null, \"status\": \"no_data\", \"total_events\": 0, "));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "\"remaining_ratio\": 1, "));
    end();
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
    end();
}
END_TEST

START_TEST(a_page_that_is_used_again_has_another_time_and_nothing_else)
{
    struct render_objective objective = { .book = &book };
    AUTO(buf_done) struct buf first;
    AUTO(buf_done) struct buf second;
    struct render_marks marks;
    uint64_t version;

    begin(3000, 3);
    buf_init(&first, 1 << 16);
    buf_init(&second, 1 << 16);
    render_page(&objective, &first, &marks);
    version = render_version(&objective);
    book.as_of_wall_ms += 1000;
    ck_assert_uint_eq(render_version(&objective), version);
    render_page(&objective, &second, &marks);
    ck_assert_str_ne(buf_text(&first), buf_text(&second));
    render_retime(&first, &marks, book.as_of_wall_ms);
    ck_assert_str_eq(buf_text(&first), buf_text(&second));
    end();
}
END_TEST

START_TEST(whatever_is_shown_changes_the_version)
{
    struct latency_percentiles percentiles = { true, 1, 2, 3 };
    struct worst_list list = { .count = 1, .version = 1 };
    struct render_objective objective = {
        .book = &book, .index = 2, .latency = &percentiles, .routes = &list
    };
    uint64_t versions[9];
    int count = 0;

    begin(3000, 3);
    versions[count++] = render_version(&objective);
    percentiles.p99_ms++;
    versions[count++] = render_version(&objective);
    list.version++;
    versions[count++] = render_version(&objective);
    book.verdicts[2].spans[6].bad++;
    versions[count++] = render_version(&objective);
    book.verdicts[2].exhausts_at_wall_ms++;
    versions[count++] = render_version(&objective);
    book.verdicts[2].excluded.total++;
    versions[count++] = render_version(&objective);
    objective.index = 3;
    versions[count++] = render_version(&objective);
    book.news.exclusions = &(const struct ledger_exclusion){ .objective = "", .id = "a" };
    book.news.exclusion_count = 1;
    versions[count++] = render_version(&objective);
    book.news.exclusions = &(const struct ledger_exclusion){ .objective = "", .id = "b" };
    versions[count++] = render_version(&objective);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++)
            ck_assert_msg(versions[i] != versions[j], "%d and %d", i, j);
    }
    end();
}
END_TEST

TCase *render_cases(void)
{
    TCase *cases = tcase_create("render");

    tcase_add_test(cases, an_objective_in_the_list_reads_as_the_api_says);
    tcase_add_test(cases, a_latency_objective_shows_threshold_and_percentiles);
    tcase_add_test(cases, a_page_adds_time_coverage_and_its_own_routes);
    tcase_add_test(cases, exclusions_are_shown_wherever_they_change_a_figure);
    tcase_add_test(cases, durations_that_were_derived_are_marked_while_they_are_in_the_window);
    tcase_add_test(cases, nothing_read_is_null_and_no_traffic_is_zero);
    tcase_add_test(cases, printed_ratios_round_to_the_worse_side);
    tcase_add_test(cases, a_page_that_is_used_again_has_another_time_and_nothing_else);
    tcase_add_test(cases, whatever_is_shown_changes_the_version);
    return cases;
}
