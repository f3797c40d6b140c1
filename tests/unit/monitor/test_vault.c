/* test_vault.c - module/monitor/vault.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/vault.h"

#include "base/limits.h"
#include "scratch.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *state_dir;
static struct vault vault;
static struct arena *arena;
static struct slice content;
static char file[4096];

static void begin(void)
{
    state_dir = scratch_make();
    arena = arena_new(LIMIT_HISTORY_FILE_BYTES);
    ck_assert_int_eq(vault_init(&vault, state_dir, "app", NULL), 0);
}

static void end(void)
{
    vault_done(&vault);
    arena_free(&arena);
    scratch_remove();
}

/* Another process at the same directory; the greater its name the later. */
static struct vault other(char first_digit)
{
    struct vault made;

    ck_assert_int_eq(vault_init(&made, state_dir, "app", NULL), 0);
    made.instance[0] = first_digit;
    return made;
}

START_TEST(vault_gives_back_what_was_stored_last)
{
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), -ENOENT);
    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 0, NULL), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("two"), 0, NULL), 0);
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), 0);
    ck_assert(slice_equals_text(content, "two"));
    ck_assert_int_eq(scratch_read(".app.new", file, sizeof(file)), -1);
}
END_TEST

START_TEST(vault_makes_the_directory_but_not_the_way_to_it)
{
    char deep[128];
    struct vault lost;
    struct error err = { 0 };

    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 0, NULL), 0);
    (void)snprintf(deep, sizeof(deep), "%s/no/such", state_dir);
    ck_assert_int_eq(vault_init(&lost, deep, "app", NULL), 0);
    ck_assert_int_eq(vault_store(&lost, SLICE("one"), 0, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "/no/such/history/app: No such file"));
    vault_done(&lost);
}
END_TEST

START_TEST(vault_of_a_successor_is_left_alone_and_its_own_goes_on)
{
    struct vault successor = other('0');

    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 0, NULL), 0);
    ck_assert_int_eq(vault_load(&successor, arena, &content, NULL), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("two"), 0, NULL), 0); /* it has only read so far */
    ck_assert_int_eq(vault_store(&successor, SLICE("three"), 0, NULL), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("four"), 0, NULL), 1);
    ck_assert_int_eq(vault_store(&successor, SLICE("five"), 0, NULL), 0);
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), 0);
    ck_assert(slice_equals_text(content, "five"));
    vault_done(&successor);
}
END_TEST

START_TEST(vault_of_two_that_began_together_belongs_to_one_of_them)
{
    struct vault twin = other('f');

    vault.instance[0] = '0';
    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 0, NULL), 0);
    ck_assert_int_eq(vault_store(&twin, SLICE("two"), 0, NULL), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("three"), 0, NULL), 1);
    ck_assert_int_eq(vault_store(&twin, SLICE("four"), 0, NULL), 0);
    vault_done(&twin);
}
END_TEST

START_TEST(vault_is_taken_over_again_from_a_successor_that_fell_silent)
{
    struct vault successor = other('0');

    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 1000, NULL), 0);
    ck_assert_int_eq(vault_load(&successor, arena, &content, NULL), 0);
    ck_assert_int_eq(vault_store(&successor, SLICE("two"), 1000, NULL), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("three"), 2000, NULL), 1);
    ck_assert_int_eq(vault_store(&successor, SLICE("four"), 90000, NULL), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("five"), 110000, NULL), 1);
    ck_assert_int_eq(vault_store(&vault, SLICE("six"), 210000, NULL), 1);
    ck_assert_int_eq(vault_store(&vault, SLICE("seven"), 210001, NULL), 0);
    ck_assert_int_eq(vault_store(&successor, SLICE("eight"), 210002, NULL), 1); /* now it waits */
    vault_done(&successor);
}
END_TEST

START_TEST(vault_replaces_what_is_damaged_at_once_and_another_version_late)
{
    struct error err = { 0 };

    scratch_write("app", SLICE("what is this?"));
    ck_assert_int_eq(vault_load(&vault, arena, &content, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, "no history of probityd"));
    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 1000, NULL), 0);
    scratch_write("app", SLICE("probity history 2\nand whatever it may hold, which is long enough"
                               " to be the head of a file of the version that we know"));
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), -EBADMSG);
    ck_assert_int_eq(vault_store(&vault, SLICE("two"), 2000, NULL), 1);
    ck_assert_int_eq(vault_store(&vault, SLICE("three"), 103000, NULL), 0);
}
END_TEST

START_TEST(vault_in_the_hands_of_another_writer_is_busy)
{
    /* What a killed process left under the temporary name is in nobody's way. */
    scratch_write(".app.new", SLICE("half of a fi"));
    ck_assert_int_eq(vault_store(&vault, SLICE("one"), 0, NULL), 0);
    ck_assert_int_eq(mkdir(scratch_path(".app.new"), 0700), 0);
    ck_assert_int_eq(vault_store(&vault, SLICE("two"), 0, NULL), -EISDIR);
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), 0);
    ck_assert(slice_equals_text(content, "one"));
}
END_TEST

START_TEST(vault_reads_no_pipe_and_no_folder)
{
    (void)mkdir(scratch_path(NULL), 0700);
    ck_assert_int_eq(mkfifo(scratch_path("app"), 0600), 0);
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), -EINVAL);
    ck_assert_int_eq(unlink(scratch_path("app")), 0);
    ck_assert_int_eq(mkdir(scratch_path("app"), 0700), 0);
    ck_assert_int_eq(vault_load(&vault, arena, &content, NULL), -EINVAL);
}
END_TEST

START_TEST(vault_without_memory_says_so)
{
    struct vault poor;

    for (int n = 0; n < 4; n++) {
        malloc_fail_at(n);
        if (vault_init(&poor, state_dir, "app", NULL) == 0)
            vault_done(&poor);
    }
    malloc_fail_at(-1);
}
END_TEST

TCase *vault_cases(void)
{
    TCase *cases = tcase_create("vault");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, vault_gives_back_what_was_stored_last);
    tcase_add_test(cases, vault_makes_the_directory_but_not_the_way_to_it);
    tcase_add_test(cases, vault_of_a_successor_is_left_alone_and_its_own_goes_on);
    tcase_add_test(cases, vault_of_two_that_began_together_belongs_to_one_of_them);
    tcase_add_test(cases, vault_is_taken_over_again_from_a_successor_that_fell_silent);
    tcase_add_test(cases, vault_replaces_what_is_damaged_at_once_and_another_version_late);
    tcase_add_test(cases, vault_in_the_hands_of_another_writer_is_busy);
    tcase_add_test(cases, vault_reads_no_pipe_and_no_folder);
    tcase_add_test(cases, vault_without_memory_says_so);
    return cases;
}
