/* test_rows.c - module/ledger/rows.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/rows.h"

#include "slo/status_counts.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static struct catalogue *catalogue;
static struct plan *plan;
/* Ids need not be in the order of the indicators: all but 5xx, then the two of latency. */
static const int ids[] = { 7, 4, 9 };

static void set_up(void)
{
    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
    ck_assert_int_eq(catalogue->indicator_count, 3);
}

static void tear_down(void)
{
    plan_free(&plan);
    catalogue_free(&catalogue);
}

static void add(struct tally *tally, const char *route, enum event_method method,
                struct tally_event event)
{
    event.series = (uint32_t)tally_series(tally, 0, slice_of(route), method);
    ck_assert(tally_add(tally, &event));
}

static struct tally *example(void)
{
    struct tally *tally = tally_new(plan);

    add(tally, "/b", EVENT_GET, (struct tally_event){ 120000, 10, 0, 200 });
    add(tally, "/b", EVENT_GET, (struct tally_event){ 120000, 600, 0, 200 });
    add(tally, "/b", EVENT_DELETE, (struct tally_event){ 120000, 700, 0, 204 });
    add(tally, "/a", EVENT_GET, (struct tally_event){ 60000, 3000, 0, 200 });
    add(tally, "/a", EVENT_GET, (struct tally_event){ 60000, 5, 0, 500 });
    add(tally, "/a", EVENT_GET, (struct tally_event){ 180000, 5, 0, 499 });
    return tally;
}

START_TEST(rows_come_in_the_order_of_their_keys)
{
    static const struct {
        const char *route;
        enum event_method method;
        int32_t minute;
    } routes[] = { { "/a", EVENT_GET, 1 },
                   { "/a", EVENT_GET, 3 },
                   { "/b", EVENT_DELETE, 2 },
                   { "/b", EVENT_GET, 2 } };
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    const struct service_rows *service;
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, ids, arena), 0);
    ck_assert_int_eq(rows.service_count, 1);
    service = &rows.services[0];
    ck_assert_int_eq(service->service, 0);
    ck_assert_int_eq(service->route_count, ARRAY_LENGTH(routes));
    for (int i = 0; i < service->route_count; i++) {
        ck_assert_str_eq(service->routes[i].route, routes[i].route);
        ck_assert_int_eq(service->routes[i].method, routes[i].method);
        ck_assert_int_eq(service->routes[i].minute, routes[i].minute);
    }
    ck_assert_int_eq(rows.minute_count, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(rows.minutes[i], i + 1);
}
END_TEST

START_TEST(an_indicators_rows_sum_the_routes_of_a_minute)
{
    static const struct indicator_row want[] = {
        { .indicator = 1, .id = 4, .minute = 1, .total = 1, .bad = 1, .timed = true },
        { .indicator = 1, .id = 4, .minute = 2, .total = 3, .bad = 2, .timed = true },
        { .indicator = 0, .id = 7, .minute = 1, .total = 2, .bad = 1 },
        { .indicator = 0, .id = 7, .minute = 2, .total = 3, .bad = 0 },
        { .indicator = 2, .id = 9, .minute = 1, .total = 1, .bad = 1, .timed = true },
        { .indicator = 2, .id = 9, .minute = 2, .total = 3, .bad = 0, .timed = true },
    };
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, ids, arena), 0);
    ck_assert_int_eq(rows.services[0].indicator_count, ARRAY_LENGTH(want));
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        const struct indicator_row *row = &rows.services[0].indicators[i];
        struct histogram durations;

        ck_assert_int_eq(row->indicator, want[i].indicator);
        ck_assert_int_eq(row->id, want[i].id);
        ck_assert_int_eq(row->minute, want[i].minute);
        ck_assert_uint_eq(row->total, want[i].total);
        ck_assert_uint_eq(row->bad, want[i].bad);
        ck_assert_int_eq(row->timed, want[i].timed);
        histogram_init(&durations, arena);
        ck_assert(rows_merge_durations(row, &durations));
        ck_assert_uint_eq(durations.count, row->minute == 1 ? 1 : 3);
    }
}
END_TEST

START_TEST(a_routes_row_has_its_counts_by_status)
{
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    struct status_counts counts = { { 0 } };
    const struct route_row *row;
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, ids, arena), 0);
    row = &rows.services[0].routes[0];
    ck_assert_uint_eq(row->totals.total, 2);
    ck_assert_uint_eq(row->totals.errors, 1);
    ck_assert_uint_eq(row->counts->duration_ms_max, 3000);
    ck_assert_int_eq(status_counts_merge(&counts, row->statuses), 0);
    ck_assert_uint_eq(status_counts_of(&counts, 200), 1);
    ck_assert_uint_eq(status_counts_of(&counts, 500), 1);
    ck_assert_int_eq(status_counts_merge(&counts, rows.services[0].routes[1].statuses), 0);
    ck_assert_uint_eq(status_counts_of(&counts, 499), 1);
}
END_TEST

START_TEST(only_bad_events_make_rows_by_route_and_indicator)
{
    static const struct bad_row want[] = {
        { 1, 4, "/a", 1, 1 }, { 1, 4, "/b", 2, 2 }, { 0, 7, "/a", 1, 1 }, { 2, 9, "/a", 1, 1 }
    };
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, ids, arena), 0);
    ck_assert_int_eq(rows.services[0].bad_count, ARRAY_LENGTH(want));
    for (size_t i = 0; i < ARRAY_LENGTH(want); i++) {
        const struct bad_row *row = &rows.services[0].bads[i];

        ck_assert_int_eq(row->indicator, want[i].indicator);
        ck_assert_int_eq(row->id, want[i].id);
        ck_assert_str_eq(row->route, want[i].route);
        ck_assert_int_eq(row->minute, want[i].minute);
        ck_assert_uint_eq(row->bad, want[i].bad);
    }
}
END_TEST

