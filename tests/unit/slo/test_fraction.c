/* test_fraction.c - module/slo/fraction.c */
/* SPDX-License-Identifier: MIT */
#include "slo/fraction.h"

#include "suite.h"

static struct fraction parsed(const char *text)
{
    struct fraction value = { 0, 1 };

    ck_assert_msg(fraction_parse(slice_of(text), &value), "%s", text);
    return value;
}

START_TEST(fraction_parses_decimals_exactly_and_reduced)
{
    static const struct {
        const char *text;
        int64_t numerator;
        int64_t denominator;
    } cases[] = {
        { "0", 0, 1 },          { "1", 1, 1 },
        { "0.999", 999, 1000 }, { "0.990", 99, 100 },
        { "-2.5", -5, 2 },      { "007", 7, 1 },
        { "14.4", 72, 5 },      { "0.99999999999999999", 99999999999999999, 100000000000000000 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fraction value = parsed(cases[i].text);

        ck_assert_msg(value.numerator == cases[i].numerator, "%s", cases[i].text);
        ck_assert_msg(value.denominator == cases[i].denominator, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(fraction_refuses_what_is_no_plain_decimal)
{
    static const char *const cases[] = {
        "",
        "-",
        ".",
        ".5",
        "5.",
        "1e3",
        "+1",
        " 1",
        "1 ",
        "1,5",
        "1.2.3",
        "--1",
        "0x1",
        "nan",
        "0.9999999999999999999",
        "1234567890123456789",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fraction value = { 7, 3 };

        ck_assert_msg(!fraction_parse(slice_of(cases[i]), &value), "%s", cases[i]);
        ck_assert(value.numerator == 7 && value.denominator == 3);
    }
}
END_TEST

START_TEST(fraction_compares_without_rounding_noise)
{
    static const struct {
        struct fraction a, b;
        int want;
    } cases[] = {
        { { 1, 2 }, { 2, 4 }, 0 },   { { 1, 3 }, { 33, 100 }, 1 },
        { { -1, 3 }, { 1, 3 }, -1 }, { { -1, 3 }, { -33, 100 }, -1 },
        { { 0, 5 }, { 0, 7 }, 0 },   { { 144, 10 }, { 144000000000000001, 10000000000000000 }, -1 },
        { { 7, 1 }, { 7, 2 }, 1 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        ck_assert_int_eq(fraction_compare(cases[i].a, cases[i].b), cases[i].want);
        ck_assert_int_eq(fraction_compare(cases[i].b, cases[i].a), -cases[i].want);
    }
}
END_TEST

START_TEST(fraction_compares_values_whose_cross_products_would_overflow)
{
    int128 large = ((int128)1 << 122) + 1;
    struct fraction a = { large, large - 1 };
    struct fraction b = { large + 1, large };

    ck_assert_int_eq(fraction_compare(a, b), 1);
    ck_assert_int_eq(fraction_compare(b, a), -1);
    ck_assert_int_eq(fraction_compare(a, a), 0);
}
END_TEST

START_TEST(fraction_prints_to_the_side_that_was_asked_for)
{
    static const struct {
        struct fraction value;
        int decimals;
        const char *down;
        const char *up;
    } cases[] = {
        { { 999, 1000 }, 6, "0.999", "0.999" },
        { { 1, 1 }, 6, "1", "1" },
        { { -1, 2 }, 6, "-0.5", "-0.5" },
        { { 1, 3 }, 3, "0.333", "0.334" },
        { { -1, 3 }, 3, "-0.334", "-0.333" },
        { { 999999, 1000000 }, 3, "0.999", "1" },
        { { -999999, 1000000 }, 3, "-1", "-0.999" },
        { { 1, 1000000 }, 3, "0", "0.001" },
        { { -1, 1000000 }, 3, "-0.001", "0" },
        { { 0, 9 }, 9, "0", "0" },
        { { 199, 10 }, 0, "19", "20" },
        { { 995, 10 }, 0, "99", "100" },
        { { 100, 1 }, 2, "100", "100" },
        { { 5, 72 }, 9, "0.069444444", "0.069444445" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[FRACTION_TEXT_BYTES];

        fraction_print(cases[i].value, cases[i].decimals, FRACTION_DOWN, text);
        ck_assert_str_eq(text, cases[i].down);
        fraction_print(cases[i].value, cases[i].decimals, FRACTION_UP, text);
        ck_assert_str_eq(text, cases[i].up);
    }
}
END_TEST

START_TEST(fraction_prints_the_largest_values_within_its_text)
{
    int128 largest = ((((int128)1 << 126) - 1) << 1) + 1;
    char text[FRACTION_TEXT_BYTES];

    fraction_print((struct fraction){ -largest, 1 }, 9, FRACTION_DOWN, text);
    ck_assert_str_eq(text, "-170141183460469231731687303715884105727");
    fraction_print((struct fraction){ -largest, 7 }, 9, FRACTION_DOWN, text);
    ck_assert_uint_lt(strlen(text), sizeof(text));
    fraction_print((struct fraction){ 1, (int128)1 << 123 }, 9, FRACTION_UP, text);
    ck_assert_str_eq(text, "0.000000001");
}
END_TEST

START_TEST(fraction_is_shortened_only_where_it_must_be)
{
    int128 large = (int128)1 << 100;
    struct fraction value = fraction_shorten((struct fraction){ 600, 1000 }, 50);

    ck_assert(value.numerator == 3 && value.denominator == 5);
    value = fraction_shorten((struct fraction){ large - 1, large + 1 }, 50);
    ck_assert(value.numerator < (int128)1 << 50 && value.denominator < (int128)1 << 50);
    ck_assert_int_eq(fraction_compare(value, fraction_of(1, 1)), -1);
    ck_assert_int_eq(fraction_compare(value, fraction_of(999999, 1000000)), 1);
}
END_TEST

TCase *fraction_cases(void)
{
    TCase *cases = tcase_create("fraction");

    tcase_add_test(cases, fraction_parses_decimals_exactly_and_reduced);
    tcase_add_test(cases, fraction_refuses_what_is_no_plain_decimal);
    tcase_add_test(cases, fraction_compares_without_rounding_noise);
    tcase_add_test(cases, fraction_compares_values_whose_cross_products_would_overflow);
    tcase_add_test(cases, fraction_prints_to_the_side_that_was_asked_for);
    tcase_add_test(cases, fraction_prints_the_largest_values_within_its_text);
    tcase_add_test(cases, fraction_is_shortened_only_where_it_must_be);
    return cases;
}
