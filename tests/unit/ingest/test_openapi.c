/* test_openapi.c - module/ingest/openapi.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/openapi.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    const char *templates; /* one behind the other */
} documents[] = {
    { "{\"paths\":{\"/v1/jobs/{id}\":{\"get\":{}},\"/\":{}}}", "/v1/jobs/{id} / " },
    { "{\"paths\":{}}", "" },
    { "{\"paths\":{\"x-internal\":{},\"/a\":1}}", "/a " },
    { "{\"paths\":{\"/f/{name}.json\":{},\"/v{n}/a\":{},\"/{a}{b}\":{},\"/{}\":{},\"/{a\":{},"
      "\"/a}\":{},\"/{a/b}\":{},\"/{a}/{b}\":{}}}",
      "/{a}/{b} " },
    { "{\"servers\":[{\"url\":\"/api/v1/\"}],\"paths\":{\"/a\":{}}}", "/a /api/v1/a " },
    { "{\"servers\":[{\"url\":\"https://h:1/x\"},{\"url\":\"/y\"}],\"paths\":{\"/a\":{}}}",
      "/a /x/a " },
    { "{\"servers\":[{\"url\":\"https://h\"}],\"paths\":{\"/a\":{}}}", "/a " },
    { "{\"servers\":[{\"url\":\"{base}\"}],\"paths\":{\"/a\":{}}}", "/a " },
};

START_TEST(openapi_gives_the_keys_of_its_paths)
{
    AUTO(openapi_free) struct openapi *openapi = NULL;
    char all[256] = "";

    ck_assert_int_eq(openapi_parse(slice_of(documents[_i].text), &openapi, NULL), 0);
    for (int i = 0; i < openapi->count; i++)
        (void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ", openapi->templates[i]);
    ck_assert_str_eq(all, documents[_i].templates);
}
END_TEST

START_TEST(openapi_that_is_none_says_so)
{
    static const char *const cases[][2] = {
        { "", "line 1" },
        { "<html>", "line 1, column 1" },
        { "[]", "no paths" },
        { "{\"paths\":[]}", "no paths" },
    };
    struct openapi *openapi = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(openapi_parse(slice_of(cases[_i][0]), &openapi, &err), -EINVAL);
    ck_assert_ptr_null(openapi);
    ck_assert_msg(strstr(err.text, cases[_i][1]) != NULL, "%s", err.text);
}
END_TEST

START_TEST(openapi_leaves_out_what_is_too_long_for_a_route)
{
    AUTO(openapi_free) struct openapi *openapi = NULL;
    char text[512];

    (void)snprintf(text, sizeof(text), "{\"paths\":{\"/%0200d\":{},\"/a\":{}}}", 1);
    ck_assert_int_eq(openapi_parse(slice_of(text), &openapi, NULL), 0);
    ck_assert_int_eq(openapi->count, 1);
}
END_TEST

TCase *openapi_cases(void)
{
    TCase *cases = tcase_create("openapi");

    tcase_add_loop_test(cases, openapi_gives_the_keys_of_its_paths, 0,
                        (int)(sizeof(documents) / sizeof(documents[0])));
    tcase_add_loop_test(cases, openapi_that_is_none_says_so, 0, 4);
    tcase_add_test(cases, openapi_leaves_out_what_is_too_long_for_a_route);
    return cases;
}
