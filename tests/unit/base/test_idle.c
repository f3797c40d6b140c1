/* test_idle.c - module/base/idle.c */
/* SPDX-License-Identifier: MIT */
#include "base/idle.h"

#include "base/clock.h"

#include "suite.h"

#include <sys/eventfd.h>
#include <unistd.h>

enum { AFTER_MS = 60000 };

static struct queue *bell;
static struct idle *idle;
static int64_t asked_at_ms;

static void set_up(void)
{
    bell = queue_new(1, 1);
    idle = idle_new(AFTER_MS, bell);
    ck_assert_ptr_nonnull(idle);
    asked_at_ms = idle_look(idle).asked_at_ms;
}

static void tear_down(void)
{
    idle_free(&idle);
    queue_free(&bell);
    ck_assert_ptr_null(idle);
}

static bool was_nudged(int fd)
{
    uint64_t count;

    return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

START_TEST(a_pause_begins_when_nobody_has_asked_for_so_long_and_only_once)
{
    ck_assert(!idle_judge(idle, asked_at_ms + AFTER_MS - 1));
    ck_assert(!idle_is_paused(idle));
    ck_assert(idle_judge(idle, asked_at_ms + AFTER_MS));
    ck_assert(idle_is_paused(idle));
    ck_assert(!idle_judge(idle, asked_at_ms + 2 * AFTER_MS));
    ck_assert_uint_eq(idle_pauses(idle), 1);
    ck_assert_int_eq(idle_look(idle).paused_at_ms, asked_at_ms + AFTER_MS);
    ck_assert_int_eq(idle_look(idle).quiet_ms, AFTER_MS);
    ck_assert_int_eq(idle_look(idle).woken_at_ms, 0);
}
END_TEST

START_TEST(asking_ends_a_pause_and_rings_the_bell)
{
    char nothing;
    int64_t began_ms = clock_boot_ms();

    ck_assert(idle_judge(idle, asked_at_ms + AFTER_MS));
    idle_ask(idle);
    ck_assert(!idle_is_paused(idle));
    ck_assert_int_ge(idle_look(idle).woken_at_ms, began_ms);
    /* A wake-up that came before: it must not wait the minute that it may. */
    ck_assert(!queue_pop(bell, &nothing, began_ms + 60000));
    ck_assert_int_lt(clock_boot_ms() - began_ms, 30000);
    ck_assert(!idle_judge(idle, clock_boot_ms()));
    ck_assert_uint_eq(idle_pauses(idle), 1); /* also to those who missed it */
}
END_TEST

START_TEST(asking_while_awake_puts_the_next_pause_off)
{
    int64_t later_ms;

    idle_ask(idle);
    later_ms = idle_look(idle).asked_at_ms;
    ck_assert_int_ge(later_ms, asked_at_ms);
    ck_assert(!idle_judge(idle, later_ms + AFTER_MS - 1));
    ck_assert(idle_judge(idle, later_ms + AFTER_MS));
}
END_TEST

START_TEST(members_are_nudged_at_both_ends_until_they_part)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int other = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    ck_assert(idle_join(idle, other) && idle_join(idle, fd));
    ck_assert(idle_judge(idle, asked_at_ms + AFTER_MS));
    ck_assert(was_nudged(fd) && was_nudged(other));
    idle_part(idle, other);
    idle_ask(idle);
    ck_assert(was_nudged(fd) && !was_nudged(other));
    idle_ask(idle);
    ck_assert(!was_nudged(fd));
    (void)close(fd);
    (void)close(other);
}
END_TEST

START_TEST(there_is_room_for_so_many_members_and_no_more)
{
    int joined = 0;

    /* /dev/null's descriptor would do as well: none is written to here. */
    while (joined < 10000 && idle_join(idle, 1000000 + joined))
        joined++;
    ck_assert_int_lt(joined, 10000);
    idle_part(idle, 1000000);
    ck_assert(idle_join(idle, 1000000));
    ck_assert(!idle_join(idle, 999999));
}
END_TEST

START_TEST(where_nobody_ever_rests_there_is_nothing)
{
    struct idle_view view = idle_look(NULL);

    idle_ask(NULL);
    ck_assert(!idle_judge(NULL, INT64_MAX));
    ck_assert(!idle_is_paused(NULL));
    ck_assert_uint_eq(idle_pauses(NULL), 0);
    ck_assert(!view.paused && view.paused_at_ms == 0);
    ck_assert(idle_join(NULL, 1));
    idle_part(NULL, 1);
}
END_TEST

TCase *idle_cases(void)
{
    TCase *cases = tcase_create("idle");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_pause_begins_when_nobody_has_asked_for_so_long_and_only_once);
    tcase_add_test(cases, asking_ends_a_pause_and_rings_the_bell);
    tcase_add_test(cases, asking_while_awake_puts_the_next_pause_off);
    tcase_add_test(cases, members_are_nudged_at_both_ends_until_they_part);
    tcase_add_test(cases, there_is_room_for_so_many_members_and_no_more);
    tcase_add_test(cases, where_nobody_ever_rests_there_is_nothing);
    return cases;
}
