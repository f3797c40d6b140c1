/* test_unwatched.c - module/slo/unwatched.c */
/* SPDX-License-Identifier: MIT */
#include "slo/unwatched.h"

#include "slo/slices.h"
#include "suite.h"

START_TEST(minutes_that_nobody_watched_count_as_average_ones)
{
    static const struct {
        enum unwatched means;
        struct window_sum counted;
        struct watch watch;
        uint64_t total, bad;
    } cases[] = {
        { UNWATCHED_IGNORE, { 1000, 5 }, { 10, 10 }, 1000, 5 },
        { UNWATCHED_FREEZE, { 1000, 5 }, { 10, 10 }, 1000, 5 },
        { UNWATCHED_GOOD, { 1000, 5 }, { 10, 10 }, 2000, 5 },
        { UNWATCHED_BAD, { 1000, 5 }, { 10, 10 }, 2000, 1005 },
        { UNWATCHED_GOOD, { 1000, 5 }, { 3, 1 }, 1333, 5 },  /* a third of them: rounded down */
        { UNWATCHED_BAD, { 1000, 5 }, { 3, 1 }, 1334, 339 }, /* and up */
        { UNWATCHED_BAD, { 1000, 5 }, { 10, 0 }, 1000, 5 },
        { UNWATCHED_BAD, { 0, 0 }, { 10, 10 }, 0, 0 },
        { UNWATCHED_BAD, { 1000, 5 }, { 0, 10 }, 1000, 5 }, /* there is no average */
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct window_sum sum = unwatched_apply(cases[i].means, cases[i].counted, cases[i].watch);

        ck_assert_msg(sum.total == cases[i].total && sum.bad == cases[i].bad, "row %zu", i);
    }
}
END_TEST

START_TEST(what_is_added_stays_a_count)
{
    struct window_sum sum = unwatched_apply(
        UNWATCHED_BAD, (struct window_sum){ UINT64_C(1) << 60, 0 }, (struct watch){ 1, 1000000 });

    ck_assert_uint_lt(sum.total, UINT64_C(1) << 62);
    ck_assert_uint_gt(sum.total, UINT64_C(1) << 61);
    ck_assert_uint_le(sum.bad, sum.total);
}
END_TEST

START_TEST(slices_without_events_are_good_if_they_were_watched)
{
    static const struct {
        enum budgeting budgeting;
        enum unwatched means;
        struct window_sum counted;
        struct slice_watch watch;
        uint64_t total, bad;
    } cases[] = {
        { BUDGETING_TIMESLICES, UNWATCHED_IGNORE, { 2, 1 }, { 10, 0 }, 10, 1 },
        { BUDGETING_TIMESLICES, UNWATCHED_IGNORE, { 2, 1 }, { 10, 3 }, 7, 1 },
        { BUDGETING_TIMESLICES, UNWATCHED_GOOD, { 2, 1 }, { 10, 3 }, 10, 1 },
        { BUDGETING_TIMESLICES, UNWATCHED_BAD, { 2, 1 }, { 10, 3 }, 10, 4 },
        { BUDGETING_TIMESLICES, UNWATCHED_BAD, { 9, 1 }, { 10, 3 }, 10, 2 }, /* one is left */
        { BUDGETING_TIMESLICES, UNWATCHED_BAD, { 12, 1 }, { 10, 3 }, 12, 1 },
        { BUDGETING_RATIO_TIMESLICES,
          UNWATCHED_BAD,
          { SLICES_UNIT, 7 },
          { 3, 1 },
          (uint64_t)3 * SLICES_UNIT,
          (uint64_t)SLICES_UNIT + 7 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct objective objective = { .budgeting = cases[i].budgeting,
                                       .unwatched = cases[i].means,
                                       .slice_minutes = 5,
                                       .slice_target = { 9, 10 } };
        struct window_sum sum = unwatched_slices(&objective, cases[i].counted, cases[i].watch);

        ck_assert_msg(sum.total == cases[i].total && sum.bad == cases[i].bad, "row %zu", i);
    }
}
END_TEST

TCase *unwatched_cases(void)
{
    TCase *cases = tcase_create("unwatched");

    tcase_add_test(cases, minutes_that_nobody_watched_count_as_average_ones);
    tcase_add_test(cases, what_is_added_stays_a_count);
    tcase_add_test(cases, slices_without_events_are_good_if_they_were_watched);
    return cases;
}
