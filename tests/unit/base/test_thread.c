/* test_thread.c - module/base/thread.c */
/* SPDX-License-Identifier: MIT */
#include "base/thread.h"

#include "base/clock.h"
#include "suite.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

static void remember_name(void *context)
{
    atomic_store((atomic_bool *)context, thread_is("worker") && !thread_is("other"));
}

START_TEST(thread_knows_its_name_and_the_main_thread_has_none)
{
    struct thread thread = { .started = false };
    atomic_bool named = false;

    ck_assert_int_eq(thread_start(&thread, "worker", remember_name, &named, NULL), 0);
    ck_assert(thread_join(&thread, 10000));
    ck_assert(atomic_load(&named));
    ck_assert(!thread_is("worker"));
    ck_assert(!thread_left_behind());
}
END_TEST

static void remember_signals(void *context)
{
    sigset_t set;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
    atomic_store((atomic_bool *)context, sigismember(&set, SIGTERM) && sigismember(&set, SIGPIPE));
}

START_TEST(thread_has_every_signal_blocked)
{
    struct thread thread = { .started = false };
    atomic_bool blocked = false;
    sigset_t set;

    ck_assert_int_eq(thread_start(&thread, "worker", remember_signals, &blocked, NULL), 0);
    ck_assert(thread_join(&thread, 10000));
    ck_assert(atomic_load(&blocked));
    (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
    ck_assert(!sigismember(&set, SIGTERM));
}
END_TEST

static void hang(void *context)
{
    while (!atomic_load((atomic_bool *)context))
        clock_sleep_ms(1);
}

START_TEST(thread_that_hangs_is_left_behind_after_the_bound)
{
    struct thread thread = { .started = false };
    static atomic_bool end;

    ck_assert_int_eq(thread_start(&thread, "worker", hang, &end, NULL), 0);
    ck_assert(!thread_join(&thread, 10));
    ck_assert(thread_left_behind());
    atomic_store(&end, true);
    ck_assert(thread_join(&thread, 10000));
    ck_assert(thread_join(&thread, 0)); /* one that has been joined, or never was, has ended */
}
END_TEST

START_TEST(thread_that_has_not_ended_yet_is_not_left_behind_by_who_asks)
{
    struct thread thread = { .started = false };
    static atomic_bool end;

    ck_assert(thread_ended(&thread)); /* one that never was */
    ck_assert_int_eq(thread_start(&thread, "worker", hang, &end, NULL), 0);
    ck_assert(!thread_ended(&thread));
    ck_assert(!thread_left_behind());
    atomic_store(&end, true);
    while (!thread_ended(&thread))
        clock_sleep_ms(1);
    ck_assert(thread_ended(&thread));
}
END_TEST

START_TEST(thread_start_fails_when_memory_is_out)
{
    struct thread thread = { .started = false };
    struct error err = { .code = 0 };
    atomic_bool named;

    malloc_fail_at(0);
    ck_assert_int_eq(thread_start(&thread, "worker", remember_name, &named, &err), -ENOMEM);
    malloc_fail_at(-1);
    ck_assert(!thread.started);
    ck_assert_int_eq(err.code, ENOMEM);
}
END_TEST

TCase *thread_cases(void)
{
    TCase *cases = tcase_create("thread");

    tcase_add_test(cases, thread_knows_its_name_and_the_main_thread_has_none);
    tcase_add_test(cases, thread_has_every_signal_blocked);
    tcase_add_test(cases, thread_that_hangs_is_left_behind_after_the_bound);
    tcase_add_test(cases, thread_that_has_not_ended_yet_is_not_left_behind_by_who_asks);
    tcase_add_test(cases, thread_start_fails_when_memory_is_out);
    return cases;
}
