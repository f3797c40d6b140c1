/* test_wide.c - module/slo/wide.c: numbers that 128 bits can't hold. */
/* SPDX-License-Identifier: MIT */
#include "slo/wide.h"

#include "suite.h"

static const int128 largest = (((int128)1 << 126) - 1) * 2 + 1;

START_TEST(small_numbers_are_compared_like_integers)
{
    static const struct {
        int64_t a, b;
        int want;
    } cases[] = {
        { 0, 0, 0 },
        { 0, 1, -1 },
        { 1, 0, 1 },
        { 4294967296, 1, 1 },
        { 4294967295, 4294967296, -1 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_int_eq(wide_compare(wide_of(cases[i].a), wide_of(cases[i].b)), cases[i].want);
}
END_TEST

/* (a + b)(a - b) = a² - b² at the edge of 128 bits, twice. */
START_TEST(a_product_of_sums_is_the_difference_of_squares)
{
    struct wide a = wide_of(largest);
    struct wide b = wide_of(largest / 3);
    struct wide sum = wide_of(largest / 3 + largest / 3);
    struct wide squares = wide_minus(wide_times(a, a), wide_times(b, b));
    struct wide difference = wide_minus(a, b);

    /* a + b does not fit 128 bits: a is three times b, so it is 2b + 2b. */
    ck_assert_int_eq(largest % 3 == 1, 1);
    squares = wide_minus(squares, wide_times(difference, wide_of(1)));
    ck_assert_int_eq(wide_compare(squares, wide_times(difference, wide_times(sum, wide_of(2)))), 0);
}
END_TEST

START_TEST(five_factors_of_128_bits_fit)
{
    struct wide a = wide_of(largest);
    struct wide product = a;
    struct wide smaller = wide_of(largest - 1);

    for (int i = 0; i < 4; i++) {
        smaller = wide_times(smaller, a);
        product = wide_times(product, a);
    }
    ck_assert_int_eq(wide_compare(product, smaller), 1);
    ck_assert_int_eq(wide_compare(smaller, product), -1);
    ck_assert_int_eq(wide_compare(wide_times(product, wide_of(0)), wide_of(0)), 0);
}
END_TEST

TCase *wide_cases(void)
{
    TCase *cases = tcase_create("wide");

    tcase_add_test(cases, small_numbers_are_compared_like_integers);
    tcase_add_test(cases, a_product_of_sums_is_the_difference_of_squares);
    tcase_add_test(cases, five_factors_of_128_bits_fit);
    return cases;
}
