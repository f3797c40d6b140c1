/* test_fields.c - module/ingest/fields.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/fields.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOON INT64_C(1795262645000)

static struct line_scratch scratch;

static const struct source_fields flat = {
    .time = "ts", .method = "m", .path = "p", .status = "s", .duration = "d", .duration_power = 0
};
static const struct source_fields nested = { .time = "@timestamp",
                                             .method = "http.request.method",
                                             .path = "url.original",
                                             .status = "http.response.status_code",
                                             .duration = "event.duration",
                                             .duration_power = -6,
                                             .service = "service.name" };
static const struct source_fields seconds = { .time = "ts",
                                              .time_form = SOURCE_TIME_UNIX_S,
                                              .method = "request.method",
                                              .path = "request.uri",
                                              .status = "status",
                                              .duration = "duration",
                                              .duration_power = 3 };
static const struct source_fields millis = { .time = "ts",
                                             .time_form = SOURCE_TIME_UNIX_MS,
                                             .method = "m",
                                             .path = "p",
                                             .status = "s",
                                             .duration = "d",
                                             .duration_power = -3 };

static const struct {
    const struct source_fields *map;
    const char *text;
    int64_t time_ms;
    const char *path;
    const char *service;
    int status;
    int duration_ms;
} events[] = {
    { &flat,
      "{\"ts\":\"2026-11-21T12:04:05.250Z\",\"m\":\"GET\",\"p\":\"/a?b\",\"s\":200,\"d\":12.5}",
      NOON + 250, "/a", "", 200, 13 },
    { &flat,
      " { \"d\" : \"7\" , \"s\" : \"503\" , \"p\" : \"\\/\\u00e9%20\" , \"m\":\"GET\", "
      "\"x\":[1,{}],"
      "\"ts\":\"2026-11-21T13:04:05+01:00\" } ",
      NOON, "/\xc3\xa9 ", "", 503, 7 },
    { &nested,
      "{\"@timestamp\":\"2026-11-21T12:04:05Z\",\"http\":{\"request\":{\"method\":\"GET\",\"x\":1},"
      "\"response\":{\"status_code\":404}},\"url\":{\"original\":\"https://h/x/1?q\"},"
      "\"event\":{\"duration\":1500001},\"service\":{\"name\":\"shop\"}}",
      NOON, "/x/1", "shop", 404, 2 },
    { &nested,
      "{\"@timestamp\":\"2026-11-21T12:04:05Z\",\"http.request.method\":\"GET\","
      "\"http\":{\"response.status_code\":404},\"url.original\":\"/x\",\"event.duration\":0}",
      NOON, "/x", "", 404, 0 },
    { &seconds,
      "{\"ts\":1795262645.9999,\"request\":{\"method\":\"GET\",\"uri\":\"/\"},\"status\":200,"
      "\"duration\":1e-05}",
      NOON + 999, "/", "", 200, 1 },
    { &seconds,
      "{\"ts\":1.795262645E9,\"request\":{\"method\":\"GET\",\"uri\":\"/\"},\"status\":200,"
      "\"duration\":0.49900000000000000001}",
      NOON, "/", "", 200, 500 },
    { &millis, "{\"ts\":1795262645001,\"m\":\"GET\",\"p\":\"/\",\"s\":200,\"d\":999}", NOON + 1,
      "/", "", 200, 1 },
    { &millis, "{\"ts\":\"1795262645001\",\"s\":1,\"m\":\"GET\",\"p\":\"/\",\"s\":200,\"d\":1000}",
      NOON + 1, "/", "", 200, 1 }, /* of two the last */
};

START_TEST(fields_finds_what_the_map_names)
{
    struct line line;

    ck_assert_int_eq(fields_parse(events[_i].map, slice_of(events[_i].text), &scratch, &line),
                     REJECT_NONE);
    ck_assert_int_eq(line.time_ms, events[_i].time_ms);
    ck_assert(slice_equals_text(line.method, "GET"));
    ck_assert(slice_equals_text(line.path, events[_i].path));
    ck_assert(slice_equals_text(line.service, events[_i].service));
    ck_assert_int_eq(line.status, events[_i].status);
    ck_assert_int_eq(line.duration_ms, events[_i].duration_ms);
}
END_TEST

