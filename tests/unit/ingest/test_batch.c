/* test_batch.c - module/ingest/batch.c: what is taken, and which line is named when it is not. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/batch.h"
#include "ingest/line.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* 2026-11-21T12:00:00Z */
#define NOW_MS INT64_C(1795262400000)

static const char *const services[] = { "api", "app" };

static int parse(const char *body, size_t length, struct batch *batch, struct error *err)
{
    struct batch_settings settings = { "app", services, 2, NOW_MS };

    return batch_parse(&settings, (struct slice){ body, length }, batch, err);
}

#define EVENT                                                                            \
    "{\"time\":1795262399.5,\"route\":\"/jobs/{id}\",\"method\":\"GET\",\"status\":200," \
    "\"duration_ms\":12}"

START_TEST(batch_bodies_are_arrays_or_lines)
{
    static const struct {
        const char *body;
        int events;
    } cases[] = {
        { EVENT, 1 },
        { EVENT "\n", 1 },
        { EVENT "\r\n" EVENT "\r\n", 2 },
        { "\n\n" EVENT "\n \n" EVENT, 2 },
        { "[" EVENT "]", 1 },
        { " [ " EVENT " ,\n " EVENT " ] \n", 2 },
        { "[]", 0 },
        { "[ ]\n", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct batch batch;
        struct error err = { 0 };

        ck_assert_msg(parse(cases[i].body, strlen(cases[i].body), &batch, &err) == 0, "%zu: %s", i,
                      err.text);
        ck_assert_int_eq(batch.events, cases[i].events);
        ck_assert_int_eq(batch.part_count, cases[i].events > 0);
        batch_done(&batch);
    }
}
END_TEST

START_TEST(batch_events_become_lines_of_our_own_log)
{
    static const struct {
        const char *event;
        int64_t time_ms;
        uint64_t duration_ms;
        const char *service, *method, *path;
    } cases[] = {
        { EVENT, NOW_MS - 500, 12, "app", "GET", "/jobs/{id}" },
        { "{\"time\":\"2026-11-21T12:59:59.25+01:00\",\"service\":\"api\",\"route\":\"worker\","
          "\"method\":\"POST\",\"status\":503,\"duration_ms\":0.1}",
          NOW_MS - 750, 1, "api", "POST", "worker" },
        { "{\"x\":[{}],\"duration_ms\":2000.0004,\"status\":200,\"method\":\"GET\",\"route\":"
          "\"/a\\\"b\\u00e4\",\"service\":null,\"time\":1795262400}",
          NOW_MS, 2001, "app", "GET", "/a\"b\xc3\xa4" },
        { "{\"time\":1795262400.9999,\"route\":\"/\x7f\",\"method\":\"odd\",\"status\":100,"
          "\"duration_ms\":0}",
          NOW_MS + 999, 0, "app", "odd", "/\x7f" },
    };
    static struct line_scratch scratch;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct batch batch;
        struct error err = { 0 };
        struct slice text;
        struct line line;

        ck_assert_msg(parse(cases[i].event, strlen(cases[i].event), &batch, &err) == 0, "%s",
                      err.text);
        text = buf_slice(&batch.lines);
        ck_assert_int_eq(text.data[text.length - 1], '\n');
        text.length--;
        ck_assert_int_eq(line_parse(text, &scratch, &line), REJECT_NONE);
        ck_assert_int_eq(line.time_ms, cases[i].time_ms);
        ck_assert_uint_eq(line.duration_ms, cases[i].duration_ms);
        ck_assert(slice_equals_text(line.service, cases[i].service));
        ck_assert(slice_equals_text(line.method, cases[i].method));
        ck_assert(slice_equals_text(line.path, cases[i].path));
        batch_done(&batch);
    }
}
END_TEST

