/* test_rotate.c - module/serve/rotate.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/rotate.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char log_path[96];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/probity-rotate-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(log_path, sizeof(log_path), "%s/access.log", folder);
}

static void remove_folder(void)
{
    char path[128];

    (void)unlink(log_path);
    for (int number = 1; number < 5; number++) {
        (void)snprintf(path, sizeof(path), "%s.%d", log_path, number);
        (void)unlink(path);
    }
    (void)rmdir(log_path);
    (void)rmdir(folder);
}

static void write_log(const char *text)
{
    FILE *file = fopen(log_path, "w");

    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

/* What is in access.log.NUMBER, "" where it isn't there. */
static const char *content(int number)
{
    static char text[32];
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s.%d", log_path, number);
    text[0] = '\0';
    file = fopen(path, "r");
    if (file != NULL) {
        (void)!fgets(text, sizeof(text), file);
        (void)fclose(file);
    }
    return text;
}

static bool rotate_now(int keep)
{
    const struct rotation rotation = { 4, keep };
    struct error err = { 0 };
    bool renamed = true;

    ck_assert_int_eq(rotate(&rotation, log_path, &renamed, &err), 0);
    return renamed;
}

START_TEST(rotate_renames_what_has_grown_to_its_bound_and_keeps_so_many)
{
    write_log("one");
    ck_assert(!rotate_now(2));
    write_log("one!");
    ck_assert(rotate_now(2));
    ck_assert_int_ne(access(log_path, F_OK), 0);
    write_log("two!");
    ck_assert(rotate_now(2));
    write_log("three");
    ck_assert(rotate_now(2));
    ck_assert_str_eq(content(1), "three");
    ck_assert_str_eq(content(2), "two!");
    ck_assert_str_eq(content(3), "");
}
END_TEST

START_TEST(rotate_leaves_alone_what_is_not_there_or_no_file)
{
    ck_assert(!rotate_now(1));
    ck_assert_int_eq(mkdir(log_path, 0700), 0);
    ck_assert(!rotate_now(1));
}
END_TEST

START_TEST(rotate_says_what_can_not_be_renamed)
{
    const struct rotation rotation = { 4, 1 };
    struct error err = { 0 };
    char path[128];
    bool renamed = true;

    write_log("long enough");
    (void)snprintf(path, sizeof(path), "%s.1", log_path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_lt(rotate(&rotation, log_path, &renamed, &err), 0);
    ck_assert(!renamed);
    ck_assert_ptr_nonnull(strstr(err.text, "can't be renamed"));
    (void)rmdir(path);
}
END_TEST

TCase *rotate_cases(void)
{
    TCase *cases = tcase_create("rotate");

    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_add_test(cases, rotate_renames_what_has_grown_to_its_bound_and_keeps_so_many);
    tcase_add_test(cases, rotate_leaves_alone_what_is_not_there_or_no_file);
    tcase_add_test(cases, rotate_says_what_can_not_be_renamed);
    return cases;
}
