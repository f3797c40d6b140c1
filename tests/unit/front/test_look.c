/* test_look.c - two looks make a death. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/look.h"

#include "suite.h"

START_TEST(one_old_look_is_no_death)
{
    struct look look = { 0 };

    ck_assert(!look_judge(&look, false, 5000));
    ck_assert(!look_judge(&look, true, 5250));
    ck_assert(!look_judge(&look, true, 6000));
    ck_assert(!look_judge(&look, false, 6240));
}
END_TEST

START_TEST(two_old_looks_a_second_apart_are)
{
    struct look look = { 0 };

    for (int64_t now_ms = 5000; now_ms < 6000; now_ms += 250)
        ck_assert(!look_judge(&look, true, now_ms));
    ck_assert(look_judge(&look, true, 6000));
    ck_assert(!look_judge(&look, false, 6250));
    ck_assert(!look_judge(&look, true, 6500));
}
END_TEST

START_TEST(who_slept_begins_anew)
{
    struct look look = { 0 };

    ck_assert(!look_judge(&look, true, 5000));
    ck_assert(!look_judge(&look, true, 65000));
    ck_assert(!look_judge(&look, true, 65750));
    ck_assert(look_judge(&look, true, 66000));
}
END_TEST

TCase *look_cases(void)
{
    TCase *tcase = tcase_create("look");

    tcase_add_test(tcase, one_old_look_is_no_death);
    tcase_add_test(tcase, two_old_looks_a_second_apart_are);
    tcase_add_test(tcase, who_slept_begins_anew);
    return tcase;
}
