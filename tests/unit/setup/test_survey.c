/* test_survey.c - module/setup/survey.c and its readers: what a folder can do to them */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/survey.h"

#include "base/auto.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static struct arena *arena;
static struct survey survey;

static void set_up(void)
{
    arena = arena_new(1024 * 1024);
    ck_assert_ptr_nonnull(arena);
    survey_init(&survey, arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

START_TEST(the_first_file_that_says_something_counts)
{
    survey_add_file(&survey, "railway.toml", SLICE("[deploy]\nhealthcheckPath = \"/first\"\n"));
    survey_add_file(&survey, "compose.yaml",
                    SLICE("services: {a: {healthcheck: {test: curl http://localhost/second}}}"));
    ck_assert_str_eq(survey.health.text, "/first");
    ck_assert_str_eq(survey.health.where, "railway.toml");
}
END_TEST

START_TEST(values_of_variables_are_not_kept)
{
    static const char *const variables[] = { "JWT_SECRET_KEY=hush", "DATABASE_URL=hush", NULL };

    survey_add_environment(&survey, variables);
    survey_add_file(&survey, ".env", SLICE("REDIS_URL=hush\n"));
    for (int i = 0; i < survey.finding_count; i++)
        ck_assert_ptr_null(strstr(survey.findings[i].what, "hush"));
    for (int i = 0; i < SURVEY_NAMES; i++)
        ck_assert_ptr_null(survey.names[i].text == NULL ? NULL
                                                        : strstr(survey.names[i].text, "hush"));
    ck_assert_ptr_nonnull(survey.names[SURVEY_DATABASE_URL].where);
}
END_TEST

START_TEST(a_stage_takes_over_what_the_one_below_it_says)
{
    survey_add_file(&survey, "Dockerfile",
                    SLICE("FROM --platform=linux/amd64 python:3.11 AS base\nUSER app\nEXPOSE 8000\n"
                          "FROM scratch AS other\nFROM Base\nCMD run"));
    ck_assert_str_eq(survey.image.text, "python:3.11");
    ck_assert_str_eq(survey.user.text, "app");
    ck_assert_int_eq(survey.exposed.number, 8000);
    ck_assert_str_eq(survey.starts[SURVEY_BY_IMAGE].line, "run");
}
END_TEST

START_TEST(node_is_started_without_npm_where_that_can_be)
{
    static const struct {
        const char *package;
        const char *line;
    } cases[] = {
        { "{scripts: {start: node dist/server.js}}", "node dist/server.js" },
        { "{scripts: {start: node migrate.js && node server.js}}", NULL },
        { "{scripts: {start: next start}}", NULL },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        survey_init(&survey, arena);
        survey_add_file(&survey, "package.json", slice_of(cases[i].package));
        ck_assert_pstr_eq(survey.starts[SURVEY_BY_PACKAGE].line, cases[i].line);
        ck_assert_ptr_nonnull(survey.starts[SURVEY_BY_PACKAGE].where);
    }
}
END_TEST

START_TEST(a_file_that_nobody_knows_says_nothing)
{
    survey_add_file(&survey, "README.md", SLICE("FROM python"));
    survey_add_file(&survey, "k8s/deep/down.yaml", SLICE("kind: Pod\napiVersion: v1"));
    ck_assert_int_eq(survey.finding_count, 0);
}
END_TEST

START_TEST(more_than_there_is_room_for_is_cut_and_said)
{
    for (int i = 0; i < 100; i++)
        survey_add_file(&survey, "k8s/a.yaml", SLICE("kind: Pod\napiVersion: v1"));
    ck_assert(survey.is_cut);
    ck_assert_int_eq(survey.finding_count, (int)ARRAY_LENGTH(survey.findings));
}
END_TEST

START_TEST(without_memory_it_is_cut_and_said)
{
    static const char text[] = "FROM python\nENTRYPOINT [\"a\", \"b\"]\nCMD [\"c\"]\nUSER d\n"
                               "HEALTHCHECK CMD curl http://localhost/e\n";

    for (int n = 0; n < 40; n++) {
        tear_down();
        arena = arena_new((size_t)n * 64 + 1);
        ck_assert_ptr_nonnull(arena);
        survey_init(&survey, arena);
        survey_add_file(&survey, "Dockerfile", SLICE(text));
        ck_assert(survey.is_cut || survey.health.where != NULL || survey.finding_count > 0);
    }
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    struct error err = { .code = 0 };

    ck_assert_int_eq(survey_folder(&survey, "/nowhere/at/all", &err), -ENOENT);
    ck_assert_int_eq(survey_folder(&survey, "/dev/null", NULL), -ENOTDIR);
    ck_assert_str_eq(err.text, "/nowhere/at/all: No such file or directory");
}
END_TEST

TCase *survey_cases(void)
{
    TCase *cases = tcase_create("survey");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_first_file_that_says_something_counts);
    tcase_add_test(cases, values_of_variables_are_not_kept);
    tcase_add_test(cases, a_stage_takes_over_what_the_one_below_it_says);
    tcase_add_test(cases, node_is_started_without_npm_where_that_can_be);
    tcase_add_test(cases, a_file_that_nobody_knows_says_nothing);
    tcase_add_test(cases, more_than_there_is_room_for_is_cut_and_said);
    tcase_add_test(cases, without_memory_it_is_cut_and_said);
    tcase_add_test(cases, a_folder_that_is_not_there_is_an_error);
    return cases;
}
