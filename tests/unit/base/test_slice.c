/* test_slice.c - module/base/slice.c */
/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include "suite.h"

START_TEST(slice_parses_only_whole_numbers_within_the_bound)
{
    static const struct {
        const char *text;
        int ok;
        uint64_t value;
    } cases[] = {
        { "0", 1, 0 },   { "42", 1, 42 }, { "100", 1, 100 },
        { "101", 0, 0 }, { "", 0, 0 },    { "-1", 0, 0 },
        { "4x", 0, 0 },  { " 4", 0, 0 },  { "99999999999999999999", 0, 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 0;

        ck_assert_int_eq(slice_parse_uint(slice_of(cases[i].text), 100, &value), cases[i].ok);
        ck_assert_uint_eq(value, cases[i].value);
    }
}
END_TEST

START_TEST(slice_cut_walks_a_list_to_its_end)
{
    struct slice rest = SLICE("a,,b");

    ck_assert(slice_equals_text(slice_cut(&rest, ','), "a"));
    ck_assert(slice_equals_text(slice_cut(&rest, ','), ""));
    ck_assert(slice_equals_text(slice_cut(&rest, ','), "b"));
    ck_assert_uint_eq(rest.length, 0);
}
END_TEST

START_TEST(texts_are_the_same_also_when_both_are_missing)
{
    const char copy[] = "a";

    ck_assert(slice_same_texts(NULL, NULL));
    ck_assert(slice_same_texts("a", copy));
    ck_assert(!slice_same_texts("a", NULL));
    ck_assert(!slice_same_texts(NULL, ""));
    ck_assert(!slice_same_texts("a", "b"));
}
END_TEST

START_TEST(slice_of_nothing_is_cut_into_nothing)
{
    struct slice rest = slice_of(NULL);

    ck_assert_uint_eq(slice_cut(&rest, ',').length, 0);
    ck_assert_ptr_null(rest.data);
    ck_assert_uint_eq(slice_trim(rest).length, 0);
    ck_assert(slice_equals_text(rest, ""));
}
END_TEST

START_TEST(slice_compares_and_trims_as_protocols_do)
{
    ck_assert(slice_equals_nocase(SLICE("BeArEr"), SLICE("bearer")));
    ck_assert(!slice_equals_nocase(SLICE("bearer"), SLICE("bearer ")));
    ck_assert(slice_equals_nocase(SLICE(""), (struct slice){ NULL, 0 }));
    ck_assert(slice_equals_text(slice_trim(SLICE(" \ta b\t ")), "a b"));
    ck_assert(slice_equals_text(slice_trim(SLICE("  ")), ""));
    ck_assert(slice_starts_with(SLICE("/slo/x"), SLICE("/slo/")));
    ck_assert(!slice_starts_with(SLICE("/slo"), SLICE("/slo/")));
    ck_assert_int_eq(slice_hex_value('F'), 15);
    ck_assert_int_eq(slice_hex_value('a'), 10);
    ck_assert_int_eq(slice_hex_value('9'), 9);
    ck_assert_int_eq(slice_hex_value('g'), -1);
}
END_TEST

TCase *slice_cases(void)
{
    TCase *cases = tcase_create("slice");

    tcase_add_test(cases, slice_parses_only_whole_numbers_within_the_bound);
    tcase_add_test(cases, slice_cut_walks_a_list_to_its_end);
    tcase_add_test(cases, texts_are_the_same_also_when_both_are_missing);
    tcase_add_test(cases, slice_of_nothing_is_cut_into_nothing);
    tcase_add_test(cases, slice_compares_and_trims_as_protocols_do);
    return cases;
}
