/* test_wilson.c - module/slo/wilson.c against bounds computed with sixty digits. */
/* SPDX-License-Identifier: MIT */
#include "slo/wilson.h"

#include "suite.h"

static struct fraction number(const char *text)
{
    struct fraction value;

    ck_assert(fraction_parse(slice_of(text), &value));
    return value;
}

/* The lower bounds lie between `below` and `above`, which are one unit of the 17th digit apart. */
static const struct {
    uint64_t bad, total;
    const char *z, *below, *above;
} bounds[] = {
    { 1, 10, "1.645", "0.02263232984000629", "0.02263232984000630" },
    { 1, 10, "2.326", "0.01389635960442911", "0.01389635960442912" },
    { 2, 10, "1.645", "0.06855179292535485", "0.06855179292535486" },
    { 10, 10, "1.645", "0.78702820118801906", "0.78702820118801907" },
    { 3, 7, "1.96", "0.15821692226262678", "0.15821692226262679" },
    { 144, 10000, "1.645", "0.01256749970640570", "0.01256749970640571" },
    { 200, 10000, "1.645", "0.01782350711382813", "0.01782350711382814" },
    { 1, 1, "1.645", "0.26983088349377027", "0.26983088349377028" },
    { 5000, 1000000, "2.576", "0.00482156084269800", "0.00482156084269801" },
    { 2305843009213693951, 4611686018427387903, "1.645", "0.49999999961699359",
      "0.49999999961699360" },
};

START_TEST(the_bound_is_where_the_formula_with_the_root_puts_it)
{
    /* At a target of 0 the budget is everything, and the burn rate is the error ratio itself. */
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++) {
        struct window_sum sum = { bounds[i].total, bounds[i].bad };

        ck_assert_msg(
            wilson_exceeds(sum, number("0"), number(bounds[i].below), number(bounds[i].z)),
            "row %zu", i);
        ck_assert_msg(
            !wilson_exceeds(sum, number("0"), number(bounds[i].above), number(bounds[i].z)),
            "row %zu", i);
    }
}
END_TEST

START_TEST(one_failure_in_ten_requests_pages_at_95_percent_sure_and_not_at_99)
{
    struct window_sum sum = { 10, 1 };

    /* 14.4 times at 99.9 % is a share of 1.44 %; the bounds are 2.26 % and 1.39 %. */
    ck_assert(wilson_exceeds(sum, number("0.999"), number("14.4"), number("1.645")));
    ck_assert(!wilson_exceeds(sum, number("0.999"), number("14.4"), number("2.326")));
}
END_TEST

START_TEST(without_a_z_the_ratio_itself_is_compared_strictly)
{
    ck_assert(!wilson_exceeds((struct window_sum){ 10000, 144 }, number("0.999"), number("14.4"),
                              number("0")));
    ck_assert(wilson_exceeds((struct window_sum){ 10000, 145 }, number("0.999"), number("14.4"),
                             number("0")));
}
END_TEST

START_TEST(what_is_not_there_exceeds_nothing)
{
    static const struct {
        struct window_sum sum;
        const char *burn;
        bool want;
    } cases[] = {
        { { 0, 0 }, "0", false },   { { 50, 0 }, "0", false },  { { 50, 0 }, "0.001", false },
        { { 50, 1 }, "0", true }, /* any failure at all is more than none */
        { { 50, 50 }, "1", false }, { { 50, 50 }, "2", false },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_msg(
            wilson_exceeds(cases[i].sum, number("0"), number(cases[i].burn), number("1.645"))
                == cases[i].want,
            "row %zu", i);
}
END_TEST

START_TEST(the_longest_decimals_and_largest_counts_fit)
{
    struct window_sum sum = { ((uint64_t)1 << 62) - 1, ((uint64_t)1 << 62) - 2 };
    struct fraction burn = { ((int128)1 << 100) - 1, ((int128)1 << 100) - 3 };
    struct fraction target = number("0.99999999999999999");

    ck_assert(wilson_exceeds(sum, target, burn, number("9.99999999999999999")));
    ck_assert(!wilson_exceeds(sum, target, burn, number("999999999999999999")));
}
END_TEST

TCase *wilson_cases(void)
{
    TCase *cases = tcase_create("wilson");

    tcase_add_test(cases, the_bound_is_where_the_formula_with_the_root_puts_it);
    tcase_add_test(cases, one_failure_in_ten_requests_pages_at_95_percent_sure_and_not_at_99);
    tcase_add_test(cases, without_a_z_the_ratio_itself_is_compared_strictly);
    tcase_add_test(cases, what_is_not_there_exceeds_nothing);
    tcase_add_test(cases, the_longest_decimals_and_largest_counts_fit);
    return cases;
}
