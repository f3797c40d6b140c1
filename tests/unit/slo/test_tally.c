/* test_tally.c - module/slo/tally.c */
/* SPDX-License-Identifier: MIT */
#include "slo/tally.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000, NOW_MINUTE = 29000000, STATUSES = STATUS_HIGH - STATUS_LOW + 1 };

static struct catalogue *catalogue; /* the built-in objectives: bounds at 500 and 2000 ms */
static struct plan *plan;

static void set_up(void)
{
    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
}

static void tear_down(void)
{
    plan_free(&plan);
    catalogue_free(&catalogue);
}

static uint32_t series_of(struct tally *tally, const char *route)
{
    int series = tally_series(tally, 0, slice_of(route), EVENT_GET);

    ck_assert_int_ge(series, 0);
    return (uint32_t)series;
}

static struct tally_event event_at(int minute, uint32_t series, int status, uint64_t duration_ms)
{
    return (struct tally_event){ (int64_t)(NOW_MINUTE + minute) * MINUTE_MS + 59999, duration_ms,
                                 series, (uint16_t)status };
}

static void add(struct tally *tally, struct tally_event event)
{
    ck_assert(tally_add(tally, &event));
}

static const struct tally_row *row_of(const struct tally *tally, int minute, uint32_t series)
{
    for (int i = 0; i < tally_row_count(tally); i++) {
        const struct tally_row *row = tally_row_at(tally, i);

        if (row->minute == NOW_MINUTE + minute && row->series == series)
            return row;
    }
    return NULL;
}

START_TEST(a_status_decides_what_is_counted)
{
    static const struct {
        int status;
        uint64_t total, errors, client_closed, timed;
    } cases[] = {
        { 200, 1, 0, 0, 1 }, { 404, 1, 0, 0, 1 }, { 498, 1, 0, 0, 1 },
        { 499, 0, 0, 1, 0 }, { 500, 1, 1, 0, 0 }, { 599, 1, 1, 0, 0 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(tally_free) struct tally *tally = tally_new(plan);
        uint32_t series = series_of(tally, "/");
        const struct tally_row *row;
        struct tally_totals totals;

        add(tally, event_at(0, series, cases[i].status, 700));
        row = tally_row_at(tally, 0);
        totals = tally_row_totals(row);
        ck_assert_uint_eq(totals.total, cases[i].total);
        ck_assert_uint_eq(totals.errors, cases[i].errors);
        ck_assert_uint_eq(totals.client_closed, cases[i].client_closed);
        ck_assert_int_eq(row->cells->status_count, 1);
        ck_assert_int_eq(row->cells->statuses[0], cases[i].status);
        ck_assert_uint_eq(row->cells->counts[1], 1);
        ck_assert_ptr_null(row->cells->next);
        ck_assert_uint_eq(row->durations.count, cases[i].timed);
        ck_assert_uint_eq(row->duration_ms_sum, cases[i].timed * 700);
        ck_assert_uint_eq(row->duration_ms_max, cases[i].timed * 700);
    }
}
END_TEST

START_TEST(a_time_equal_to_a_bound_is_in_the_slower_bucket)
{
    static const uint64_t durations_ms[] = { 0, 499, 500, 1999, 2000, UINT64_MAX };
    AUTO(tally_free) struct tally *tally = tally_new(plan);
    uint32_t series = series_of(tally, "/");

    for (size_t i = 0; i < ARRAY_LENGTH(durations_ms); i++)
        add(tally, event_at(0, series, 503, durations_ms[i]));
    ck_assert_int_eq(tally_row_at(tally, 0)->cells->bucket_count, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(tally_row_at(tally, 0)->cells->counts[i], 2);
}
END_TEST

START_TEST(each_status_is_kept_once)
{
    AUTO(tally_free) struct tally *tally = tally_new(plan);
    uint32_t series = series_of(tally, "/");
    uint64_t seen = 0;

    for (int i = 0; i < 5000; i++)
        add(tally, event_at(0, series, STATUS_LOW + i % STATUSES, (uint64_t)i));
    for (const struct plan_cells *cells = tally_row_at(tally, 0)->cells; cells != NULL;
         cells = cells->next) {
        for (int i = 0; i < cells->status_count; i++) {
            ck_assert_uint_eq(plan_cells_sum(cells, i), 10);
            seen++;
        }
    }
    ck_assert_uint_eq(seen, STATUSES);
}
END_TEST

START_TEST(a_series_is_a_service_a_route_and_a_method)
{
    AUTO(tally_free) struct tally *tally = tally_new(plan);
    const struct plan_series *series;

    ck_assert_int_eq(tally_series(tally, 0, SLICE("/a"), EVENT_GET), 0);
    ck_assert_int_eq(tally_series(tally, 0, SLICE("/a"), EVENT_POST), 1);
    ck_assert_int_eq(tally_series(tally, 0, SLICE("/b"), EVENT_GET), 2);
    ck_assert_int_eq(tally_series(tally, 0, SLICE("/a"), EVENT_POST), 1);
    ck_assert_int_eq(tally_series_count(tally), 3);
    series = tally_series_at(tally, 1);
    ck_assert_str_eq(series->route, "/a");
    ck_assert_int_eq(series->method, EVENT_POST);
}
END_TEST

START_TEST(rows_are_kept_by_minute_and_series)
{
    AUTO(tally_free) struct tally *tally = tally_new(plan);
    uint32_t a = series_of(tally, "/a");
    uint32_t b = series_of(tally, "/b");

    ck_assert_uint_ne(a, b);
    for (int i = 0; i < 300; i++) {
        add(tally, event_at(i % 3, a, 200, 1));
        add(tally, event_at(i % 2, b, 500, 1));
    }
    ck_assert_int_eq(tally_row_count(tally), 5);
    ck_assert_uint_eq(tally_row_totals(row_of(tally, 2, a)).total, 100);
    ck_assert_uint_eq(tally_row_totals(row_of(tally, 1, b)).errors, 150);
}
END_TEST

START_TEST(a_tally_is_full_at_its_rows_and_its_series)
{
    AUTO(tally_free) struct tally *tally = tally_new(plan);
    uint32_t series = series_of(tally, "/");
    struct tally_event beyond = event_at(LIMIT_TALLY_ROWS, series, 200, 1);

    for (int i = 0; i < LIMIT_TALLY_ROWS; i++)
        add(tally, event_at(i, series, 200, 1));
    ck_assert(!tally_add(tally, &beyond));
    add(tally, event_at(0, series, 200, 1));
    ck_assert_int_eq(tally_row_count(tally), LIMIT_TALLY_ROWS);

    for (int i = 1; i < LIMIT_TALLY_SERIES; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "/%d", i);
        ck_assert_int_eq(tally_series(tally, 0, slice_of(name), EVENT_GET), i);
    }
    ck_assert_int_eq(tally_series(tally, 0, SLICE("/one-too-many"), EVENT_GET), -1);
    ck_assert_int_eq(tally_series(tally, 0, SLICE("/7"), EVENT_GET), 7);
}
END_TEST

/* What the ledger makes of a row grows with the service's indicators. */
START_TEST(a_service_with_many_indicators_has_fewer_rows)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");
    AUTO(catalogue_free) struct catalogue *large = NULL;
    AUTO(plan_free) struct plan *of_large = NULL;
    AUTO(tally_free) struct tally *tally = NULL;
    uint32_t series;
    int rows = 0;

    for (int i = 0; i < 499; i++) {
        struct objective objective = { .type = OBJECTIVE_CUSTOM, .window_minutes = 60 };
        struct indicator indicator = { .service = "app" };

        (void)snprintf(objective.name, sizeof(objective.name), "o%d", i);
        status_set_add(&indicator.mark.statuses, STATUS_LOW + i, STATUS_LOW + i);
        ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    }
    large = catalogue_finish(&builder);
    ck_assert_int_eq(plan_new(large, &of_large, NULL), 0);
    tally = tally_new(of_large);
    series = series_of(tally, "/");
    for (bool added = true; added; rows += added) {
        struct tally_event event = event_at(rows, series, 200, 1);

        added = tally_add(tally, &event);
    }
    ck_assert_int_eq(rows, LIMIT_TALLY_SHARES / 499 + 1);
    ck_assert_int_eq(tally_row_count(tally), rows);
}
END_TEST

