/* test_history.c - spans of minutes; what is read is in tests/integration/test_slo_history.py. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/history.h"

#include "suite.h"

START_TEST(spans_are_sorted_and_joined)
{
    struct minute_span spans[] = { { 50, 60 }, { 10, 20 }, { 20, 25 }, { 15, 18 },
                                   { 30, 30 }, { 58, 70 }, { 40, 35 } };
    int count = minute_spans_merge(spans, (int)ARRAY_LENGTH(spans));

    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(spans[0].from, 10);
    ck_assert_int_eq(spans[0].until, 25);
    ck_assert_int_eq(spans[1].from, 50);
    ck_assert_int_eq(spans[1].until, 70);
    ck_assert_int_eq(minute_spans_merge(spans, 0), 0);
}
END_TEST

static const struct {
    struct minute_span within;
    int32_t want;
} covers[] = {
    { { 0, 100 }, 25 }, { { 12, 15 }, 3 }, { { 20, 55 }, 10 }, { { 25, 50 }, 0 },
    { { 24, 51 }, 2 },  { { 60, 70 }, 0 }, { { 0, 0 }, 0 },
};

START_TEST(covered_minutes_are_counted_within_a_span)
{
    static const struct minute_span spans[] = { { 10, 25 }, { 50, 60 } };

    ck_assert_int_eq(minute_spans_cover(spans, 2, covers[_i].within), covers[_i].want);
}
END_TEST

TCase *history_cases(void)
{
    TCase *tcase = tcase_create("history");

    tcase_add_test(tcase, spans_are_sorted_and_joined);
    tcase_add_loop_test(tcase, covered_minutes_are_counted_within_a_span, 0,
                        (int)ARRAY_LENGTH(covers));
    return tcase;
}
