/* test_arena.c - module/base/arena.c */
/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include "suite.h"

START_TEST(arena_refuses_what_exceeds_its_bound)
{
    AUTO(arena_free) struct arena *arena = arena_new(10000);

    ck_assert_ptr_nonnull(arena_alloc(arena, 9000));
    ck_assert_ptr_null(arena_alloc(arena, 2000));
    ck_assert_ptr_nonnull(arena_alloc(arena, 900));
}
END_TEST

START_TEST(arena_memory_is_zeroed_again_after_a_clear)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    char *first = arena_alloc(arena, 100);

    memset(first, 'x', 100);
    arena_clear(arena);
    ck_assert_uint_eq(arena_used_bytes(arena), 0);
    ck_assert_int_eq(*(char *)arena_alloc(arena, 100), 0);
}
END_TEST

START_TEST(arena_gives_null_when_memory_is_out)
{
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);

    malloc_fail_at(0);
    ck_assert_ptr_null(arena_alloc(arena, 100));
    malloc_fail_at(-1);
    ck_assert_ptr_nonnull(arena_alloc(arena, 100));
}
END_TEST

TCase *arena_cases(void)
{
    TCase *cases = tcase_create("arena");

    tcase_add_test(cases, arena_refuses_what_exceeds_its_bound);
    tcase_add_test(cases, arena_memory_is_zeroed_again_after_a_clear);
    tcase_add_test(cases, arena_gives_null_when_memory_is_out);
    return cases;
}
