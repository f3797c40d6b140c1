/* test_http_text.c - module/probe/http_text.c */
/* SPDX-License-Identifier: MIT */
#include "probe/http_text.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *answer;
    int status;
    bool done; /* when all of it was fed */
    bool keep_alive;
    bool done_at_end; /* when the peer then closes */
} cases[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, true, true, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", 200, false, true, false },
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", 200, true, false, false },
    { "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, true, true, false },
    { "HTTP/1.1 204 No Content\r\n\r\n", 204, true, true, false },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, true, true, false },
    { "HTTP/1.1 503 Down\ncontent-length:1\n\nx", 503, true, true, false },
    { "HTTP/1.1 200 OK\r\n\r\nall until the end", 200, false, false, true },
    { "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, true, false, false },
    { "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", 200, true, true,
      false },
    { "HTTP/1.1 200 OK\r\nConnection: Foo, Close\r\nContent-Length: 0\r\n\r\n", 200, true, false,
      false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, true,
      true, false },
    { "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: "
      "v\r\n\r\n",
      200, true, true, false },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 200, false, true, false },
    { "HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "0\r\n\r\n",
      200, true, true, false },
    { "HTTP/1.1 100 Continue\r\n\r\n", 0, false, false, false },
    { "HTTP/1.1 20", 0, false, false, false },
    { "", 0, false, false, false },
};

START_TEST(answers_end_where_http_says)
{
    struct http_text text;

    http_text_init(&text, NULL);
    ck_assert_int_eq(http_text_feed(&text, slice_of(cases[_i].answer)), cases[_i].done);
    ck_assert_int_eq(text.status, cases[_i].status);
    if (cases[_i].done)
        ck_assert_int_eq(text.state, HTTP_TEXT_DONE);
    if (cases[_i].status != 0)
        ck_assert_int_eq(text.keep_alive, cases[_i].keep_alive);
    if (!cases[_i].done)
        ck_assert_int_eq(http_text_close(&text), cases[_i].done_at_end);
}
END_TEST

START_TEST(the_size_of_reads_makes_no_difference)
{
    struct slice answer = slice_of(cases[_i].answer);
    struct http_text text;
    bool over = false;

    http_text_init(&text, NULL);
    for (size_t i = 0; i < answer.length; i++)
        over = http_text_feed(&text, (struct slice){ answer.data + i, 1 });
    ck_assert_int_eq(over, cases[_i].done);
    ck_assert_int_eq(text.status, cases[_i].status);
}
END_TEST

START_TEST(what_is_no_http_is_broken)
{
    static const char *const broken[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "-ERR unknown command 'GET'\r\n",
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 2OO OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 No\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    };

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct http_text text;

        http_text_init(&text, NULL);
        ck_assert_msg(http_text_feed(&text, slice_of(broken[i])), "%s", broken[i]);
        ck_assert_int_eq(text.state, HTTP_TEXT_BROKEN);
    }
}
END_TEST

START_TEST(a_long_body_is_judged_by_its_status_and_not_read_on)
{
    struct http_text text;
    char *filler = malloc(HTTP_TEXT_ANSWER_BYTES);

    ck_assert_ptr_nonnull(filler);
    memset(filler, 'x', HTTP_TEXT_ANSWER_BYTES);
    http_text_init(&text, NULL);
    ck_assert(!http_text_feed(&text, SLICE("HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")));
    ck_assert(http_text_feed(&text, (struct slice){ filler, HTTP_TEXT_ANSWER_BYTES }));
    ck_assert_int_eq(text.state, HTTP_TEXT_DONE);
    ck_assert(!text.keep_alive);
    free(filler);
}
END_TEST

START_TEST(headers_without_an_end_are_broken)
{
    struct http_text text;
    bool over = false;

    http_text_init(&text, NULL);
    (void)http_text_feed(&text, SLICE("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < HTTP_TEXT_ANSWER_BYTES && !over; i++)
        over = http_text_feed(&text, SLICE("X: y\r\n"));
    ck_assert(over);
    ck_assert_int_eq(text.state, HTTP_TEXT_BROKEN);
}
END_TEST

static char told[256];

static void tell(struct slice bytes, const char *behind)
{
    size_t length = strlen(told);

    ck_assert_uint_lt(length + bytes.length + strlen(behind), sizeof(told));
    memcpy(told + length, bytes.data, bytes.length);
    (void)memcpy(told + length + bytes.length, behind, strlen(behind) + 1);
}

static void tell_header(void *context, struct slice name, struct slice value)
{
    (void)context;
    tell(name, "=");
    tell(value, ";");
}

static void tell_body(void *context, struct slice bytes)
{
    (void)context;
    tell(bytes, "");
}

START_TEST(headers_and_body_go_to_who_wants_them)
{
    static const char answer[] =
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b c \r\n"
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n";
    const struct http_text_sink sink = { tell_header, tell_body, NULL };

    for (size_t step = 1; step < sizeof(answer); step++) {
        struct http_text text;

        told[0] = '\0';
        http_text_init(&text, &sink);
        for (size_t at = 0; at < sizeof(answer) - 1; at += step) {
            size_t left = sizeof(answer) - 1 - at;

            (void)http_text_feed(&text, (struct slice){ answer + at, left < step ? left : step });
        }
        ck_assert_int_eq(text.state, HTTP_TEXT_DONE);
        ck_assert_str_eq(told, "A=b c;Transfer-Encoding=chunked;hello world");
    }
}
END_TEST

TCase *http_text_cases(void)
{
    TCase *tests = tcase_create("http_text");
    int count = (int)(sizeof(cases) / sizeof(cases[0]));

    tcase_add_loop_test(tests, answers_end_where_http_says, 0, count);
    tcase_add_loop_test(tests, the_size_of_reads_makes_no_difference, 0, count);
    tcase_add_test(tests, what_is_no_http_is_broken);
    tcase_add_test(tests, a_long_body_is_judged_by_its_status_and_not_read_on);
    tcase_add_test(tests, headers_without_an_end_are_broken);
    tcase_add_test(tests, headers_and_body_go_to_who_wants_them);
    return tests;
}
