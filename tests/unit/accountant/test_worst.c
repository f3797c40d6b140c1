/* test_worst.c - module/accountant/worst.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/worst.h"

#include "alarm_stage.h"

#include "suite.h"

enum { NOW = 29500000, DAY = 1440, MONTH = 43200 };

START_TEST(routes_are_those_of_each_objective_s_own_window)
{
    static const struct ledger_route routes[] = { { 0, "/x", 10, true, 5 } };
    static const int32_t windows[STAGE_OBJECTIVES] = { MONTH, DAY, MONTH, DAY };
    struct book_place places[STAGE_OBJECTIVES] = { { .track = 0 } };
    struct alarm_stage stage;
    struct worst worst;

    stage_begin(&stage);
    stage.book.places = places;
    for (int i = 0; i < STAGE_OBJECTIVES; i++) {
        stage.objectives[i].window_minutes = windows[i];
        stage.verdicts[i].counted = (struct window_sum){ 100, 5 };
        stage.verdicts[i].window =
            (struct verdict_window){ NOW + 1 - windows[i], NOW + 1, windows[i] };
    }
    fake_ledger.routes = routes;
    fake_ledger.route_count = 1;
    ck_assert_int_eq(worst_init(&worst, &stage.book), 0);
    worst_turn(&worst, NULL, 1000);
    ck_assert_int_eq(fake_ledger.routes_from, NOW + 1 - MONTH);
    ck_assert_int_eq(fake_ledger.routes_to, NOW);
    ck_assert_ptr_nonnull(worst_of(&worst, 2));
    ck_assert_ptr_null(worst_of(&worst, 1));
    worst_turn(&worst, NULL, 3000);
    ck_assert_int_eq(fake_ledger.routes_from, NOW + 1 - DAY);
    ck_assert_ptr_eq(worst_of(&worst, 1), worst_of(&worst, 3));
    ck_assert_ptr_ne(worst_of(&worst, 0), worst_of(&worst, 1));
    worst_done(&worst);
    stage_end(&stage);
}
END_TEST

TCase *worst_cases(void)
{
    TCase *cases = tcase_create("worst");

    tcase_add_test(cases, routes_are_those_of_each_objective_s_own_window);
    return cases;
}
