/* test_envelope.c - module/monitor/envelope.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/envelope.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct buf file;

static void begin(void)
{
    const struct envelope envelope = { .generation = 7,
                                       .sequence = 1234567890123,
                                       .instance = "0123456789abcdef0123456789abcdef",
                                       .content = SLICE("all there is to know") };

    buf_init(&file, 4096);
    envelope_write(&envelope, &file);
    ck_assert(buf_ok(&file));
}

static void end(void)
{
    buf_done(&file);
}

/* In memory of its own, so that the sanitizer sees every step beyond. */
static enum envelope_verdict read_copy(struct slice bytes)
{
    struct envelope envelope = { .generation = 99 };
    char *copy = malloc(bytes.length + 1);
    enum envelope_verdict verdict;

    memcpy(copy, bytes.data, bytes.length);
    copy = realloc(copy, bytes.length > 0 ? bytes.length : 1);
    verdict = envelope_read((struct slice){ copy, bytes.length }, &envelope);
    ck_assert(verdict == ENVELOPE_GOOD || envelope.generation == 99);
    free(copy);
    return verdict;
}

START_TEST(envelope_gives_back_what_was_put_in)
{
    struct envelope envelope;

    ck_assert_int_eq(envelope_read(buf_slice(&file), &envelope), ENVELOPE_GOOD);
    ck_assert_uint_eq(envelope.generation, 7);
    ck_assert_uint_eq(envelope.sequence, 1234567890123);
    ck_assert_str_eq(envelope.instance, "0123456789abcdef0123456789abcdef");
    ck_assert(slice_equals_text(envelope.content, "all there is to know"));
    ck_assert(slice_starts_with(buf_slice(&file), SLICE("probity history 1\n")));
}
END_TEST

START_TEST(envelope_that_is_cut_anywhere_is_no_good)
{
    for (size_t length = 0; length < file.length; length++)
        ck_assert_int_ne(read_copy((struct slice){ file.data, length }), ENVELOPE_GOOD);
    buf_append_char(&file, '\0');
    ck_assert_int_eq(read_copy(buf_slice(&file)), ENVELOPE_DAMAGED);
}
END_TEST

START_TEST(envelope_with_any_bit_turned_is_no_good)
{
    for (size_t bit = 0; bit < file.length * 8; bit++) {
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
        ck_assert_int_ne(read_copy(buf_slice(&file)), ENVELOPE_GOOD);
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
    }
    ck_assert_int_eq(read_copy(buf_slice(&file)), ENVELOPE_GOOD);
}
END_TEST

START_TEST(envelope_tells_strangers_from_other_versions)
{
    ck_assert_int_eq(read_copy(SLICE("")), ENVELOPE_FOREIGN);
    ck_assert_int_eq(read_copy(SLICE("#!/bin/sh\n")), ENVELOPE_FOREIGN);
    file.data[16] = '2';
    ck_assert_int_eq(read_copy(buf_slice(&file)), ENVELOPE_OTHER);
}
END_TEST

TCase *envelope_cases(void)
{
    TCase *cases = tcase_create("envelope");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, envelope_gives_back_what_was_put_in);
    tcase_add_test(cases, envelope_that_is_cut_anywhere_is_no_good);
    tcase_add_test(cases, envelope_with_any_bit_turned_is_no_good);
    tcase_add_test(cases, envelope_tells_strangers_from_other_versions);
    return cases;
}
