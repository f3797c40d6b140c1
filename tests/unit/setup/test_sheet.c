/* test_sheet.c - module/setup/, from a folder to the sheet: a folder of tests/data/init/ a case.
 *
 * folder/ is surveyed, `environment` holds variables, `platform` the word behind --for, `expected`
 * what is printed.  In it {{health}} stands for the HEALTHCHECK of deploy/docker/Dockerfile, and
 * {{file}} for a file of deploy/, filled in. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/sheet.h"

#include "base/folder.h"
#include "setup/materials.h"
#include "suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_BYTES = 256 * 1024, VARIABLES_MAX = 16 };

static const char *const names[] = {
    "broken",    "django-alpine", "entry-alone",  "fastapi-railway", "fly-8080",   "go-distroless",
    "manifests", "node-fly",      "node-railway", "nothing",         "old-debian", "own-nginx",
};

static char folder[PATH_MAX];
static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(4 * 1024 * 1024);
    ck_assert_ptr_nonnull(arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

/* A file of the case; "" where it has none. */
static struct slice read_part(const char *name, const char *part)
{
    struct slice text = { "", 0 };
    char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/init/%s/%s", TEST_DATA, name, part);
    if (access(path, F_OK) == 0)
        ck_assert_int_eq(folder_read_file(path, TEXT_BYTES, arena, &text, NULL), 0);
    return text;
}

static void add_environment(struct survey *survey, struct slice text)
{
    const char *variables[VARIABLES_MAX + 1] = { NULL };

    for (int i = 0; text.length > 0 && i < VARIABLES_MAX; i++)
        variables[i] = arena_copy(arena, slice_cut(&text, '\n'));
    survey_add_environment(survey, variables);
}

static enum survey_platform platform_of(struct slice text)
{
    struct slice word = slice_cut(&text, '\n');

    for (int i = 0; i < SURVEY_PLATFORMS; i++) {
        if (slice_equals_text(word, survey_platform_text((enum survey_platform)i)))
            return (enum survey_platform)i;
    }
    return SURVEY_PLATFORMS;
}

static bool exists(void *context, const char *path)
{
    char full[PATH_MAX];

    (void)snprintf(full, sizeof(full), "%s/%s", (const char *)context, path);
    return access(full, F_OK) == 0;
}

/* What is expected, with {{…}} put in. */
static void expand(struct buf *buf, struct slice text, const struct advice *advice)
{
    while (text.length > 0) {
        struct slice line = slice_cut(&text, '\n');
        char name[128];

        if (!slice_starts_with(line, SLICE("{{"))) {
            buf_append(buf, line);
            buf_append_char(buf, '\n');
            continue;
        }
        (void)snprintf(name, sizeof(name), "%.*s", (int)line.length - 4, line.data + 2);
        if (strcmp(name, "health") == 0)
            materials_append_health(buf);
        else
            material_append(buf, name, advice);
    }
}

START_TEST(a_sheet_says_what_was_found_and_what_follows)
{
    const char *name = names[_i];
    const struct sheet_folder look = { exists, folder };
    AUTO(buf_done) struct buf printed;
    AUTO(buf_done) struct buf expected;
    struct survey survey;
    struct advice advice;

    buf_init(&printed, TEXT_BYTES);
    buf_init(&expected, TEXT_BYTES);
    (void)snprintf(folder, sizeof(folder), "%s/init/%s/folder", TEST_DATA, name);
    survey_init(&survey, arena);
    ck_assert_int_eq(survey_folder(&survey, folder, NULL), 0);
    add_environment(&survey, read_part(name, "environment"));
    advice_make(&survey, platform_of(read_part(name, "platform")), name, &advice);
    sheet_append(&printed, &survey, &advice, &look);
    expand(&expected, read_part(name, "expected"), &advice);
    ck_assert(buf_ok(&printed) && buf_ok(&expected));
    ck_assert_str_eq(buf_text(&printed), buf_text(&expected));
}
END_TEST

TCase *sheet_cases(void)
{
    TCase *cases = tcase_create("sheet");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_sheet_says_what_was_found_and_what_follows, 0,
                        (int)ARRAY_LENGTH(names));
    return cases;
}
