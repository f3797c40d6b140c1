/* test_templates.c - module/ingest/templates.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/templates.h"

#include "base/limits.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_path_fits_the_template_with_its_segments)
{
    static const char *const texts[] = {
        "/",
        "/v1/jobs",
        "/v1/jobs/",
        "/v1/jobs/{id}",
        "/v1/jobs/new",
        "/v1/jobs/{id}/logs",
        "/v1/{kind}/new/logs",
        "/{tenant}/v1",
        "/a//b",
        "/caf\xc3\xa9/{x}",
    };
    static const struct {
        const char *path;
        const char *template; /* "": none */
    } cases[] = {
        { "/", "/" },
        { "", "" },
        { "*", "" },
        { "v1/jobs", "" },
        { "/v1", "" },
        { "/v1/jobs", "/v1/jobs" },
        { "/v1/jobs/", "/v1/jobs/" },
        { "/v1/jobs/7", "/v1/jobs/{id}" },
        { "/v1/jobs/{id}", "/v1/jobs/{id}" },
        { "/v1/jobs/new", "/v1/jobs/new" },
        { "/v1/jobs/news", "/v1/jobs/{id}" },
        { "/v1/jobs/7/", "" },
        { "/v1/jobs/7/logs", "/v1/jobs/{id}/logs" },
        { "/v1/jobs//logs", "" },
        /* The literal leads nowhere: the parameter beside it does. */
        { "/v1/jobs/new/logs", "/v1/jobs/{id}/logs" },
        { "/v1/users/new/logs", "/v1/{kind}/new/logs" },
        { "/v1/v1", "/{tenant}/v1" },
        { "/acme/v1", "/{tenant}/v1" },
        { "//v1", "" },
        { "/a//b", "/a//b" },
        { "/a/b", "" },
        { "/caf\xc3\xa9/\xff", "/caf\xc3\xa9/{x}" },
        { "/V1/jobs", "" },
    };
    AUTO(templates_free) struct templates *templates = NULL;

    ck_assert_int_eq(templates_new(texts, (int)ARRAY_LENGTH(texts), &templates, NULL), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        /* From memory of exactly its size, so that the sanitiser sees a read beyond the end. */
        size_t length = strlen(cases[i].path);
        AUTO(auto_free) char *copy = malloc(length + 1);
        struct slice found;

        memcpy(copy, cases[i].path, length);
        found = templates_match(templates, (struct slice){ copy, length });
        ck_assert_msg(slice_equals_text(found, cases[i].template), "%s: %.*s", cases[i].path,
                      (int)found.length, found.data == NULL ? "" : found.data);
    }
}
END_TEST

START_TEST(what_is_no_template_is_refused_in_words)
{
    static char too_long[LIMIT_ROUTE_BYTES + 1];
    const struct {
        const char *text;
        const char *word;
    } cases[] = {
        { "", "slash" },           { "v1/jobs", "slash" },       { "/a/\xff", "UTF-8" },
        { too_long, "longer" },    { "/a/{id", "braces" },       { "/a/id}", "braces" },
        { "/a/{}", "braces" },     { "/a/{id}.json", "braces" }, { "/a/x{id}", "braces" },
        { "/a/{{id}}", "braces" }, { "/a/{a}{b}", "braces" },
    };

    memset(too_long, 'a', LIMIT_ROUTE_BYTES);
    too_long[0] = '/';
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const texts[] = { "/good", cases[i].text };
        AUTO(templates_free) struct templates *templates = NULL;
        struct error err = { 0 };

        ck_assert_int_eq(templates_new(texts, 2, &templates, &err), -EINVAL);
        ck_assert_ptr_null(templates);
        ck_assert_msg(strstr(err.text, cases[i].word) != NULL, "%s", err.text);
    }
}
END_TEST

START_TEST(of_templates_that_fit_the_same_paths_the_first_is_named)
{
    static const char *const texts[] = { "/a/{first}", "/a/{second}", "/a/{first}" };
    AUTO(templates_free) struct templates *templates = NULL;

    ck_assert_int_eq(templates_new(texts, 3, &templates, NULL), 0);
    ck_assert(slice_equals_text(templates_match(templates, SLICE("/a/7")), "/a/{first}"));
}
END_TEST

START_TEST(as_many_as_the_bound_are_told_apart)
{
    static char texts[LIMIT_TEMPLATES + 1][32];
    static const char *pointers[LIMIT_TEMPLATES + 1];
    AUTO(templates_free) struct templates *templates = NULL;
    AUTO(templates_free) struct templates *refused = NULL;
    struct error err = { 0 };
    char path[32];

    for (int i = 0; i <= LIMIT_TEMPLATES; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "/r%d/{id}/x", i);
        pointers[i] = texts[i];
    }
    ck_assert_int_eq(templates_new(pointers, LIMIT_TEMPLATES + 1, &refused, &err), -E2BIG);
    ck_assert_int_eq(templates_new(pointers, LIMIT_TEMPLATES, &templates, NULL), 0);
    for (int i = 0; i < LIMIT_TEMPLATES; i++) {
        (void)snprintf(path, sizeof(path), "/r%d/%d/x", i, i);
        ck_assert(slice_equals_text(templates_match(templates, slice_of(path)), texts[i]));
    }
}
END_TEST

START_TEST(no_templates_fit_nothing)
{
    AUTO(templates_free) struct templates *templates = NULL;

    ck_assert_int_eq(templates_new(NULL, 0, &templates, NULL), 0);
    ck_assert_uint_eq(templates_match(templates, SLICE("/")).length, 0);
    ck_assert_uint_eq(templates_match(templates, SLICE("/a/b")).length, 0);
}
END_TEST

START_TEST(memory_that_runs_out_is_reported)
{
    static const char *const texts[] = { "/a/{id}", "/b" };
    int n = 0;

    for (;; n++) {
        AUTO(templates_free) struct templates *templates = NULL;
        int code;

        malloc_fail_at(n);
        code = templates_new(texts, 2, &templates, NULL);
        ck_assert_int_eq(code, malloc_failed() ? -ENOMEM : 0);
        malloc_fail_at(-1);
        if (code == 0)
            break;
    }
    ck_assert_int_ge(n, 1);
}
END_TEST

TCase *templates_cases(void)
{
    TCase *cases = tcase_create("templates");

    tcase_add_test(cases, a_path_fits_the_template_with_its_segments);
    tcase_add_test(cases, what_is_no_template_is_refused_in_words);
    tcase_add_test(cases, of_templates_that_fit_the_same_paths_the_first_is_named);
    tcase_add_test(cases, as_many_as_the_bound_are_told_apart);
    tcase_add_test(cases, no_templates_fit_nothing);
    tcase_add_test(cases, memory_that_runs_out_is_reported);
    return cases;
}
