/* test_auto.c - module/base/auto.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/auto.h"

#include "suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(auto_free_takes_any_pointer_and_leaves_null)
{
    char *text = malloc(3);
    struct pair {
        int a, b;
    } *pair = malloc(sizeof(*pair));
    int *nothing = NULL;

    auto_free(&text);
    auto_free(&pair);
    auto_free(&nothing);
    ck_assert_ptr_null(text);
    ck_assert_ptr_null(pair);
}
END_TEST

START_TEST(auto_close_closes_once)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int kept = fd;

    auto_close(&fd);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(fcntl(kept, F_GETFD), -1);
    auto_close(&fd);
}
END_TEST

TCase *auto_cases(void)
{
    TCase *cases = tcase_create("auto");

    tcase_add_test(cases, auto_free_takes_any_pointer_and_leaves_null);
    tcase_add_test(cases, auto_close_closes_once);
    return cases;
}
