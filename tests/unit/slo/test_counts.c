/* test_counts.c - module/slo/counts.c */
/* SPDX-License-Identifier: MIT */
#include "slo/counts.h"

#include "slo/window.h"
#include "suite.h"

#include <errno.h>

enum { LENGTH = 4 };

static void put(struct counts *counts, int at, uint64_t total, uint64_t bad)
{
    ck_assert_int_eq(counts_set(counts, LENGTH, at, (struct window_sum){ total, bad }), 0);
}

static void expect(struct window_sum sum, uint64_t total, uint64_t bad)
{
    ck_assert_uint_eq(sum.total, total);
    ck_assert_uint_eq(sum.bad, bad);
}

START_TEST(counts_take_no_memory_until_there_is_one)
{
    AUTO(counts_clear) struct counts counts = { 0 };

    ck_assert(counts_is_empty(&counts));
    expect(counts_at(&counts, 3), 0, 0);
    expect(counts_sum(&counts, 0, LENGTH), 0, 0);
    ck_assert_uint_eq(counts_bytes(&counts, LENGTH), 0);
    put(&counts, 3, 7, 1);
    ck_assert(!counts_is_empty(&counts));
    ck_assert_uint_eq(counts_bytes(&counts, LENGTH), (uint64_t)LENGTH * 8);
}
END_TEST

START_TEST(counts_widen_when_one_does_not_fit_and_lose_nothing)
{
    static const struct {
        uint64_t total, bad;
        bool wide;
    } cases[] = {
        { UINT32_MAX, UINT32_MAX, false },
        { (uint64_t)UINT32_MAX + 1, 0, true },
        { UINT64_C(1) << 46, UINT64_C(1) << 46, true },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(counts_clear) struct counts counts = { 0 };

        put(&counts, 0, 5, 2);
        put(&counts, 1, cases[i].total, cases[i].bad);
        put(&counts, 2, 6, 3);
        ck_assert(counts.wide == cases[i].wide);
        expect(counts_at(&counts, 0), 5, 2);
        expect(counts_sum(&counts, 0, LENGTH), cases[i].total + 11, cases[i].bad + 5);
        expect(counts_sum(&counts, 2, 3), 6, 3);
    }
}
END_TEST

START_TEST(counts_without_memory_stay_as_they_were)
{
    AUTO(counts_clear) struct counts counts = { 0 };

    malloc_fail_at(0);
    ck_assert_int_eq(counts_set(&counts, LENGTH, 0, (struct window_sum){ 1, 0 }), -ENOMEM);
    put(&counts, 0, 1, 0);
    malloc_fail_at(0);
    ck_assert_int_eq(counts_set(&counts, LENGTH, 1, (struct window_sum){ UINT64_MAX, 0 }), -ENOMEM);
    malloc_fail_at(-1);
    expect(counts_sum(&counts, 0, LENGTH), 1, 0);
}
END_TEST

TCase *counts_cases(void)
{
    TCase *cases = tcase_create("counts");

    tcase_add_test(cases, counts_take_no_memory_until_there_is_one);
    tcase_add_test(cases, counts_widen_when_one_does_not_fit_and_lose_nothing);
    tcase_add_test(cases, counts_without_memory_stay_as_they_were);
    return cases;
}
