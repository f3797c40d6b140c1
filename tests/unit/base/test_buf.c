/* test_buf.c - module/base/buf.c */
/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "base/auto.h"
#include "suite.h"

START_TEST(buf_grows_and_stays_terminated)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 10000);
    ck_assert_str_eq(buf_text(&buf), "");
    ck_assert_uint_eq(buf_slice(&buf).length, 0);
    for (int i = 0; i < 1000; i++)
        buf_append_char(&buf, 'x');
    buf_append(&buf, (struct slice){ NULL, 0 });
    buf_printf(&buf, "%d", 42);
    buf_append_text(&buf, "");
    ck_assert(buf_ok(&buf));
    ck_assert_uint_eq(buf.length, 1002);
    ck_assert_uint_eq(strlen(buf_text(&buf)), 1002);
    ck_assert_str_eq(buf_text(&buf) + 1000, "42");
}
END_TEST

START_TEST(buf_holds_exactly_its_bound)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 5);
    buf_append_text(&buf, "12345");
    ck_assert(buf_ok(&buf));
    buf_append_text(&buf, "");
    ck_assert(buf_ok(&buf));
    buf_append_char(&buf, '6');
    ck_assert(!buf_ok(&buf));
    ck_assert_str_eq(buf_text(&buf), "12345");
}
END_TEST

START_TEST(buf_stays_failed_until_it_is_cleared)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 4);
    buf_printf(&buf, "%s", "12345");
    buf_append_char(&buf, 'x');
    ck_assert(!buf_ok(&buf));
    ck_assert_uint_eq(buf.length, 0);
    buf_clear(&buf);
    buf_append_char(&buf, 'x');
    ck_assert(buf_ok(&buf));
    ck_assert_str_eq(buf_text(&buf), "x");
}
END_TEST

START_TEST(buf_fails_when_memory_is_out_and_keeps_what_it_has)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 100000);
    buf_append_text(&buf, "kept");
    malloc_fail_at(0);
    buf_printf(&buf, "%5000d", 1);
    malloc_fail_at(-1);
    ck_assert(!buf_ok(&buf));
    ck_assert_str_eq(buf_text(&buf), "kept");
}
END_TEST

TCase *buf_cases(void)
{
    TCase *cases = tcase_create("buf");

    tcase_add_test(cases, buf_grows_and_stays_terminated);
    tcase_add_test(cases, buf_holds_exactly_its_bound);
    tcase_add_test(cases, buf_stays_failed_until_it_is_cleared);
    tcase_add_test(cases, buf_fails_when_memory_is_out_and_keeps_what_it_has);
    return cases;
}