#define TIME "{\"ts\":\"2026-11-21T12:04:05Z\","
#define REST "\"m\":\"GET\",\"p\":\"/\","

static const struct {
    const char *text;
    enum reject reject;
} rejects[] = {
    { "", REJECT_NOT_JSON },
    { "[]", REJECT_NOT_JSON },
    { "{}", REJECT_MISSING },
    { TIME REST "\"s\":200,\"d\":1", REJECT_NOT_JSON },
    { TIME REST "\"s\":200,\"d\":1} x", REJECT_NOT_JSON },
    { TIME REST "\"s\":200,\"d\":01x}", REJECT_NOT_JSON },
    { TIME REST "\"s\":200}", REJECT_MISSING },
    { TIME REST "\"s\":200,\"d\":null}", REJECT_MISSING },
    { TIME REST "\"s\":{\"x\":200},\"d\":1}", REJECT_MISSING },
    { TIME REST "\"s\":200,\"d\":-1}", REJECT_NUMBER },
    { TIME REST "\"s\":200,\"d\":\"\"}", REJECT_NUMBER },
    { TIME REST "\"s\":200,\"d\":1e30}", REJECT_NUMBER },
    { TIME REST "\"s\":20.5,\"d\":1}", REJECT_STATUS },
    { TIME REST "\"s\":99,\"d\":1}", REJECT_STATUS },
    { "{\"ts\":1795262645," REST "\"s\":200,\"d\":1}", REJECT_TIME },
    { "{\"ts\":\"yesterday\"," REST "\"s\":200,\"d\":1}", REJECT_TIME },
};

START_TEST(fields_says_what_is_wrong_with_a_line)
{
    struct line line;

    ck_assert_int_eq(fields_parse(&flat, slice_of(rejects[_i].text), &scratch, &line),
                     rejects[_i].reject);
}
END_TEST

START_TEST(fields_gives_brackets_up_that_go_too_deep)
{
    static char text[4096];
    struct source_fields map = flat;
    struct line line;

    for (int i = 0; i < 200; i++)
        memcpy(text + (size_t)i * 5, "{\"a\":", 5);
    map.path =
        "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
    ck_assert_int_eq(fields_parse(&map, slice_of(text), &scratch, &line), REJECT_NOT_JSON);
}
END_TEST

/* Unescaped twice, it is longer than any line. */
START_TEST(fields_that_are_one_long_member_stay_within_their_room)
{
    static const struct source_fields both = {
        .time = "ts", .method = "r", .path = "r", .status = "s", .duration = "d", .service = "r"
    };
    static char text[LIMIT_LOG_LINE_IN_BYTES];
    struct line_scratch *own = malloc(sizeof(*own));
    struct line line;
    int length =
        snprintf(text, sizeof(text),
                 "{\"ts\":\"2026-11-21T12:04:05Z\",\"s\":200,\"d\":1,\"r\":\"/\\\"%060000d\"}", 7);

    ck_assert_ptr_nonnull(own);
    ck_assert_int_eq(fields_parse(&both, (struct slice){ text, (size_t)length }, own, &line),
                     REJECT_NONE);
    ck_assert_uint_eq(line.service.length, 60002);
    ck_assert_uint_ge(line.path.length, 60002);
    ck_assert_uint_le(own->used, sizeof(own->bytes));
    free(own);
}
END_TEST

TCase *fields_cases(void)
{
    TCase *cases = tcase_create("fields");

    tcase_add_loop_test(cases, fields_finds_what_the_map_names, 0,
                        (int)(sizeof(events) / sizeof(events[0])));
    tcase_add_loop_test(cases, fields_says_what_is_wrong_with_a_line, 0,
                        (int)(sizeof(rejects) / sizeof(rejects[0])));
    tcase_add_test(cases, fields_that_are_one_long_member_stay_within_their_room);
    tcase_add_test(cases, fields_gives_brackets_up_that_go_too_deep);
    return cases;
}
