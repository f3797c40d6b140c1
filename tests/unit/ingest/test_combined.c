/* test_combined.c - module/ingest/combined.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/combined.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

/* 2026-11-21T12:04:05Z */
#define NOON INT64_C(1795262645000)

#define BEFORE "10.0.0.1 - - [21/Nov/2026:12:04:05 +0000] "
#define BEHIND " 200 12 \"-\" \"curl/8\" 0.003"

static struct line_scratch scratch;

static enum reject parse(const char *text, struct line *ret)
{
    return combined_parse(slice_of(text), &scratch, ret);
}

static const struct {
    const char *text;
    int64_t time_ms;
    const char *method;
    const char *path;
    int status;
    int duration_ms;
} events[] = {
    { BEFORE "\"GET /a/b HTTP/1.1\"" BEHIND, NOON, "GET", "/a/b", 200, 3 },
    { BEFORE "\"GET /a?x=\\x22y#z HTTP/2.0\"" BEHIND, NOON, "GET", "/a", 200, 3 },
    { BEFORE "\"POST /caf%C3%A9/%zz/%41 HTTP/1.1\"" BEHIND, NOON, "POST", "/caf\xc3\xa9/%zz/A", 200,
      3 },
    { BEFORE "\"GET /\\xC3\\xA9\\x5Cx41 HTTP/1.1\"" BEHIND, NOON, "GET", "/\xc3\xa9\\x41", 200, 3 },
    { BEFORE "\"GET http://host:80/a?b HTTP/1.1\"" BEHIND, NOON, "GET", "/a", 200, 3 },
    { BEFORE "\"GET https://host HTTP/1.1\"" BEHIND, NOON, "GET", "/", 200, 3 },
    { BEFORE "\"OPTIONS * HTTP/1.1\"" BEHIND, NOON, "OPTIONS", "*", 200, 3 },
    { BEFORE "\"GET /\"" BEHIND, NOON, "GET", "/", 200, 3 }, /* HTTP/0.9 */
    { BEFORE "\"GET /a b HTTP/1.1\"" BEHIND, NOON, "GET", "/a b", 200, 3 },
    { BEFORE "\"-\" 400 0 \"-\" \"-\" 0.000", NOON, "", "", 400, 0 },
    { BEFORE "\"\" 400 0 \"-\" \"-\" 0.000", NOON, "", "", 400, 0 },
    { BEFORE "\"\\x16\\x03\\x01\" 400 150 \"-\" \"-\" 60.250", NOON, "", "", 400, 60250 },
    { BEFORE "\"get /a HTTP/1.1\" 400 150 \"-\" \"-\" 0.1", NOON, "", "", 400, 100 },
    { BEFORE "\"GET a HTTP/1.1\" 400 150 \"-\" \"-\" 0.1", NOON, "", "", 400, 100 },
    { BEFORE "\"GET /a HTTP/1.1\" 304 - \"-\" \"-\" 0.0031", NOON, "GET", "/a", 304, 4 },
    { BEFORE "\"GET /a HTTP/1.1\" 200 1 \"x\\x22\" \"\\x5C\" 1 0.001 \"more\"", NOON, "GET", "/a",
      200, 1000 },
    { BEFORE "\"GET /a HTTP/1.1\"" BEHIND "\r", NOON, "GET", "/a", 200, 3 },
    { "::1 - a] \\x22 [21/Nov/2026:00:00:00 +0000] [21/Nov/2026:12:04:05 +0000] \"GET /a "
      "HTTP/1.1\"" BEHIND,
      NOON, "GET", "/a", 200, 3 },
    { "- - - [21/Nov/2026:13:34:05 +0130] \"GET /a HTTP/1.1\"" BEHIND, NOON, "GET", "/a", 200, 3 },
    { "- - - [21/Nov/2026:04:04:05 -0800] \"GET /a HTTP/1.1\"" BEHIND, NOON, "GET", "/a", 200, 3 },
};

