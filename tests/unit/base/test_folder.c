/* test_folder.c - module/base/folder.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/folder.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const suffixes[] = { ".yaml", ".yml", NULL };

static char folder[64];
static struct arena *arena;

static const char *path_of(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/test_folder.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    arena = arena_new(1024 * 1024);
    ck_assert_ptr_nonnull(arena);
}

static void tear_down(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    arena_free(&arena);
}

START_TEST(the_files_of_a_folder_come_in_the_order_of_their_names)
{
    const char *const *paths = NULL;
    struct error err = { .code = 0 };
    int count = 0;

    write_file("b.yml", "b");
    write_file("a.yaml", "a");
    write_file("c.txt", "c");
    write_file(".hidden.yaml", "d");
    write_file(".yaml", "e");
    ck_assert_int_eq(mkdir(path_of("deep.yaml"), 0700), 0);
    ck_assert_int_eq(symlink("a.yaml", path_of("z.yaml")), 0);
    ck_assert_int_eq(folder_list(folder, suffixes, arena, &paths, &count, &err), 0);
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(paths[0], path_of("a.yaml"));
    ck_assert_str_eq(paths[1], path_of("b.yml"));
    ck_assert_str_eq(paths[2], path_of("z.yaml"));
}
END_TEST

START_TEST(a_file_stands_for_itself_whatever_its_name)
{
    const char *const *paths = NULL;
    struct error err = { .code = 0 };
    struct slice text;
    int count = 0;

    write_file("objectives", "a: 1\n");
    ck_assert_int_eq(folder_list(path_of("objectives"), suffixes, arena, &paths, &count, &err), 0);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(folder_read_file(paths[0], 100, arena, &text, &err), 0);
    ck_assert(slice_equals_text(text, "a: 1\n"));
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    static const struct {
        const char *name;
        int code;
        const char *words;
    } cases[] = {
        { "missing", -ENOENT, "missing: No such file" },
        { "large", -EFBIG, "large: longer than 1 KiB: split it" },
        { "pipe", -EINVAL, "pipe: not a file" },
        { "", -EINVAL, "not a file" },
    };
    const char *const *paths = NULL;
    struct error err = { .code = 0 };
    char large[1026];
    int count = 0;

    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    write_file("large", large);
    ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct slice text;

        error_clear(&err);
        ck_assert_int_eq(folder_read_file(path_of(cases[i].name), 1024, arena, &text, &err),
                         cases[i].code);
        ck_assert_msg(strstr(err.text, cases[i].words) != NULL, "%s", err.text);
    }
    error_clear(&err);
    ck_assert_int_eq(folder_list(folder, suffixes, arena, &paths, &count, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "holds no file that ends in .yaml"));
    error_clear(&err);
    ck_assert_int_eq(folder_list(path_of("none"), suffixes, arena, &paths, &count, &err), -ENOENT);
}
END_TEST

TCase *folder_cases(void)
{
    TCase *cases = tcase_create("folder");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_files_of_a_folder_come_in_the_order_of_their_names);
    tcase_add_test(cases, a_file_stands_for_itself_whatever_its_name);
    tcase_add_test(cases, what_cannot_be_read_is_named);
    return cases;
}
