/* test_trackers.c - module/accountant/trackers.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/trackers.h"

#include "fake_ledger.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 29740000 };

static struct catalogue *catalogue;
static struct book book;
static struct trackers trackers;

/* `count` latency objectives, each over its own route unless they share `route`. */
static void begin(int count, const char *route)
{
    struct catalogue_builder *builder = catalogue_builder_new("app");

    ck_assert_ptr_nonnull(builder);
    for (int i = 0; i < count; i++) {
        struct objective objective = {
            .service = "app",
            .type = OBJECTIVE_LATENCY,
            .target = { 99, 100 },
            .window_minutes = 43200,
            .threshold_ms = 100 + i,
        };
        char name[16];
        const char *routes[1];
        struct indicator indicator = { .service = "app" };

        (void)snprintf(objective.name, sizeof(objective.name), "o%03d", i);
        (void)snprintf(name, sizeof(name), "/r%d", i);
        routes[0] =
            arena_copy(catalogue_builder_arena(builder), slice_of(route == NULL ? name : route));
        indicator.total.routes = routes;
        indicator.total.route_count = 1;
        indicator.mark.from_ms = objective.threshold_ms;
        {
            const char **kept = arena_alloc(catalogue_builder_arena(builder), sizeof(*kept));

            ck_assert_ptr_nonnull(kept);
            kept[0] = routes[0];
            indicator.total.routes = kept;
        }
        ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    }
    catalogue = catalogue_finish(&builder);
    memset(&fake_ledger, 0, sizeof(fake_ledger));
    ck_assert_int_eq(book_init(&book, catalogue), 0);
    ck_assert_int_eq(trackers_init(&trackers, &book), 0);
}

static void end(void)
{
    trackers_done(&trackers);
    book_done(&book);
    catalogue_free(&catalogue);
}

START_TEST(thresholds_over_the_same_events_share_a_tracker)
{
    begin(5, "/one");
    ck_assert_int_eq(trackers.count, 1);
    ck_assert_ptr_eq(trackers_of(&trackers, 0), trackers_of(&trackers, 4));
    end();
}
END_TEST

START_TEST(selections_beyond_the_bound_have_no_percentiles)
{
    begin(LIMIT_TRACKERS + 3, NULL);
    ck_assert_int_eq(trackers.count, LIMIT_TRACKERS);
    ck_assert_ptr_ne(trackers_of(&trackers, 0), trackers_of(&trackers, 1));
    ck_assert(!trackers_of(&trackers, LIMIT_TRACKERS + 1)->known);
    ck_assert_ptr_eq(trackers_of(&trackers, LIMIT_TRACKERS + 1),
                     trackers_of(&trackers, LIMIT_TRACKERS + 2));
    end();
}
END_TEST

START_TEST(nothing_is_read_until_there_are_events)
{
    begin(2, NULL);
    trackers_turn(&trackers, NULL, (struct trackers_time){ 1000, NOW });
    ck_assert_int_eq(fake_ledger.histogram_calls, 0);
    book.verdicts[1].counted.total = 7;
    trackers_turn(&trackers, NULL, (struct trackers_time){ 2000, NOW });
    ck_assert_int_eq(fake_ledger.change_calls, 1);
    ck_assert(trackers.following);
    trackers_forget(&trackers);
    ck_assert(!trackers.following);
    end();
}
END_TEST

TCase *trackers_cases(void)
{
    TCase *cases = tcase_create("trackers");

    tcase_add_test(cases, thresholds_over_the_same_events_share_a_tracker);
    tcase_add_test(cases, selections_beyond_the_bound_have_no_percentiles);
    tcase_add_test(cases, nothing_is_read_until_there_are_events);
    return cases;
}
