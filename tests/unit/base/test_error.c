/* test_error.c - module/base/error.c */
/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

START_TEST(error_keeps_the_first_message_because_the_deepest_call_knows_why)
{
    struct error err = { .code = 0 };

    ck_assert_int_eq(error_set(&err, ENOENT, "first: %d", 1), -ENOENT);
    ck_assert_int_eq(error_set(&err, EIO, "second"), -EIO);
    ck_assert_int_eq(err.code, ENOENT);
    ck_assert_str_eq(err.text, "first: 1");
    error_clear(&err);
    ck_assert_int_eq(error_set(&err, EIO, "third"), -EIO);
    ck_assert_str_eq(err.text, "third");
}
END_TEST

START_TEST(error_may_be_nobodys)
{
    ck_assert_int_eq(error_set(NULL, EIO, "unheard"), -EIO);
    error_clear(NULL);
}
END_TEST

START_TEST(error_that_is_too_long_is_cut_and_terminated)
{
    struct error err = { .code = 0 };

    (void)error_set(&err, EIO, "%1000d", 1);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

TCase *error_cases(void)
{
    TCase *cases = tcase_create("error");

    tcase_add_test(cases, error_keeps_the_first_message_because_the_deepest_call_knows_why);
    tcase_add_test(cases, error_may_be_nobodys);
    tcase_add_test(cases, error_that_is_too_long_is_cut_and_terminated);
    return cases;
}