START_TEST(what_does_not_fit_the_memory_leaves_no_trace)
{
    AUTO(tally_free) struct tally *tally = tally_new(plan);
    uint32_t series = series_of(tally, "/");
    uint64_t counted = 0;
    uint64_t total = 0;

    /* Every row in many groups: the memory is full before the rows are. */
    for (int i = 0; i < LIMIT_TALLY_ROWS * 12; i++) {
        struct tally_event event = event_at(i / 12, series, 200, (uint64_t)100 << i % 12);

        counted += tally_add(tally, &event);
    }
    ck_assert_int_lt(tally_row_count(tally), LIMIT_TALLY_ROWS);
    for (int i = 0; i < tally_row_count(tally); i++) {
        uint64_t events = tally_row_totals(tally_row_at(tally, i)).total;

        ck_assert_uint_gt(events, 0);
        ck_assert_uint_eq(events, tally_row_at(tally, i)->durations.count);
        total += events;
    }
    ck_assert_uint_eq(total, counted);
}
END_TEST

START_TEST(memory_that_runs_out_is_reported_and_nothing_leaks)
{
    int n = 0;

    for (;; n++) {
        struct tally_event event = event_at(0, 0, 200, 10);
        AUTO(tally_free) struct tally *tally = NULL;
        bool counted;

        malloc_fail_at(n);
        tally = tally_new(plan);
        counted = tally != NULL && tally_series(tally, 0, SLICE("/"), EVENT_GET) == 0
                  && tally_add(tally, &event);
        ck_assert(counted != malloc_failed());
        malloc_fail_at(-1);
        if (counted)
            break;
    }
    ck_assert_int_ge(n, 3);
}
END_TEST

START_TEST(a_flush_takes_its_tally_along)
{
    struct flush *flush = calloc(1, sizeof(*flush));

    flush->tally = tally_new(plan);
    flush_free(&flush);
    ck_assert_ptr_null(flush);
    flush_free(&flush);
}
END_TEST

TCase *tally_cases(void)
{
    TCase *cases = tcase_create("tally");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_status_decides_what_is_counted);
    tcase_add_test(cases, a_time_equal_to_a_bound_is_in_the_slower_bucket);
    tcase_add_test(cases, each_status_is_kept_once);
    tcase_add_test(cases, a_series_is_a_service_a_route_and_a_method);
    tcase_add_test(cases, rows_are_kept_by_minute_and_series);
    tcase_add_test(cases, a_tally_is_full_at_its_rows_and_its_series);
    tcase_add_test(cases, a_service_with_many_indicators_has_fewer_rows);
    tcase_add_test(cases, what_does_not_fit_the_memory_leaves_no_trace);
    tcase_add_test(cases, memory_that_runs_out_is_reported_and_nothing_leaks);
    tcase_add_test(cases, a_flush_takes_its_tally_along);
    return cases;
}
