/* test_credentials.c - module/base/credentials.c; every test runs in a process of its own. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/credentials.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char directory[64];

static void hand_over(const char *name, const char *content, size_t length)
{
    char path[160];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fwrite(content, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
    (void)snprintf(directory, sizeof(directory), "/tmp/test_credentials.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
}

static void tear_down(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -r %s", directory);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(each_file_is_a_variable)
{
    hand_over("JWT_SECRET_KEY", "key\n", 4);
    hand_over("probity_DATABASE_URL", "postgresql://u:p@h/d", 20);
    hand_over("TWO_LINES", "a\nb\n\n", 5);
    hand_over("EMPTY", "", 0);
    ck_assert_int_eq(credentials_import(NULL), 0);
    ck_assert_str_eq(getenv("JWT_SECRET_KEY"), "key");
    ck_assert_str_eq(getenv("DATABASE_URL"), "postgresql://u:p@h/d");
    ck_assert_str_eq(getenv("TWO_LINES"), "a\nb\n");
    ck_assert_str_eq(getenv("EMPTY"), "");
}
END_TEST

START_TEST(a_variable_that_is_set_stays)
{
    (void)setenv("REDIS_URL", "redis://here", 1);
    (void)setenv("DATABASE_URL", "", 1); /* counts as not set */
    hand_over("probity_REDIS_URL", "redis://there", 13);
    hand_over("probity_DATABASE_URL", "postgresql://there", 18);
    ck_assert_int_eq(credentials_import(NULL), 0);
    ck_assert_str_eq(getenv("REDIS_URL"), "redis://here");
    ck_assert_str_eq(getenv("DATABASE_URL"), "postgresql://there");
}
END_TEST

START_TEST(what_is_no_variable_is_somebody_elses)
{
    static const char *const names[] = { "tls.key", "probity_", "probity_a", "A-B", "1A", "path" };

    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        hand_over(names[i], "x\0y", 3);
    ck_assert_int_eq(credentials_import(NULL), 0);
    ck_assert_ptr_null(getenv("a"));
    ck_assert_ptr_null(getenv("1A"));
}
END_TEST

START_TEST(a_credential_that_can_be_no_variable_is_refused)
{
    struct error err = { 0 };

    hand_over("SECRET_KEY", "a\0b", 3);
    ck_assert_int_eq(credentials_import(&err), -EINVAL);
    ck_assert_str_eq(err.text, "credential SECRET_KEY: it holds a NUL: no variable can");
}
END_TEST

START_TEST(nothing_happens_where_nothing_was_handed_over)
{
    ck_assert_int_eq(credentials_import(NULL), 0); /* an empty directory */
    (void)setenv("CREDENTIALS_DIRECTORY", "", 1);
    ck_assert_int_eq(credentials_import(NULL), 0);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    ck_assert_int_eq(credentials_import(NULL), 0);
}
END_TEST

TCase *credentials_cases(void)
{
    TCase *cases = tcase_create("credentials");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, each_file_is_a_variable);
    tcase_add_test(cases, a_variable_that_is_set_stays);
    tcase_add_test(cases, what_is_no_variable_is_somebody_elses);
    tcase_add_test(cases, a_credential_that_can_be_no_variable_is_refused);
    tcase_add_test(cases, nothing_happens_where_nothing_was_handed_over);
    return cases;
}
