/* test_decimal.c - module/ingest/decimal.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/decimal.h"

#include "suite.h"

static const struct {
    const char *text;
    int power;
    int64_t value;
    bool more;
} numbers[] = {
    { "0", 0, 0, false },
    { "-0", 3, 0, false },
    { "007", 0, 7, false },
    { "12.5", 0, 12, true },
    { "12.5", 1, 125, false },
    { "0.0009", 3, 0, true },
    { "1e3", 0, 1000, false },
    { "1.5E+2", 0, 150, false },
    { "15e-1", 0, 1, true },
    { "1e-400", 0, 0, true },
    { "123456789012345678", 0, INT64_C(123456789012345678), false },
    { "1234567890123456789012e-6", 0, INT64_C(1234567890123456), true },
    { "0.00000000000000000000001", 0, 0, true },
    { "0.50000000000000000000001", 1, 5, true },
    { "0e400", 0, 0, false },
};

START_TEST(decimal_is_cut_to_a_whole_number_and_says_so)
{
    struct decimal decimal;
    int64_t value;
    bool more;

    ck_assert(decimal_read(slice_of(numbers[_i].text), &decimal));
    ck_assert(decimal_scale(&decimal, numbers[_i].power, INT64_MAX, &value, &more));
    ck_assert_int_eq(value, numbers[_i].value);
    ck_assert_int_eq(more, numbers[_i].more);
}
END_TEST

START_TEST(decimal_is_no_other_text)
{
    static const char *const texts[] = { "",   "-",  ".5",  "5.",    "1e",    "1e+",
                                         "+1", "1 ", "0x1", "1e401", "1.2.3", "nan" };
    struct decimal decimal;

    ck_assert(!decimal_read(slice_of(texts[_i]), &decimal));
}
END_TEST

START_TEST(decimal_refuses_what_is_negative_or_too_large)
{
    static const char *const texts[] = { "-1",  "-0.0001", "1001",
                                         "1e4", "1e300",   "99999999999999999999999" };
    struct decimal decimal;
    int64_t value;
    bool more;

    ck_assert(decimal_read(slice_of(texts[_i]), &decimal));
    ck_assert(!decimal_scale(&decimal, 0, 1000, &value, &more));
}
END_TEST

TCase *decimal_cases(void)
{
    TCase *cases = tcase_create("decimal");

    tcase_add_loop_test(cases, decimal_is_cut_to_a_whole_number_and_says_so, 0,
                        (int)(sizeof(numbers) / sizeof(numbers[0])));
    tcase_add_loop_test(cases, decimal_is_no_other_text, 0, 12);
    tcase_add_loop_test(cases, decimal_refuses_what_is_negative_or_too_large, 0, 6);
    return cases;
}
