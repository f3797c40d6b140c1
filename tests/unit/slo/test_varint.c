/* test_varint.c - module/slo/varint.c */
/* SPDX-License-Identifier: MIT */
#include "slo/varint.h"

#include "suite.h"

static const struct {
    uint64_t value;
    struct slice bytes;
} cases[] = {
    { 0, { "\0", 1 } },
    { 1, { "\x01", 1 } },
    { 127, { "\x7f", 1 } },
    { 128, { "\x80\x01", 2 } },
    { 16383, { "\xff\x7f", 2 } },
    { 16384, { "\x80\x80\x01", 3 } },
    { UINT64_MAX, { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 } },
};

START_TEST(a_number_takes_the_bytes_it_needs_and_comes_back)
{
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct buf buf;
        struct slice rest;
        uint64_t value = 77;

        buf_init(&buf, 64);
        varint_put(&buf, cases[i].value);
        ck_assert(slice_equals(buf_slice(&buf), cases[i].bytes));
        buf_append_char(&buf, '!');
        rest = buf_slice(&buf);
        ck_assert(varint_take(&rest, &value));
        ck_assert_uint_eq(value, cases[i].value);
        ck_assert(slice_equals(rest, SLICE("!")));
        buf_done(&buf);
    }
}
END_TEST

START_TEST(what_is_cut_too_long_or_too_large_is_refused)
{
    static const struct slice damaged[] = {
        { "", 0 },
        { "\x80", 1 },
        { "\x80\x00", 2 },     /* 0, but not in its shortest form */
        { "\xff\x80\x00", 3 }, /* 127, likewise */
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(damaged); i++) {
        struct slice rest = damaged[i];
        uint64_t value = 77;

        ck_assert(!varint_take(&rest, &value));
        ck_assert_uint_eq(value, 77);
        ck_assert_ptr_eq(rest.data, damaged[i].data);
        ck_assert_uint_eq(rest.length, damaged[i].length);
    }
}
END_TEST

TCase *varint_cases(void)
{
    TCase *tests = tcase_create("varint");

    tcase_add_test(tests, a_number_takes_the_bytes_it_needs_and_comes_back);
    tcase_add_test(tests, what_is_cut_too_long_or_too_large_is_refused);
    return tests;
}
