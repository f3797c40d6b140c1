/* test_tally.c - module/slo/tally.c */
/* SPDX-License-Identifier: MIT */
#include "slo/tally.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_MS = 60000, NOW_MINUTE = 29000000 };

static const int64_t thresholds_ms[] = { 500, 2000 };

static struct tally_event event_at(int minute, uint32_t route, int status, uint64_t duration_ms)
{
    return (struct tally_event){ (int64_t)(NOW_MINUTE + minute) * MINUTE_MS + 59999, duration_ms,
                                 route, (uint16_t)status };
}

static void add(struct tally *tally, struct tally_event event)
{
    ck_assert(tally_add(tally, &event));
}

static const struct tally_row *row_of(const struct tally *tally, int minute, uint32_t route)
{
    for (int i = 0; i < tally_row_count(tally); i++) {
        const struct tally_row *row = tally_row_at(tally, i);

        if (row->minute == NOW_MINUTE + minute && row->route == route)
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
        AUTO(tally_free) struct tally *tally = tally_new(thresholds_ms, 2);
        uint32_t route = (uint32_t)tally_route(tally, SLICE("/"));
        const struct tally_row *row;

        add(tally, event_at(0, route, cases[i].status, 700));
        row = tally_row_at(tally, 0);
        ck_assert_uint_eq(row->total, cases[i].total);
        ck_assert_uint_eq(row->errors, cases[i].errors);
        ck_assert_uint_eq(row->client_closed, cases[i].client_closed);
        ck_assert_uint_eq(row->slow[0], cases[i].timed);
        ck_assert_uint_eq(row->slow[1], 0);
        ck_assert_uint_eq(row->durations.count, cases[i].timed);
        ck_assert_uint_eq(row->duration_ms_sum, cases[i].timed * 700);
        ck_assert_uint_eq(row->duration_ms_max, cases[i].timed * 700);
    }
}
END_TEST

START_TEST(a_time_equal_to_the_threshold_is_slow)
{
    AUTO(tally_free) struct tally *tally = tally_new(thresholds_ms, 2);
    uint32_t route = (uint32_t)tally_route(tally, SLICE("/"));

    add(tally, event_at(0, route, 200, 499));
    add(tally, event_at(0, route, 200, 500));
    add(tally, event_at(0, route, 200, 1999));
    add(tally, event_at(0, route, 200, 2000));
    ck_assert_uint_eq(tally_row_at(tally, 0)->slow[0], 3);
    ck_assert_uint_eq(tally_row_at(tally, 0)->slow[1], 1);
}
END_TEST

START_TEST(rows_are_kept_by_minute_and_route)
{
    AUTO(tally_free) struct tally *tally = tally_new(thresholds_ms, 2);
    uint32_t a = (uint32_t)tally_route(tally, SLICE("/a"));
    uint32_t b = (uint32_t)tally_route(tally, SLICE("/b"));

    ck_assert_uint_ne(a, b);
    ck_assert_int_eq(tally_route(tally, SLICE("/a")), (int)a);
    for (int i = 0; i < 300; i++) {
        add(tally, event_at(i % 3, a, 200, 1));
        add(tally, event_at(i % 2, b, 500, 1));
    }
    ck_assert_int_eq(tally_row_count(tally), 5);
    ck_assert_uint_eq(row_of(tally, 2, a)->total, 100);
    ck_assert_uint_eq(row_of(tally, 1, b)->errors, 150);
    ck_assert_str_eq(tally_route_name(tally, b), "/b");
}
END_TEST

START_TEST(a_tally_is_full_at_its_rows_and_its_routes)
{
    AUTO(tally_free) struct tally *tally = tally_new(thresholds_ms, 2);
    uint32_t route = (uint32_t)tally_route(tally, SLICE("/"));
    struct tally_event beyond = event_at(LIMIT_TALLY_ROWS, route, 200, 1);

    for (int i = 0; i < LIMIT_TALLY_ROWS; i++)
        add(tally, event_at(i, route, 200, 1));
    ck_assert(!tally_add(tally, &beyond));
    add(tally, event_at(0, route, 200, 1));
    ck_assert_int_eq(tally_row_count(tally), LIMIT_TALLY_ROWS);

    for (int i = 1; i <= LIMIT_ROUTES; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "/%d", i);
        ck_assert_int_eq(tally_route(tally, slice_of(name)), i);
    }
    ck_assert_int_eq(tally_route(tally, SLICE("/one-too-many")), -1);
}
END_TEST

