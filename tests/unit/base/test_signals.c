/* test_signals.c - module/base/signals.c; every test runs in a process of its own. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/signals.h"

#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

START_TEST(signals_wait_until_they_are_asked_for)
{
    signals_block();
    ck_assert_int_eq(raise(SIGTERM), 0);
    ck_assert_int_eq(raise(SIGHUP), 0);
    ck_assert_int_eq(signals_wait(0) + signals_wait(0), SIGTERM + SIGHUP);
    ck_assert_int_eq(signals_wait(0), 0);
}
END_TEST

START_TEST(signals_of_a_broken_pipe_end_nobody)
{
    int ends[2];

    signals_block();
    ck_assert_int_eq(pipe(ends), 0);
    (void)close(ends[0]);
    ck_assert_int_eq((int)write(ends[1], "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    (void)close(ends[1]);
}
END_TEST

TCase *signals_cases(void)
{
    TCase *cases = tcase_create("signals");

    tcase_add_test(cases, signals_wait_until_they_are_asked_for);
    tcase_add_test(cases, signals_of_a_broken_pipe_end_nobody);
    return cases;
}
