/* test_line.c - module/ingest/line.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/line.h"

#include "suite.h"

#include <stdlib.h>

static struct line_scratch scratch;

#define OWN(time, path, status, duration, upstream)                                      \
    "{\"time\":" time ",\"request_id\":\"8f2e\",\"service\":\"app\",\"method\":\"GET\"," \
    "\"path\":\"" path "\",\"status\":" status ",\"request_time\":" duration             \
    ",\"bytes\":512,\"upstream_time\":\"" upstream "\"}"

/* Parsed from memory of exactly its size, so that the sanitiser sees a read beyond the end. */
static enum reject parse(const char *text, size_t length, struct line *line)
{
    static char *copy;
    enum reject reject;
    enum reject taken_reject = REJECT_NONE;
    struct line taken;
    size_t length_taken;

    free(copy);
    copy = malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\n';
    ck_assert_uint_eq(line_take((struct slice){ copy, length }, &scratch, &taken, &taken_reject),
                      0);
    length_taken = line_take((struct slice){ copy, length + 1 }, &scratch, &taken, &taken_reject);
    reject = line_parse((struct slice){ copy, length }, &scratch, line);
    if (length_taken != 0) {
        ck_assert_uint_eq(length_taken, length + 1);
        ck_assert_int_eq(taken_reject, reject);
        if (reject == REJECT_NONE)
            ck_assert(taken.time_ms == line->time_ms && taken.status == line->status
                      && taken.duration_ms == line->duration_ms
                      && taken.path.length == line->path.length);
    }
    return reject;
}

START_TEST(our_own_order_is_taken_without_looking_for_its_end)
{
    static const char text[] = OWN("1795262400.123", "/a", "200", "0.012", "0.1") "\n{\"ti";
    struct line line;
    enum reject reject = REJECT_MISSING;

    ck_assert_uint_eq(line_take(slice_of(text), &scratch, &line, &reject), strlen(text) - 4);
    ck_assert_int_eq(reject, REJECT_NONE);
    ck_assert_int_eq(line.status, 200);
}
END_TEST

