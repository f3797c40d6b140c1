/* test_queue.c - module/base/queue.c */
/* SPDX-License-Identifier: MIT */
#include "base/queue.h"

#include "base/clock.h"
#include "base/thread.h"
#include "suite.h"

#include <stdatomic.h>

START_TEST(queue_gives_items_back_in_order_across_its_end)
{
    AUTO(queue_free) struct queue *queue = queue_new(sizeof(int), 3);
    int next_in = 0;
    int next_out = 0;
    int item;

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 2; i++, next_in++)
            ck_assert(queue_push(queue, &next_in));
        for (int i = 0; i < 2; i++, next_out++) {
            ck_assert(queue_pop(queue, &item, 0));
            ck_assert_int_eq(item, next_out);
        }
    }
    ck_assert(!queue_pop(queue, &item, 0));
    ck_assert_uint_eq(queue_refused(queue), 0);
}
END_TEST

START_TEST(queue_that_is_full_refuses_and_counts)
{
    AUTO(queue_free) struct queue *queue = queue_new(sizeof(int), 2);
    int item = 1;

    ck_assert(queue_push(queue, &item));
    ck_assert(queue_push(queue, &item));
    item = 2;
    ck_assert(!queue_push(queue, &item));
    ck_assert(!queue_push(queue, &item));
    ck_assert_uint_eq(queue_refused(queue), 2);
    ck_assert(queue_pop(queue, &item, 0));
    ck_assert_int_eq(item, 1);
}
END_TEST

START_TEST(queue_wake_ends_one_wait_however_long)
{
    AUTO(queue_free) struct queue *queue = queue_new(sizeof(int), 2);
    int64_t before_ms = clock_boot_ms();
    int item;

    queue_wake(queue);
    ck_assert(!queue_pop(queue, &item, before_ms + 60000));
    ck_assert_int_lt(clock_boot_ms() - before_ms, 30000);
    ck_assert(!queue_pop(queue, &item, clock_boot_ms() + 1));
}
END_TEST

START_TEST(queue_wake_is_not_used_up_by_the_items_before_it)
{
    AUTO(queue_free) struct queue *queue = queue_new(sizeof(int), 2);
    int64_t before_ms = clock_boot_ms();
    int item = 1;

    ck_assert(queue_push(queue, &item));
    queue_wake(queue);
    ck_assert(queue_pop(queue, &item, before_ms + 60000));
    ck_assert(!queue_pop(queue, &item, before_ms + 60000));
    ck_assert_int_lt(clock_boot_ms() - before_ms, 30000);
}
END_TEST

enum { PUSHERS = 4, PUSHES = 5000 };

struct pusher {
    struct queue *queue;
    atomic_int *left;
};

static void push_many(void *context)
{
    struct pusher *pusher = context;

    for (int i = 0; i < PUSHES; i++) {
        while (!queue_push(pusher->queue, &i)) {
            ;
        }
    }
    (void)atomic_fetch_sub(pusher->left, 1);
}

START_TEST(queue_loses_nothing_between_threads)
{
    AUTO(queue_free) struct queue *queue = queue_new(sizeof(int), 64);
    atomic_int left = PUSHERS;
    struct pusher pusher = { queue, &left };
    struct thread threads[PUSHERS] = { { .started = false } };
    int64_t sum = 0;
    int item;

    for (int i = 0; i < PUSHERS; i++)
        ck_assert_int_eq(thread_start(&threads[i], "pusher", push_many, &pusher, NULL), 0);
    for (int i = 0; i < PUSHERS * PUSHES; i++) {
        ck_assert(queue_pop(queue, &item, clock_boot_ms() + 60000));
        sum += item;
    }
    ck_assert_int_eq(sum, (int64_t)PUSHERS * PUSHES * (PUSHES - 1) / 2);
    for (int i = 0; i < PUSHERS; i++)
        ck_assert(thread_join(&threads[i], 10000));
}
END_TEST

START_TEST(queue_is_null_when_memory_is_out)
{
    malloc_fail_at(0);
    ck_assert_ptr_null(queue_new(sizeof(int), 4));
    malloc_fail_at(-1);
}
END_TEST

TCase *queue_cases(void)
{
    TCase *cases = tcase_create("queue");

    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, queue_gives_items_back_in_order_across_its_end);
    tcase_add_test(cases, queue_that_is_full_refuses_and_counts);
    tcase_add_test(cases, queue_wake_ends_one_wait_however_long);
    tcase_add_test(cases, queue_wake_is_not_used_up_by_the_items_before_it);
    tcase_add_test(cases, queue_loses_nothing_between_threads);
    tcase_add_test(cases, queue_is_null_when_memory_is_out);
    return cases;
}
