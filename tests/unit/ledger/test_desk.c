/* test_desk.c - turns and words without a server; the rest is in tests/integration/test_slo_*.py.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/desk.h"

#include "base/clock.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

/* A folder that isn't there: refused at once, by nobody. */
#define NOBODY "host=/nonexistent/probity dbname=x user=x password=hidden-from-people"

START_TEST(without_a_ledger_a_visit_says_what_to_set)
{
    AUTO(desk_free) struct desk *desk = desk_new(NULL);
    AUTO(desk_leave) struct desk_visit visit = { 0 };

    ck_assert_int_eq(desk_enter(desk, DESK_READ, clock_boot_ms() + 1000, &visit), -ENXIO);
    ck_assert_ptr_nonnull(strstr(visit.words, "DATABASE_URL"));
}
END_TEST

START_TEST(a_visit_that_fails_has_words_for_people_and_gives_its_turn_back)
{
    AUTO(desk_free) struct desk *desk = desk_new(NOBODY);

    for (int i = 0; i < 3; i++) {
        AUTO(desk_leave) struct desk_visit visit = { 0 };

        ck_assert_int_eq(desk_enter(desk, DESK_WRITE, clock_boot_ms() + 1000, &visit),
                         -ECONNREFUSED);
        ck_assert_str_eq(visit.words, "Postgres refuses connections");
        ck_assert_int_eq(visit.cause.code, ECONNREFUSED);
        ck_assert_ptr_null(strstr(visit.cause.text, "hidden-from-people"));
    }
}
END_TEST

START_TEST(a_turn_that_does_not_come_is_said)
{
    AUTO(desk_free) struct desk *desk = desk_new(NOBODY);
    AUTO(desk_leave) struct desk_visit first = { 0 };
    AUTO(desk_leave) struct desk_visit second = { 0 };

    ck_assert_int_ne(desk_enter(desk, DESK_READ, clock_boot_ms() + 1000, &first), 0);
    ck_assert_int_eq(desk_enter(desk, DESK_READ, clock_boot_ms(), &second), -EBUSY);
    ck_assert_ptr_nonnull(strstr(second.words, "busy"));
}
END_TEST

START_TEST(leaving_twice_or_without_entering_is_nothing)
{
    AUTO(desk_free) struct desk *desk = desk_new(NOBODY);
    AUTO(desk_leave) struct desk_visit visit = { 0 };

    desk_leave(&visit);
    ck_assert_int_ne(desk_enter(desk, DESK_READ, clock_boot_ms() + 1000, &visit), 0);
    desk_leave(&visit);
    desk_leave(&visit);
}
END_TEST

TCase *desk_cases(void)
{
    TCase *tcase = tcase_create("desk");

    tcase_add_test(tcase, without_a_ledger_a_visit_says_what_to_set);
    tcase_add_test(tcase, a_visit_that_fails_has_words_for_people_and_gives_its_turn_back);
    tcase_add_test(tcase, a_turn_that_does_not_come_is_said);
    tcase_add_test(tcase, leaving_twice_or_without_entering_is_nothing);
    return tcase;
}