/* An event in which one member is another one. */
static const char *event_with(const char *member)
{
    static const char *const members[] = { "\"time\":1795262400", "\"route\":\"/\"",
                                           "\"method\":\"GET\"", "\"status\":200",
                                           "\"duration_ms\":1" };
    static char text[1024];
    size_t name = (size_t)(strchr(member + 1, '"') - member) + 1;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strncmp(members[i], member, name) != 0)
            (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ",%s", members[i]);
    }
    if (member[name] != '\0')
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ",%s", member);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "}");
    text[0] = '{';
    return text;
}

START_TEST(batch_what_is_wrong_is_named)
{
    static const struct {
        const char *member, *want;
    } cases[] = {
        { "\"time\"", "time: is missing" },
        { "\"time\":null", "time: is missing" },
        { "\"time\":\"yesterday\"", "time: is neither RFC 3339 nor Unix seconds" },
        { "\"time\":-1", "time: is neither" },
        { "\"time\":1e9", "time: is neither" },
        { "\"time\":true", "time: is neither" },
        { "\"time\":{\"a\":1}", "time: is neither" },
        { "\"time\":1795263001", "time: is more than 10 minutes in the future" },
        { "\"time\":1792238399", "time: is older than what is kept" },
        { "\"route\"", "route: is missing" },
        { "\"route\":\"\"", "route: is no text of 1 to 127 bytes" },
        { "\"route\":7", "route: is no text" },
        { "\"route\":\"\\u0000\"", "route: is no text" },
        { "\"route\":\"\xff\"", "route: is no text" },
        { "\"route\":\"0123456789012345678901234567890123456789012345678901234567890123"
          "456789012345678901234567890123456789012345678901234567890123456789\"",
          "route: is no text of 1 to 127 bytes" },
        { "\"method\"", "method: is missing" },
        { "\"method\":\"012345678901234567890123456789012\"", "method: is no text" },
        { "\"status\"", "status: is missing" },
        { "\"status\":\"200\"", "status: is no whole number from 100 to 599" },
        { "\"status\":99", "status: is no" },
        { "\"status\":600", "status: is no" },
        { "\"status\":200.5", "status: is no" },
        { "\"status\":200.0001", "status: is no" },
        { "\"duration_ms\"", "duration_ms: is missing" },
        { "\"duration_ms\":-0.1", "duration_ms: is no number from 0" },
        { "\"duration_ms\":\"5\"", "duration_ms: is no number" },
        { "\"duration_ms\":31622400001", "duration_ms: is no number" },
        { "\"service\":\"other\"", "service: is none that has objectives here" },
        { "\"service\":\"\"", "service: is no text" },
        { "\"service\":5", "service: is no text" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[4096];
        char want[256];

        for (int array = 0; array < 2; array++) {
            struct batch batch;
            struct error err = { 0 };

            (void)snprintf(body, sizeof(body), array ? "[" EVENT ",%s]" : EVENT "\n%s\n",
                           event_with(cases[i].member));
            (void)snprintf(want, sizeof(want), "%s 2: %s", array ? "event" : "line", cases[i].want);
            ck_assert_msg(parse(body, strlen(body), &batch, &err) == -EINVAL, "%s", body);
            ck_assert_msg(strncmp(err.text, want, strlen(want)) == 0, "%s: %s", want, err.text);
            batch_done(&batch);
        }
    }
}
END_TEST

START_TEST(batch_what_is_no_json_is_named)
{
    static const struct {
        const char *body, *want;
    } cases[] = {
        { "", "the body is empty" },
        { " \n\t", "the body is empty" },
        { "hello", "line 1: is no JSON object" },
        { EVENT "\n{", "line 2: is no JSON object" },
        { EVENT "\n" EVENT " x", "line 2: something follows the object" },
        { EVENT EVENT, "line 1: something follows the object" },
        { "{\"time\":1,}", "line 1: is no JSON object" },
        { "[", "event 1: is no JSON object" },
        { "[1]", "event 1: is no JSON object" },
        { "[" EVENT, "event 1: neither a comma nor the end of the array follows" },
        { "[" EVENT " " EVENT "]", "event 1: neither a comma" },
        { "[" EVENT ",]", "event 2: is no JSON object" },
        { "[" EVENT "]" EVENT, "something follows the end of the array" },
        { "\"text\"", "line 1: is no JSON object" },
        { EVENT "\n\n\n[]", "line 4: is no JSON object" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct batch batch;
        struct error err = { 0 };

        ck_assert_int_eq(parse(cases[i].body, strlen(cases[i].body), &batch, &err), -EINVAL);
        ck_assert_msg(strncmp(err.text, cases[i].want, strlen(cases[i].want)) == 0, "%s: %s",
                      cases[i].want, err.text);
        batch_done(&batch);
    }
}
END_TEST

START_TEST(batch_of_ten_thousand_events_is_taken_in_parts_and_one_more_is_not)
{
    size_t size = (size_t)(LIMIT_BATCH_EVENTS + 1) * sizeof(EVENT);
    char *body = malloc(size + 1);
    size_t length = 0;
    size_t end = 0;
    int events = 0;
    struct error err = { 0 };
    struct batch batch;

    for (int i = 0; i <= LIMIT_BATCH_EVENTS; i++)
        length += (size_t)snprintf(body + length, size + 1 - length, EVENT "\n");
    ck_assert_int_eq(parse(body, length, &batch, &err), -E2BIG);
    batch_done(&batch);
    ck_assert_int_eq(parse(body, length - sizeof(EVENT), &batch, &err), 0);
    ck_assert_int_eq(batch.events, LIMIT_BATCH_EVENTS);
    for (int i = 0; i < batch.part_count; i++) {
        ck_assert_int_le(batch.parts[i].events, BATCH_PART_EVENTS);
        ck_assert_uint_gt(batch.parts[i].end, end);
        ck_assert_int_eq(batch.lines.data[batch.parts[i].end - 1], '\n');
        end = batch.parts[i].end;
        events += batch.parts[i].events;
    }
    ck_assert_int_eq(events, LIMIT_BATCH_EVENTS);
    ck_assert_uint_eq(end, batch.lines.length);
    batch_done(&batch);
    free(body);
}
END_TEST

START_TEST(batch_of_the_largest_body_fits_whatever_is_in_it)
{
    char *body = malloc(LIMIT_BATCH_BYTES + 512);
    size_t length = 0;
    struct error err = { 0 };
    struct batch batch;

    while (length < LIMIT_BATCH_BYTES - 512)
        length += (size_t)snprintf(
            body + length, 512,
            "{\"time\":1795262400,\"route\":\"\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\x7f\x7f\","
            "\"method\":\"\x7f\",\"status\":200,\"duration_ms\":1}\n");
    ck_assert_int_eq(parse(body, length, &batch, &err), 0);
    batch_done(&batch);
    free(body);
}
END_TEST

START_TEST(batch_fails_cleanly_when_memory_is_out)
{
    static const char body[] = EVENT "\n" EVENT "\n" EVENT;

    for (int n = 0;; n++) {
        struct batch batch;
        int code;

        malloc_fail_at(n);
        code = parse(body, sizeof(body) - 1, &batch, NULL);
        batch_done(&batch);
        if (!malloc_failed())
            break;
        ck_assert_int_eq(code, -ENOMEM);
    }
    malloc_fail_at(-1);
}
END_TEST

TCase *batch_cases(void)
{
    TCase *cases = tcase_create("batch");

    tcase_add_test(cases, batch_bodies_are_arrays_or_lines);
    tcase_add_test(cases, batch_events_become_lines_of_our_own_log);
    tcase_add_test(cases, batch_what_is_wrong_is_named);
    tcase_add_test(cases, batch_what_is_no_json_is_named);
    tcase_add_test(cases, batch_of_ten_thousand_events_is_taken_in_parts_and_one_more_is_not);
    tcase_add_test(cases, batch_of_the_largest_body_fits_whatever_is_in_it);
    tcase_add_test(cases, batch_fails_cleanly_when_memory_is_out);
    return cases;
}
