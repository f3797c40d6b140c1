/* test_coverage.c - module/ledger/coverage.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/coverage.h"

#include "base/auto.h"
#include "suite.h"

#include <string.h>

START_TEST(coverage_counts_every_moment_once_and_only_within)
{
    static const struct {
        struct coverage_span spans[3];
        int count;
        int64_t sum_ms;
    } cases[] = {
        { { { 0, 0 } }, 0, 0 },
        { { { 10, 20 } }, 1, 10 },
        { { { 30, 40 }, { 10, 20 } }, 2, 20 },             /* in any order */
        { { { 10, 30 }, { 20, 40 } }, 2, 30 },             /* overlapping */
        { { { 10, 90 }, { 20, 30 }, { 40, 50 } }, 3, 80 }, /* one inside another */
        { { { 10, 20 }, { 20, 30 } }, 2, 20 },             /* touching */
        { { { -50, 10 }, { 95, 200 } }, 2, 15 },           /* beyond both ends */
        { { { 40, 30 } }, 1, 0 },                          /* the clock was set back */
        { { { 100, 200 }, { -20, 0 } }, 2, 0 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct coverage_span spans[3];

        memcpy(spans, cases[i].spans, sizeof(spans));
        ck_assert_int_eq(coverage_union_ms(spans, cases[i].count, (struct coverage_span){ 0, 100 }),
                         cases[i].sum_ms);
    }
}
END_TEST

START_TEST(spans_become_disjoint_and_rising)
{
    struct coverage_span spans[] = { { 50, 60 }, { 10, 20 }, { 15, 30 }, { 30, 35 }, { 7, 5 } };

    ck_assert_int_eq(coverage_merge(spans, 5), 2);
    ck_assert_int_eq(spans[0].from_ms, 10);
    ck_assert_int_eq(spans[0].until_ms, 35);
    ck_assert_int_eq(spans[1].from_ms, 50);
    ck_assert_int_eq(spans[1].until_ms, 60);
    ck_assert_int_eq(coverage_merge(spans, 0), 0);
}
END_TEST

START_TEST(holes_are_cut_out_of_a_span)
{
    static const struct {
        const char *holes;
        int count;
        struct coverage_span parts[3];
    } cases[] = {
        { "{}", 1, { { 10, 90 } } },
        { "", 1, { { 10, 90 } } },
        { "{20,30}", 2, { { 10, 20 }, { 30, 90 } } },
        { "{20,30,20,40,60,70}", 3, { { 10, 20 }, { 40, 60 }, { 70, 90 } } }, /* told twice */
        { "{0,20}", 1, { { 20, 90 } } },
        { "{80,200}", 1, { { 10, 80 } } },
        { "{0,5,100,200}", 1, { { 10, 90 } } },
        { "{0,200}", 1, { { 200, 90 } } }, /* nothing is left: merging drops it */
        { "{20,30,40}", 2, { { 10, 20 }, { 30, 90 } } },
        { "{20", 1, { { 10, 90 } } },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct coverage_span parts[COVERAGE_HOLES + 1];
        int count = coverage_cut((struct coverage_span){ 10, 90 }, cases[i].holes, parts);

        ck_assert_int_eq(count, cases[i].count);
        for (int j = 0; j < count; j++) {
            ck_assert_int_eq(parts[j].from_ms, cases[i].parts[j].from_ms);
            ck_assert_int_eq(parts[j].until_ms, cases[i].parts[j].until_ms);
        }
    }
}
END_TEST

TCase *coverage_cases(void)
{
    TCase *cases = tcase_create("coverage");

    tcase_add_test(cases, coverage_counts_every_moment_once_and_only_within);
    tcase_add_test(cases, spans_become_disjoint_and_rising);
    tcase_add_test(cases, holes_are_cut_out_of_a_span);
    return cases;
}
