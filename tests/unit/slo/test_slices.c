/* test_slices.c - module/slo/slices.c: what a slice adds to a window. */
/* SPDX-License-Identifier: MIT */
#include "slo/slices.h"

#include "suite.h"

static struct objective sliced(enum budgeting budgeting, enum unwatched unwatched)
{
    struct objective objective = {
        .budgeting = budgeting,
        .slice_minutes = 1,
        .unwatched = unwatched,
    };

    ck_assert(fraction_parse(SLICE("0.95"), &objective.slice_target));
    return objective;
}

START_TEST(a_slice_is_good_when_its_share_of_good_events_reaches_the_target)
{
    static const struct {
        struct window_sum events;
        uint64_t bad;
    } cases[] = {
        { { 100, 0 }, 0 }, { { 100, 5 }, 0 }, { { 100, 6 }, 1 },
        { { 1, 1 }, 1 },   { { 20, 1 }, 0 },  { { 19, 1 }, 1 },
    };
    struct objective objective = sliced(BUDGETING_TIMESLICES, UNWATCHED_IGNORE);

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct window_sum value = slices_value(&objective, cases[i].events, true);

        ck_assert_uint_eq(value.total, 1);
        ck_assert_msg(value.bad == cases[i].bad, "row %zu", i);
    }
}
END_TEST

START_TEST(a_loss_is_in_parts_per_billion_rounded_up)
{
    static const struct {
        struct window_sum events;
        uint64_t bad;
    } cases[] = {
        { { 100, 0 }, 0 },
        { { 100, 1 }, 10000000 },
        { { 3, 1 }, 333333334 },
        { { 3, 2 }, 666666667 },
        { { 3, 3 }, 1000000000 },
        { { 10000000000, 1 }, 1 },
        { { ((uint64_t)1 << 62) - 1, ((uint64_t)1 << 62) - 1 }, 1000000000 },
    };
    struct objective objective = sliced(BUDGETING_RATIO_TIMESLICES, UNWATCHED_IGNORE);

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct window_sum value = slices_value(&objective, cases[i].events, true);

        ck_assert_uint_eq(value.total, SLICES_UNIT);
        ck_assert_msg(value.bad == cases[i].bad, "row %zu", i);
    }
}
END_TEST

START_TEST(an_empty_slice_is_good_when_watched_and_as_agreed_when_not)
{
    static const struct {
        enum unwatched unwatched;
        bool watched;
        struct window_sum want; /* in units of a slice */
    } cases[] = {
        { UNWATCHED_IGNORE, true, { 1, 0 } },  { UNWATCHED_BAD, true, { 1, 0 } },
        { UNWATCHED_IGNORE, false, { 0, 0 } }, { UNWATCHED_GOOD, false, { 1, 0 } },
        { UNWATCHED_BAD, false, { 1, 1 } },    { UNWATCHED_FREEZE, false, { 0, 0 } },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct objective whole = sliced(BUDGETING_TIMESLICES, cases[i].unwatched);
        struct objective ratio = sliced(BUDGETING_RATIO_TIMESLICES, cases[i].unwatched);
        struct window_sum none = { 0, 0 };
        struct window_sum value = slices_value(&whole, none, cases[i].watched);

        ck_assert_uint_eq(value.total, cases[i].want.total);
        ck_assert_uint_eq(value.bad, cases[i].want.bad);
        value = slices_value(&ratio, none, cases[i].watched);
        ck_assert_uint_eq(value.total, cases[i].want.total * SLICES_UNIT);
        ck_assert_uint_eq(value.bad, cases[i].want.bad * SLICES_UNIT);
    }
}
END_TEST

START_TEST(slices_are_counted_by_their_beginnings)
{
    static const struct {
        int32_t from, until, length, want;
    } cases[] = {
        { 0, 10080, 1, 10080 }, { 0, 60, 60, 1 },  { 1, 60, 60, 0 },  { 1, 61, 60, 1 },
        { 59, 121, 60, 2 },     { 60, 60, 60, 0 }, { 61, 60, 60, 0 }, { 7, 22, 5, 3 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_msg(slices_expected(cases[i].from, cases[i].until, cases[i].length)
                          == cases[i].want,
                      "row %zu", i);
    ck_assert_int_eq(slices_begin(119, 60), 60);
    ck_assert_int_eq(slices_begin(120, 60), 120);
}
END_TEST

TCase *slices_cases(void)
{
    TCase *cases = tcase_create("slices");

    tcase_add_test(cases, a_slice_is_good_when_its_share_of_good_events_reaches_the_target);
    tcase_add_test(cases, a_loss_is_in_parts_per_billion_rounded_up);
    tcase_add_test(cases, an_empty_slice_is_good_when_watched_and_as_agreed_when_not);
    tcase_add_test(cases, slices_are_counted_by_their_beginnings);
    return cases;
}
