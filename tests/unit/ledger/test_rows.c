/* test_rows.c - module/ledger/rows.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/rows.h"

#include "suite.h"

#include <errno.h>

static struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
static const struct ledger_settings settings = { .service = "app",
                                                 .objectives = objectives,
                                                 .objective_count = OBJECTIVE_BUILT_IN_COUNT };
/* Ids need not be in the order of the objectives. */
static const struct registry registry = { .ids = { 7, 2, 4, 9 } };

static struct tally *new_tally(void)
{
    int64_t thresholds_ms[LIMIT_THRESHOLDS];
    int count;

    objective_built_in("app", objectives);
    count = objective_thresholds(objectives, OBJECTIVE_BUILT_IN_COUNT, thresholds_ms);
    return tally_new(thresholds_ms, count);
}

static void add(struct tally *tally, const char *route, struct tally_event event)
{
    event.route = (uint32_t)tally_route(tally, slice_of(route));
    ck_assert(tally_add(tally, &event));
}

static struct tally *example(void)
{
    struct tally *tally = new_tally();

    add(tally, "/b", (struct tally_event){ 120000, 10, 0, 200 });
    add(tally, "/b", (struct tally_event){ 120000, 600, 0, 200 });
    add(tally, "/a", (struct tally_event){ 60000, 3000, 0, 200 });
    add(tally, "/a", (struct tally_event){ 60000, 5, 0, 500 });
    add(tally, "/a", (struct tally_event){ 180000, 5, 0, 499 });
    return tally;
}

START_TEST(rows_come_in_the_order_of_their_keys)
{
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, &settings, &registry, arena), 0);
    ck_assert_int_eq(rows.objective_count, 8);
    for (int i = 1; i < rows.objective_count; i++) {
        const struct objective_row *a = &rows.objectives[i - 1];
        const struct objective_row *b = &rows.objectives[i];

        ck_assert(a->objective_id < b->objective_id
                  || (a->objective_id == b->objective_id && a->sum->minute < b->sum->minute));
    }
    ck_assert_int_eq(rows.route_count, 3);
    ck_assert_str_eq(rows.routes[0].route, "/a");
    ck_assert_int_eq(rows.routes[1].counts->minute, 3);
    ck_assert_str_eq(rows.routes[2].route, "/b");
    ck_assert_int_eq(rows.minute_count, 3);
    ck_assert_int_eq(rows.minutes[0], 1);
}
END_TEST

START_TEST(only_bad_events_make_rows_by_route_and_objective)
{
    static const struct bad_row want[] = { { 2, "/a", 1, 1 },
                                           { 4, "/a", 1, 1 },
                                           { 4, "/b", 2, 1 },
                                           { 7, "/a", 1, 1 },
                                           { 9, "/a", 1, 1 } };
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, &settings, &registry, arena), 0);
    ck_assert_int_eq(rows.bad_count, ARRAY_LENGTH(want));
    for (int i = 0; i < rows.bad_count; i++) {
        ck_assert_int_eq(rows.bads[i].objective_id, want[i].objective_id);
        ck_assert_str_eq(rows.bads[i].route, want[i].route);
        ck_assert_int_eq(rows.bads[i].minute, want[i].minute);
        ck_assert_uint_eq(rows.bads[i].bad, want[i].bad);
    }
}
END_TEST

START_TEST(a_minute_knows_its_rows_and_events)
{
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(1 << 22);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, &settings, &registry, arena), 0);
    ck_assert_uint_eq(rows_events_in(&rows, 1), 2);
    ck_assert_uint_eq(rows_events_in(&rows, 3), 1);
    ck_assert_int_eq(rows_in(&rows, 1), 4 + 1 + 4);
    ck_assert_int_eq(rows_in(&rows, 3), 1);
    ck_assert_int_eq(rows_in(&rows, 99), 0);
}
END_TEST

START_TEST(no_tally_makes_no_rows)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, NULL, &settings, &registry, arena), 0);
    ck_assert_int_eq(rows.objective_count + rows.route_count + rows.bad_count, 0);
}
END_TEST

START_TEST(a_tally_without_an_objectives_threshold_is_refused)
{
    int64_t other_ms = 77;
    AUTO(tally_free) struct tally *tally = tally_new(&other_ms, 1);
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    struct rows rows;

    objective_built_in("app", objectives);
    add(tally, "/a", (struct tally_event){ 60000, 5, 0, 200 });
    ck_assert_int_eq(rows_build(&rows, tally, &settings, &registry, arena), -EINVAL);
}
END_TEST

START_TEST(rows_that_do_not_fit_are_refused)
{
    AUTO(tally_free) struct tally *tally = example();
    AUTO(arena_free) struct arena *arena = arena_new(200);
    struct rows rows;

    ck_assert_int_eq(rows_build(&rows, tally, &settings, &registry, arena), -ENOMEM);
}
END_TEST

TCase *rows_cases(void)
{
    TCase *cases = tcase_create("rows");

    tcase_add_test(cases, rows_come_in_the_order_of_their_keys);
    tcase_add_test(cases, only_bad_events_make_rows_by_route_and_objective);
    tcase_add_test(cases, a_minute_knows_its_rows_and_events);
    tcase_add_test(cases, no_tally_makes_no_rows);
    tcase_add_test(cases, a_tally_without_an_objectives_threshold_is_refused);
    tcase_add_test(cases, rows_that_do_not_fit_are_refused);
    return cases;
}
