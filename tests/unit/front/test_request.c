/* test_request.c - what an environment asks for. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/request.h"

#include "base/auto.h"
#include "suite.h"

#include <stdio.h>

START_TEST(the_path_is_the_document_uri_and_never_the_raw_one)
{
    char raw[] = "REQUEST_URI=/raw?x";
    char script[] = "SCRIPT_NAME=/script";
    char document[] = "DOCUMENT_URI=/document";
    char method[] = "REQUEST_METHOD=HEAD";
    char query[] = "QUERY_STRING=a=b";
    char *environment[] = { raw, script, document, method, query, NULL };
    struct request request;

    request_read(environment, &request);
    ck_assert(slice_equals_text(request.path, "/document"));
    ck_assert(slice_equals_text(request.query, "a=b"));
    ck_assert_int_eq(request.method, METHOD_HEAD);
    ck_assert_uint_eq(request.accept.length, 0);
}
END_TEST

START_TEST(the_script_name_serves_where_there_is_no_document_uri)
{
    char script[] = "SCRIPT_NAME=/script";
    char *environment[] = { script, NULL };
    struct request request;

    request_read(environment, &request);
    ck_assert(slice_equals_text(request.path, "/script"));
    ck_assert_int_eq(request.method, METHOD_OTHER);
}
END_TEST

static const struct {
    const char *callers;
    const char *servers;
    const char *want; /* NULL: a new one */
} ids[] = {
    { "mine-1.a_B", "0123", "mine-1.a_B" },
    { "", "0123", "0123" },
    { "two words", "0123", "0123" },
    { "quote\"", "0123", "0123" },
    { "line\r\nInjected: yes", "0123", "0123" },
    { "1234567890123456789012345678901234567890123456789012345678901234", "0",
      "1234567890123456789012345678901234567890123456789012345678901234" },
    { "12345678901234567890123456789012345678901234567890123456789012345", "0", "0" },
    { "", "", NULL },
    { "\xff", "\xff", NULL },
};

START_TEST(the_id_is_the_callers_if_it_is_sane)
{
    char callers[128];
    char servers[128];
    char *environment[] = { callers, servers, NULL };
    struct request request;

    (void)snprintf(callers, sizeof(callers), "HTTP_X_REQUEST_ID=%s", ids[_i].callers);
    (void)snprintf(servers, sizeof(servers), "REQUEST_ID=%s", ids[_i].servers);
    request_read(environment, &request);
    if (ids[_i].want != NULL)
        ck_assert_str_eq(request.id, ids[_i].want);
    else
        ck_assert_uint_eq(strlen(request.id), 32);
}
END_TEST

TCase *request_cases(void)
{
    TCase *tcase = tcase_create("request");

    tcase_add_test(tcase, the_path_is_the_document_uri_and_never_the_raw_one);
    tcase_add_test(tcase, the_script_name_serves_where_there_is_no_document_uri);
    tcase_add_loop_test(tcase, the_id_is_the_callers_if_it_is_sane, 0, (int)ARRAY_LENGTH(ids));
    return tcase;
}