START_TEST(what_does_not_fit_the_memory_leaves_no_trace)
{
    AUTO(tally_free) struct tally *tally = tally_new(thresholds_ms, 2);
    uint32_t route = (uint32_t)tally_route(tally, SLICE("/"));
    uint64_t counted = 0;
    uint64_t total = 0;

    /* Every row in many groups: the memory is full before the rows are. */
    for (int i = 0; i < LIMIT_TALLY_ROWS * 12; i++) {
        struct tally_event event = event_at(i / 12, route, 200, (uint64_t)100 << i % 12);

        counted += tally_add(tally, &event);
    }
    ck_assert_int_lt(tally_row_count(tally), LIMIT_TALLY_ROWS);
    for (int i = 0; i < tally_row_count(tally); i++) {
        ck_assert_uint_gt(tally_row_at(tally, i)->total, 0);
        total += tally_row_at(tally, i)->total;
    }
    ck_assert_uint_eq(total, counted);
}
END_TEST

START_TEST(sums_join_the_routes_of_a_minute)
{
    static const struct objective objectives[] = {
        { .type = OBJECTIVE_AVAILABILITY },
        { .type = OBJECTIVE_ERROR_RATE },
        { .type = OBJECTIVE_LATENCY, .threshold_ms = 2000 },
        { .type = OBJECTIVE_LATENCY, .threshold_ms = 750 },
    };
    AUTO(tally_free) struct tally *tally = tally_new(thresholds_ms, 2);
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    uint32_t a = (uint32_t)tally_route(tally, SLICE("/a"));
    uint32_t b = (uint32_t)tally_route(tally, SLICE("/b"));
    struct tally_sum *sums = NULL;

    add(tally, event_at(1, a, 200, 2500));
    add(tally, event_at(0, a, 200, 10));
    add(tally, event_at(0, b, 503, 9000));
    add(tally, event_at(0, b, 499, 9000));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tally_sum_by_minute(tally, &objectives[i], arena, &sums), 2);
        ck_assert_int_eq(sums[0].minute, NOW_MINUTE);
        ck_assert_uint_eq(sums[0].total, 2);
        ck_assert_uint_eq(sums[0].bad, 1);
        ck_assert_uint_eq(sums[0].durations.count, 0);
        ck_assert_uint_eq(sums[1].bad, 0);
    }
    ck_assert_int_eq(tally_sum_by_minute(tally, &objectives[2], arena, &sums), 2);
    ck_assert_uint_eq(sums[0].total, 1);
    ck_assert_uint_eq(sums[0].bad, 0);
    ck_assert_uint_eq(sums[1].bad, 1);
    ck_assert_uint_eq(histogram_count_from(&sums[1].durations, 2000), 1);
    ck_assert_int_eq(tally_sum_by_minute(tally, &objectives[3], arena, &sums), -1);
}
END_TEST

START_TEST(an_empty_tally_has_no_sums)
{
    static const struct objective objective = { .type = OBJECTIVE_AVAILABILITY };
    AUTO(tally_free) struct tally *tally = tally_new(NULL, 0);
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    AUTO(arena_free) struct arena *tiny = arena_new(8);
    struct tally_sum *sums = NULL;

    ck_assert_int_eq(tally_sum_by_minute(tally, &objective, arena, &sums), 0);
    ck_assert_int_eq(tally_sum_by_minute(tally, &objective, tiny, &sums), -1);
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
        tally = tally_new(thresholds_ms, 2);
        counted = tally != NULL && tally_route(tally, SLICE("/")) == 0 && tally_add(tally, &event);
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

    flush->tally = tally_new(thresholds_ms, 2);
    flush_free(&flush);
    ck_assert_ptr_null(flush);
    flush_free(&flush);
}
END_TEST

TCase *tally_cases(void)
{
    TCase *cases = tcase_create("tally");

    tcase_add_test(cases, a_status_decides_what_is_counted);
    tcase_add_test(cases, a_time_equal_to_the_threshold_is_slow);
    tcase_add_test(cases, rows_are_kept_by_minute_and_route);
    tcase_add_test(cases, a_tally_is_full_at_its_rows_and_its_routes);
    tcase_add_test(cases, what_does_not_fit_the_memory_leaves_no_trace);
    tcase_add_test(cases, sums_join_the_routes_of_a_minute);
    tcase_add_test(cases, an_empty_tally_has_no_sums);
    tcase_add_test(cases, memory_that_runs_out_is_reported_and_nothing_leaks);
    tcase_add_test(cases, a_flush_takes_its_tally_along);
    return cases;
}
