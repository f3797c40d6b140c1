/* test_loop.c - module/base/loop.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/loop.h"

#include "base/clock.h"
#include "suite.h"

#include <sys/epoll.h>
#include <unistd.h>

struct counter {
    struct loop_handler handler; /* first, so that the handler's address is the counter's */
    int calls;
    uint32_t events;
};

static void count_call(struct loop_handler *handler, uint32_t events)
{
    struct counter *counter = (struct counter *)(void *)handler;

    counter->calls++;
    counter->events = events;
}

START_TEST(loop_calls_the_handler_of_what_is_ready_and_no_other)
{
    AUTO(loop_free) struct loop *loop = NULL;
    struct counter ready = { .handler = { count_call } };
    struct counter idle = { .handler = { count_call } };
    int first[2];
    int second[2];

    ck_assert_int_eq(loop_new(&loop, NULL), 0);
    ck_assert_int_eq(pipe(first), 0);
    ck_assert_int_eq(pipe(second), 0);
    ck_assert_int_eq(loop_watch(loop, first[0], EPOLLIN | EPOLLET, &ready.handler), 0);
    ck_assert_int_eq(loop_watch(loop, second[0], EPOLLIN | EPOLLET, &idle.handler), 0);
    ck_assert_int_eq((int)write(first[1], "x", 1), 1);
    (void)loop_turn(loop, 10000);
    ck_assert_int_eq(ready.calls, 1);
    ck_assert_uint_eq(ready.events, EPOLLIN);
    ck_assert_int_eq(idle.calls, 0);
    (void)loop_turn(loop, 0); /* an edge is told once */
    ck_assert_int_eq(ready.calls, 1);
    loop_forget(loop, first[0]);
    ck_assert_int_eq((int)write(first[1], "x", 1), 1);
    (void)loop_turn(loop, 0);
    ck_assert_int_eq(ready.calls, 1);
    for (int i = 0; i < 2; i++) {
        (void)close(first[i]);
        (void)close(second[i]);
    }
}
END_TEST

START_TEST(loop_wake_ends_one_turn_each)
{
    AUTO(loop_free) struct loop *loop = NULL;
    int64_t before_ms = clock_boot_ms();

    ck_assert_int_eq(loop_new(&loop, NULL), 0);
    for (int i = 0; i < 3; i++) {
        loop_wake(loop);
        ck_assert_int_ge(loop_turn(loop, 60000), before_ms * 1000);
    }
    ck_assert_int_lt(clock_boot_ms() - before_ms, 30000);
}
END_TEST

START_TEST(loop_refuses_what_is_no_descriptor)
{
    AUTO(loop_free) struct loop *loop = NULL;
    struct counter counter = { .handler = { count_call } };

    ck_assert_int_eq(loop_new(&loop, NULL), 0);
    ck_assert_int_lt(loop_watch(loop, -1, EPOLLIN, &counter.handler), 0);
}
END_TEST

START_TEST(loop_is_not_made_when_memory_is_out)
{
    struct loop *loop = NULL;
    struct error err = { .code = 0 };

    malloc_fail_at(0);
    ck_assert_int_lt(loop_new(&loop, &err), 0);
    malloc_fail_at(-1);
    ck_assert_ptr_null(loop);
}
END_TEST

TCase *loop_cases(void)
{
    TCase *cases = tcase_create("loop");

    tcase_add_test(cases, loop_calls_the_handler_of_what_is_ready_and_no_other);
    tcase_add_test(cases, loop_wake_ends_one_turn_each);
    tcase_add_test(cases, loop_refuses_what_is_no_descriptor);
    tcase_add_test(cases, loop_is_not_made_when_memory_is_out);
    return cases;
}