START_TEST(a_minute_knows_its_rows_and_events)
{
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    const struct service_rows *service;
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, ids, arena), 0);
    service = &rows.services[0];
    ck_assert_uint_eq(rows_events_in(service, 1), 2);
    ck_assert_uint_eq(rows_events_in(service, 3), 1);
    ck_assert_int_eq(rows_in(service, 1), 3 + 1 + 3);
    ck_assert_int_eq(rows_in(service, 3), 1);
    ck_assert_int_eq(rows_in(service, 99), 0);
    ck_assert_int_eq(rows_count(service), 6 + 4 + 4);
}
END_TEST

/* An indicator of web that looks at one route and one of api that looks at all, told by what is
 * good. */
static struct catalogue *two_services(void)
{
    static const char *const routes[] = { "/a" };
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("web");
    struct objective objective = { .type = OBJECTIVE_CUSTOM, .window_minutes = 60 };
    struct indicator indicator = { .service = "web",
                                   .total = { .routes = routes, .route_count = 1 },
                                   .mark.from_ms = 100,
                                   .timed = true };

    memcpy(objective.name, "one", 4);
    ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    memcpy(objective.name, "two", 4);
    indicator = (struct indicator){ .service = "api", .marks_good = true };
    status_set_add(&indicator.mark.statuses, 200, 299);
    ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    return catalogue_finish(&builder);
}

START_TEST(rows_are_grouped_by_service)
{
    AUTO(catalogue_free) struct catalogue *both = two_services();
    AUTO(plan_free) struct plan *of_both = NULL;
    AUTO(tally_free) struct tally *tally = NULL;
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    static const char *const paths[] = { "/a", "/b" };
    struct histogram durations;
    struct rows rows;

    ck_assert_int_eq(plan_new(both, &of_both, NULL), 0);
    tally = tally_new(of_both);
    for (int i = 0; i < 40; i++) {
        int series = tally_series(tally, i % 2, slice_of(paths[i / 2 % 2]), EVENT_GET);
        struct tally_event event = { 60000 * (1 + i / 20), (uint64_t)i * 5, (uint32_t)series,
                                     i % 8 == 0 ? 404 : 200 };

        ck_assert(tally_add(tally, &event));
    }
    ck_assert_int_eq(rows_build(&rows, tally, ids, arena), 0);
    ck_assert_int_eq(rows.service_count, 2);
    /* api: both routes of both minutes, every eighth event of all is a 404 of its own. */
    ck_assert_str_eq(both->services[rows.services[0].service], "api");
    ck_assert_int_eq(rows.services[0].indicator_count, 2);
    ck_assert_uint_eq(rows.services[0].indicators[0].total, 10);
    ck_assert_uint_eq(rows.services[0].indicators[0].bad, 3);
    ck_assert_int_eq(rows.services[0].route_count, 4);
    ck_assert_uint_eq(rows_events_in(&rows.services[0], 1), 10);
    /* web: only /a, whose events are the 2nd, 6th, 10th…: of 5 in the first minute none is slow. */
    ck_assert_str_eq(both->services[rows.services[1].service], "web");
    ck_assert_int_eq(rows.services[1].indicator_count, 2);
    ck_assert_uint_eq(rows.services[1].indicators[0].total, 5);
    ck_assert_uint_eq(rows.services[1].indicators[0].bad, 0);
    ck_assert_uint_eq(rows.services[1].indicators[1].bad, 5);
    ck_assert_int_eq(rows.services[1].bad_count, 1);
    ck_assert_int_eq(rows.services[1].route_count, 4);
    histogram_init(&durations, arena);
    ck_assert(rows_merge_durations(&rows.services[1].indicators[0], &durations));
    ck_assert_uint_eq(durations.count, 5);
    ck_assert_int_eq(rows.minute_count, 2);
}
END_TEST

START_TEST(no_tally_makes_no_rows)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, NULL, ids, arena), 0);
    ck_assert_int_eq(rows.service_count + rows.minute_count, 0);
}
END_TEST

START_TEST(rows_that_do_not_fit_are_refused)
{
    AUTO(tally_free) struct tally *tally = example();
    struct rows rows;
    size_t bytes = 8;

    for (int code = -ENOMEM; code != 0; bytes += 8) {
        AUTO(arena_free) struct arena *arena = arena_new(bytes);

        code = rows_build(&rows, tally, ids, arena);
        ck_assert(code == 0 || code == -ENOMEM);
    }
    ck_assert_uint_gt(bytes, 500);
}
END_TEST

TCase *rows_cases(void)
{
    TCase *cases = tcase_create("rows");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, rows_come_in_the_order_of_their_keys);
    tcase_add_test(cases, an_indicators_rows_sum_the_routes_of_a_minute);
    tcase_add_test(cases, a_routes_row_has_its_counts_by_status);
    tcase_add_test(cases, only_bad_events_make_rows_by_route_and_indicator);
    tcase_add_test(cases, a_minute_knows_its_rows_and_events);
    tcase_add_test(cases, rows_are_grouped_by_service);
    tcase_add_test(cases, no_tally_makes_no_rows);
    tcase_add_test(cases, rows_that_do_not_fit_are_refused);
    return cases;
}