START_TEST(lines_that_are_events_are_read_exactly)
{
    static const struct {
        const char *text;
        int64_t time_ms;
        uint64_t duration_ms;
        int status;
        const char *path;
    } cases[] = {
        { OWN("1795262400.123", "/a", "200", "0.012", "0.012"), 1795262400123, 12, 200, "/a" },
        { OWN("1795262400.1", "/a", "200", "1", ""), 1795262400100, 1000, 200, "/a" },
        { OWN("1795262400", "/a", "599", "0.5", "-"), 1795262400000, 500, 599, "/a" },
        /* Digits beyond the millisecond: the time is cut, the duration rounds up. */
        { OWN("1795262400.1239", "/a", "200", "0.0120001", "0.1, 0.2 : 0.3"), 1795262400123, 13,
          200, "/a" },
        { OWN("1795262400.123", "/a", "200", "0.0120000", ""), 1795262400123, 12, 200, "/a" },
        { OWN("1795262400.123", "", "400", "0.000", ""), 1795262400123, 0, 400, "" },
        { OWN("1795262400.123", "/\\\"\\\\\\/\\n", "200", "0.012", ""), 1795262400123, 12, 200,
          "/\"\\/\n" },
        { OWN("1795262400.123", "/\\u00e9\\ud83d\\ude00", "200", "0.012", ""), 1795262400123, 12,
          200, "/\xc3\xa9\xf0\x9f\x98\x80" },
        { OWN("1795262400.123", "/\xff\xc3", "200", "0.012", ""), 1795262400123, 12, 200,
          "/\xff\xc3" },
        { " { \"status\" : 204 , \"path\" : \"/b\" , \"method\" : \"PUT\" , \"request_time\" : 2.5 "
          ","
          " \"time\" : 5 } \r",
          5000, 2500, 204, "/b" },
        { "{\"x\":[{},[],[1,\"]}\",{\"y\":null}],true,-1.5e+3],\"time\":5,\"method\":\"GET\","
          "\"path\":\"/c\",\"\":{\"time\":9},\"status\":200,\"request_time\":0}",
          5000, 0, 200, "/c" },
        { "{\"time\":1,\"time\":5,\"method\":\"GET\",\"path\":\"/d\",\"status\":200,"
          "\"request_time\":0,\"service\":7}",
          5000, 0, 200, "/d" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct line line;

        ck_assert_msg(parse(cases[i].text, strlen(cases[i].text), &line) == REJECT_NONE, "%s",
                      cases[i].text);
        ck_assert_int_eq(line.time_ms, cases[i].time_ms);
        ck_assert_uint_eq(line.duration_ms, cases[i].duration_ms);
        ck_assert_int_eq(line.status, cases[i].status);
        ck_assert(slice_equals_text(line.path, cases[i].path));
    }
}
END_TEST

START_TEST(lines_that_are_none_say_why)
{
    static const struct {
        const char *text;
        enum reject reject;
    } cases[] = {
        { "", REJECT_NOT_JSON },
        { "   ", REJECT_NOT_JSON },
        { "garbage", REJECT_NOT_JSON },
        { "[1]", REJECT_NOT_JSON },
        { "{", REJECT_NOT_JSON },
        { "{\"time\":17952624", REJECT_NOT_JSON },
        { "{\"time\":1,}", REJECT_NOT_JSON },
        { "{\"time\" 1}", REJECT_NOT_JSON },
        { "{\"time\":}", REJECT_NOT_JSON },
        { "{time:1}", REJECT_NOT_JSON },
        { "{\"a\":\"\\x\"}", REJECT_NOT_JSON },
        { "{\"a\":\"\\u12g4\"}", REJECT_NOT_JSON },
        { "{\"a\":\"\\", REJECT_NOT_JSON },
        { "{\"a\":\"tab\there\"}", REJECT_NOT_JSON },
        { "{\"a\":1.}", REJECT_NOT_JSON },
        { "{\"a\":1e}", REJECT_NOT_JSON },
        { "{\"a\":-}", REJECT_NOT_JSON },
        { "{\"a\":nul}", REJECT_NOT_JSON },
        { "{\"a\":[1}}", REJECT_NOT_JSON },
        { OWN("1795262400.123", "/a", "200", "0.012", "") "x", REJECT_NOT_JSON },
        { OWN("1795262400.123", "/a", "200", "0.012", "") OWN("1", "/a", "200", "0.012", ""),
          REJECT_NOT_JSON },
        { "{}", REJECT_MISSING },
        { "{\"time\":1}", REJECT_MISSING },
        { "{\"time\":1,\"method\":\"GET\",\"path\":\"/\",\"status\":200}", REJECT_MISSING },
        { "{\"time\":1,\"method\":\"GET\",\"path\":7,\"status\":200,\"request_time\":0}",
          REJECT_MISSING },
        { OWN("-1.0", "/a", "200", "0.012", ""), REJECT_NUMBER },
        { OWN("1795262400.123", "/a", "200", "-0.001", ""), REJECT_NUMBER },
        { OWN("1795262400.123", "/a", "-200", "0.012", ""), REJECT_NUMBER },
        { OWN("1e9", "/a", "200", "0.012", ""), REJECT_NUMBER },
        { OWN("\"1795262400\"", "/a", "200", "0.012", ""), REJECT_NUMBER },
        { OWN("null", "/a", "200", "0.012", ""), REJECT_NUMBER },
        { OWN("17952624000", "/a", "200", "0.012", ""), REJECT_NUMBER },
        { OWN("1795262400.123", "/a", "200", "99999999", ""), REJECT_NUMBER },
        { OWN("1795262400.123", "/a", "000", "0.012", ""), REJECT_STATUS },
        { OWN("1795262400.123", "/a", "99", "0.012", ""), REJECT_STATUS },
        { OWN("1795262400.123", "/a", "600", "0.012", ""), REJECT_STATUS },
        { OWN("1795262400.123", "/a", "999", "0.012", ""), REJECT_STATUS },
        { OWN("1795262400.123", "/a", "200.5", "0.012", ""), REJECT_STATUS },
        { OWN("1795262400.123", "/a", "200.0001", "0.012", ""), REJECT_STATUS },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct line line;

        ck_assert_msg(parse(cases[i].text, strlen(cases[i].text), &line) == cases[i].reject, "%s",
                      cases[i].text);
    }
}
END_TEST

START_TEST(a_line_cut_anywhere_is_not_json)
{
    static const char text[] = OWN("1795262400.123", "/a/\\u00e9", "200", "0.012", "0.1 : 0.2");
    struct line line;

    for (size_t length = 0; length < sizeof(text) - 1; length++)
        ck_assert_int_eq(parse(text, length, &line), REJECT_NOT_JSON);
    ck_assert_int_eq(parse(text, sizeof(text) - 1, &line), REJECT_NONE);
}
END_TEST

START_TEST(a_line_over_its_bound_is_too_long)
{
    static char text[LIMIT_LOG_LINE_IN_BYTES + 1];
    struct line line;

    memset(text, ' ', sizeof(text));
    memcpy(text, "{}", 2);
    ck_assert_int_eq(parse(text, sizeof(text), &line), REJECT_TOO_LONG);
    ck_assert_int_eq(parse(text, sizeof(text) - 1, &line), REJECT_MISSING);
}
END_TEST

START_TEST(nesting_beyond_any_reason_is_not_json)
{
    static char text[20000];
    struct line line;

    memset(text, '[', sizeof(text));
    memcpy(text, "{\"a\":", 5);
    ck_assert_int_eq(parse(text, sizeof(text), &line), REJECT_NOT_JSON);
}
END_TEST

START_TEST(every_reason_has_a_word)
{
    ck_assert_str_eq(reject_text(REJECT_NOT_JSON), "not_json");
    ck_assert_str_eq(reject_text(REJECT_TOO_LONG), "too_long");
}
END_TEST

TCase *line_cases(void)
{
    TCase *cases = tcase_create("line");

    tcase_add_test(cases, our_own_order_is_taken_without_looking_for_its_end);
    tcase_add_test(cases, lines_that_are_events_are_read_exactly);
    tcase_add_test(cases, lines_that_are_none_say_why);
    tcase_add_test(cases, a_line_cut_anywhere_is_not_json);
    tcase_add_test(cases, a_line_over_its_bound_is_too_long);
    tcase_add_test(cases, nesting_beyond_any_reason_is_not_json);
    tcase_add_test(cases, every_reason_has_a_word);
    return cases;
}
