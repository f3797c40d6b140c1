/* test_arrays.c - module/ledger/arrays.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/arrays.h"

#include "base/auto.h"
#include "suite.h"

START_TEST(arrays_quote_what_would_end_a_text)
{
    struct buf array;

    buf_init(&array, 1000);
    array_open(&array);
    array_put_text(&array, SLICE("/a"));
    array_put_text(&array, SLICE("say \"{}\\,NULL"));
    array_put_text(&array, SLICE(""));
    array_put_null(&array);
    array_close(&array);
    ck_assert_str_eq(buf_text(&array), "{\"/a\",\"say \\\"{}\\\\,NULL\",\"\",NULL}");
    buf_done(&array);
}
END_TEST

START_TEST(arrays_hold_integers_and_bytes)
{
    struct buf array;

    buf_init(&array, 1000);
    array_open(&array);
    array_put_int(&array, INT64_MIN);
    array_put_int(&array, 0);
    array_close(&array);
    ck_assert_str_eq(buf_text(&array), "{-9223372036854775808,0}");
    array_open(&array);
    array_put_bytes(&array, SLICE("\x00\xff"));
    array_put_bytes(&array, SLICE(""));
    array_close(&array);
    ck_assert_str_eq(buf_text(&array), "{\"\\\\x00ff\",\"\\\\x\"}");
    buf_done(&array);
}
END_TEST

START_TEST(array_read_hex_gives_back_what_was_written_and_refuses_the_rest)
{
    static const struct {
        const char *text;
        int length;
    } cases[] = { { "\\x", 0 },   { "\\x00ff", 2 }, { "", -1 },     { "\\", -1 },
                  { "\\x0", -1 }, { "\\x0g", -1 },  { "00ff", -1 }, { "\\xFF", -1 } };
    unsigned char bytes[8];

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_int_eq(array_read_hex(slice_of(cases[i].text), bytes), cases[i].length);
    ck_assert_int_eq(array_read_hex(SLICE("\\x00ff7a"), bytes), 3);
    ck_assert_int_eq(memcmp(bytes, "\x00\xff\x7a", 3), 0);
}
END_TEST

/* As array_send() writes it. */
static const char int4s[] = "\0\0\0\1"
                            "\0\0\0\0"
                            "\0\0\0\x17"
                            "\0\0\0\2"
                            "\0\0\0\1"
                            "\0\0\0\4"
                            "\0\0\0\x2a"
                            "\0\0\0\4"
                            "\xff\xff\xff\xff";
static const char int8s[] = "\0\0\0\1"
                            "\0\0\0\0"
                            "\0\0\0\x14"
                            "\0\0\0\1"
                            "\0\0\0\1"
                            "\0\0\0\x8"
                            "\0\0\1\0\0\0\0\2";

START_TEST(a_binary_array_is_walked_to_its_end_and_never_beyond)
{
    struct array_walk walk;
    int64_t value = 0;

    ck_assert(array_walk_begin(&walk, (struct slice){ int4s, sizeof(int4s) - 1 }));
    ck_assert_int_eq(walk.count, 2);
    ck_assert(array_walk_next(&walk, &value));
    ck_assert_int_eq(value, 42);
    ck_assert(array_walk_next(&walk, &value));
    ck_assert_int_eq(value, -1);
    ck_assert(!array_walk_next(&walk, &value));
    ck_assert(array_walk_begin(&walk, (struct slice){ int8s, sizeof(int8s) - 1 }));
    ck_assert(array_walk_next(&walk, &value));
    ck_assert_int_eq(value, (INT64_C(1) << 40) + 2);
    /* Cut short anywhere, it ends early or is none at all. */
    for (size_t length = 0; length < sizeof(int4s) - 1; length++) {
        int found = 0;

        if (!array_walk_begin(&walk, (struct slice){ int4s, length }))
            continue;
        while (array_walk_next(&walk, &value))
            found++;
        ck_assert_int_lt(found, 2);
    }
}
END_TEST

START_TEST(an_array_without_memory_says_so_at_the_end)
{
    struct buf array;

    buf_init(&array, 1000);
    malloc_fail_at(0);
    array_open(&array);
    malloc_fail_at(-1);
    array_put_int(&array, 1);
    array_close(&array);
    ck_assert(!buf_ok(&array));
    buf_done(&array);
}
END_TEST

TCase *arrays_cases(void)
{
    TCase *cases = tcase_create("arrays");

    tcase_add_test(cases, arrays_quote_what_would_end_a_text);
    tcase_add_test(cases, arrays_hold_integers_and_bytes);
    tcase_add_test(cases, array_read_hex_gives_back_what_was_written_and_refuses_the_rest);
    tcase_add_test(cases, a_binary_array_is_walked_to_its_end_and_never_beyond);
    tcase_add_test(cases, an_array_without_memory_says_so_at_the_end);
    return cases;
}
