/* test_fetch.c - module/ingest/fetch.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/fetch.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *answer;
    const char *body; /* NULL: refused */
    const char *error;
} answers[] = {
    { "HTTP/1.1 200 OK\r\n\r\n{}", "{}", "" },
    { "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}", "" },
    { "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", "", "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", NULL, "cut short" },
    { "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", NULL, "cut short" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", NULL, "chunks" },
    { "HTTP/1.1 307 Temporary\r\nLocation: /x\r\n\r\n", NULL, "status 307" },
    { "HTTP/1.1 200 OK\r\n", NULL, "no HTTP, or was cut short" },
    { "", NULL, "no HTTP" },
    { "SSH-2.0-OpenSSH\r\n\r\n", NULL, "no HTTP" },
    { "HTTP/2\r\n\r\n", NULL, "no HTTP" },
    { "HTTP/1.1\r\n\r\n", NULL, "no HTTP" },
};

START_TEST(fetch_takes_a_whole_200_and_nothing_else)
{
    struct slice body = { "untouched", 9 };
    struct error err = { .code = 0 };
    int code = fetch_parse(slice_of(answers[_i].answer), &body, &err);

    ck_assert_int_eq(code, answers[_i].body == NULL ? -EPROTO : 0);
    if (answers[_i].body != NULL)
        ck_assert(slice_equals_text(body, answers[_i].body));
    ck_assert_msg(strstr(err.text, answers[_i].error) != NULL, "%s", err.text);
}
END_TEST

TCase *fetch_cases(void)
{
    TCase *cases = tcase_create("fetch");

    tcase_add_loop_test(cases, fetch_takes_a_whole_200_and_nothing_else, 0,
                        (int)(sizeof(answers) / sizeof(answers[0])));
    return cases;
}
