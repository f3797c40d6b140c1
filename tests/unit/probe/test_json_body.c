/* test_json_body.c - module/probe/json_body.c */
/* SPDX-License-Identifier: MIT */
#include "probe/json_body.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

START_TEST(a_pointer_leads_where_rfc_6901_says)
{
    static const char document[] = "{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2,"
                                   " \"m~n\": 8, \"k\\\"l\": 6, \"deep\": {\"er\": [[null]]}}";
    static const struct {
        const char *pointer;
        const char *found; /* as JSON; NULL: nowhere */
    } cases[] = {
        { "/foo/0", "\"bar\"" },
        { "/foo/1", "\"baz\"" },
        { "/", "0" },
        { "/a~1b", "1" },
        { "/c%d", "2" },
        { "/k\"l", "6" },
        { "/m~0n", "8" },
        { "/deep/er/0/0", "null" },
        { "/foo/2", NULL },
        { "/foo/00", NULL },
        { "/foo/-", NULL },
        { "/foo/+1", NULL },
        { "/foo/0/x", NULL },
        { "/m~n", NULL },
        { "/m~", NULL },
        { "/nothing", NULL },
        { "foo", NULL },
    };
    json_t *json = json_body_parse(slice_of(document));

    ck_assert_ptr_nonnull(json);
    ck_assert_ptr_eq(json_body_find(json, ""), json);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *found = json_body_find(json, cases[i].pointer);
        char *text = found == NULL ? NULL : json_dumps(found, JSON_ENCODE_ANY);

        if (cases[i].found == NULL)
            ck_assert_msg(found == NULL, "%s", cases[i].pointer);
        else
            ck_assert_msg(text != NULL && strcmp(text, cases[i].found) == 0, "%s",
                          cases[i].pointer);
        free(text);
    }
    json_decref(json);
}
END_TEST

START_TEST(a_value_is_compared_as_it_was_written_down)
{
    static const struct {
        const char *json;
        const char *written;
        bool equals;
    } cases[] = {
        { "\"up\"", "up", true },
        { "\"up\"", "UP", false },
        { "\"up\"", "\"up\"", false },
        { "\"1\"", "1", true },
        { "1", "1", true },
        { "1", "1.0", true },
        { "1", "2", false },
        { "true", "true", true },
        { "true", "yes", false },
        { "null", "null", true },
        { "[1, 2]", "[1,2]", true },
        { "{}", "", false },
        { "{\"a\": 1}", "{\"a\":1}", true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = json_body_parse(slice_of(cases[i].json));

        ck_assert_msg(json_body_equals(json, cases[i].written) == cases[i].equals, "%s = %s",
                      cases[i].json, cases[i].written);
        json_decref(json);
    }
}
END_TEST

START_TEST(what_is_no_json_or_too_deep_is_nothing)
{
    char deep[200];

    ck_assert_ptr_null(json_body_parse(slice_of("<html>")));
    ck_assert_ptr_null(json_body_parse((struct slice){ NULL, 0 }));
    ck_assert_ptr_null(json_body_parse(slice_of("{\"a\": 1, \"a\": 2}")));
    ck_assert_ptr_null(json_body_parse(slice_of("\"\xff\"")));
    ck_assert_ptr_null(json_body_parse(SLICE("[0.1\0]")));
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    ck_assert_ptr_null(json_body_parse((struct slice){ deep, 200 }));
    memset(deep, ' ', 50);
    memset(deep + 150, ' ', 50);
    for (size_t i = 0; i < 2; i++) {
        json_t *json = json_body_parse((struct slice){ deep, 200 });

        ck_assert_ptr_nonnull(json);
        json_decref(json);
    }
}
END_TEST

START_TEST(white_space_goes_but_not_from_texts)
{
    char text[32];

    ck_assert(json_body_compact(slice_of(" {\"a b\" :\r\n[ 1,\t0.10, \"\\\" }\" ] }\n"), text,
                                sizeof(text)));
    ck_assert_str_eq(text, "{\"a b\":[1,0.10,\"\\\" }\"]}");
    ck_assert(json_body_compact(slice_of("[1234567890]"), text, 13));
    ck_assert(!json_body_compact(slice_of("[1234567890]"), text, 12));
    ck_assert_str_eq(text, "");
}
END_TEST

TCase *json_body_cases(void)
{
    TCase *cases = tcase_create("json_body");

    tcase_add_test(cases, a_pointer_leads_where_rfc_6901_says);
    tcase_add_test(cases, a_value_is_compared_as_it_was_written_down);
    tcase_add_test(cases, what_is_no_json_or_too_deep_is_nothing);
    tcase_add_test(cases, white_space_goes_but_not_from_texts);
    return cases;
}