START_TEST(combined_reads_what_nginx_writes)
{
    struct line line;

    ck_assert_int_eq(parse(events[_i].text, &line), REJECT_NONE);
    ck_assert_int_eq(line.time_ms, events[_i].time_ms);
    ck_assert(slice_equals_text(line.method, events[_i].method));
    ck_assert(slice_equals_text(line.path, events[_i].path));
    ck_assert_int_eq(line.status, events[_i].status);
    ck_assert_int_eq(line.duration_ms, events[_i].duration_ms);
    ck_assert_int_eq(line.service.length, 0);
}
END_TEST

static const struct {
    const char *text;
    enum reject reject;
} rejects[] = {
    { "", REJECT_FORMAT },
    { "{\"time\":1}", REJECT_FORMAT },
    { BEFORE, REJECT_FORMAT },
    { BEFORE "\"GET /a HTTP/1.1", REJECT_FORMAT },
    { BEFORE "\"GET /a HTTP/1.1\" 200 12 \"-\" \"curl", REJECT_FORMAT },
    { BEFORE "\"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\"", REJECT_MISSING }, /* no $request_time */
    { BEFORE "\"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\" ", REJECT_MISSING },
    { BEFORE "\"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\" -", REJECT_NUMBER },
    { BEFORE "\"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\" -0.1", REJECT_NUMBER },
    { BEFORE "\"GET /a HTTP/1.1\" 200 12 \"-\" \"curl\" 99999999999", REJECT_NUMBER },
    { BEFORE "\"GET /a HTTP/1.1\" abc 12 \"-\" \"curl\" 0.1", REJECT_NUMBER },
    { BEFORE "\"GET /a HTTP/1.1\" 000 12 \"-\" \"curl\" 0.1", REJECT_STATUS },
    { BEFORE "\"GET /a HTTP/1.1\" 600 12 \"-\" \"curl\" 0.1", REJECT_STATUS },
    { "- - - [21/Nox/2026:12:04:05 +0000] \"GET /a HTTP/1.1\"" BEHIND, REJECT_TIME },
    { "- - - [31/Nov/2026:12:04:05 +0000] \"GET /a HTTP/1.1\"" BEHIND, REJECT_TIME },
    { "- - - [21/Nov/2026 12:04:05 +0000] \"GET /a HTTP/1.1\"" BEHIND, REJECT_TIME },
    { "- - - [21/Nov/2026:12:04:05 +00:0] \"GET /a HTTP/1.1\"" BEHIND, REJECT_TIME },
    { "- - - [21/Nov/26:12:04:05 +0000] \"GET /a HTTP/1.1\"" BEHIND, REJECT_FORMAT },
};

START_TEST(combined_says_what_is_wrong_with_a_line)
{
    struct line line;

    ck_assert_int_eq(parse(rejects[_i].text, &line), rejects[_i].reject);
}
END_TEST

START_TEST(combined_takes_a_request_as_long_as_a_line)
{
    static char text[LIMIT_LOG_LINE_IN_BYTES + 2];
    struct line line;
    size_t used;

    (void)snprintf(text, sizeof(text), "%s\"GET /", BEFORE);
    used = strlen(text);
    memset(text + used, '%', sizeof(text) - used - 128);
    memcpy(text + strlen(text), " HTTP/1.1\"" BEHIND, sizeof(" HTTP/1.1\"" BEHIND));
    ck_assert_int_eq(parse(text, &line), REJECT_NONE);
    ck_assert_int_gt(line.path.length, 60000);
    memset(text, 'x', LIMIT_LOG_LINE_IN_BYTES + 1);
    ck_assert_int_eq(parse(text, &line), REJECT_TOO_LONG);
}
END_TEST

TCase *combined_cases(void)
{
    TCase *cases = tcase_create("combined");

    tcase_add_loop_test(cases, combined_reads_what_nginx_writes, 0,
                        (int)(sizeof(events) / sizeof(events[0])));
    tcase_add_loop_test(cases, combined_says_what_is_wrong_with_a_line, 0,
                        (int)(sizeof(rejects) / sizeof(rejects[0])));
    tcase_add_test(cases, combined_takes_a_request_as_long_as_a_line);
    return cases;
}
