/* test_json.c - module/base/json.c */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include "base/auto.h"
#include "suite.h"

#include <jansson.h>

START_TEST(json_is_spaced_as_the_contract_shows_it)
{
    AUTO(buf_done) struct buf buf;
    struct json_writer json;

    buf_init(&buf, 1000);
    json_writer_init(&json, &buf);
    json_open_object(&json);
    json_text(&json, "status", "ok");
    json_text(&json, "reason", NULL);
    json_key(&json, "list");
    json_open_array(&json);
    json_put_int(&json, -1);
    json_put_uint(&json, UINT64_MAX);
    json_open_object(&json);
    json_close_object(&json);
    json_open_array(&json);
    json_close_array(&json);
    json_close_array(&json);
    json_bool(&json, "yes", true);
    json_int_or_null(&json, "unknown", -1);
    json_int_or_null(&json, "known", 0);
    json_null_at(&json, "nothing");
    json_time(&json, "at", 1700000000123);
    json_time(&json, "never", 0);
    json_key(&json, "raw");
    json_put_raw(&json, SLICE("0.999"));
    json_close_object(&json);
    ck_assert_str_eq(buf_text(&buf),
                     "{\"status\": \"ok\", \"reason\": null, \"list\": [-1, 18446744073709551615, "
                     "{}, []], \"yes\": true, \"unknown\": null, \"known\": 0, \"nothing\": null, "
                     "\"at\": \"2023-11-14T22:13:20.123Z\", \"never\": null, \"raw\": 0.999}");
}
END_TEST

START_TEST(json_strings_are_escaped)
{
    static const char *const cases[][2] = {
        { "plain", "plain" },
        { "a\"b\\c", "a\\\"b\\\\c" },
        { "\n", "\\n" },
        { "\r\t\x01", "\\u000d\\u0009\\u0001" },
        { "\x7f", "\\u007f" },
        { "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "\xff", "\xef\xbf\xbd" },
        { "\xc3", "\xef\xbf\xbd" },
        { "\xed\xa0\x80x", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx" },
        { "/<>&", "/<>&" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf buf;

        buf_init(&buf, 1000);
        json_escape(&buf, slice_of(cases[i][0]));
        ck_assert_str_eq(buf_text(&buf), cases[i][1]);
    }
}
END_TEST

START_TEST(json_of_any_bytes_is_read_by_a_strict_parser)
{
    char bytes[512];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t length = 0; length <= sizeof(bytes); length += 13) {
        AUTO(buf_done) struct buf buf;
        struct json_writer json;
        json_t *parsed;

        buf_init(&buf, 10000);
        json_writer_init(&json, &buf);
        json_open_array(&json);
        json_put_slice(&json, (struct slice){ bytes, length });
        json_close_array(&json);
        parsed = json_loadb(buf.data, buf.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        ck_assert_ptr_nonnull(parsed);
        json_decref(parsed);
    }
}
END_TEST

START_TEST(json_milliseconds_are_rounded_to_the_worse_side)
{
    static const struct {
        int64_t us;
        const char *want;
    } cases[] = { { 0, "0.0" },   { 1, "0.1" },    { 100, "0.1" },
                  { 101, "0.2" }, { 2300, "2.3" }, { 999999, "1000.0" } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf buf;
        struct json_writer json;

        buf_init(&buf, 100);
        json_writer_init(&json, &buf);
        json_put_us_as_ms(&json, cases[i].us);
        ck_assert_str_eq(buf_text(&buf), cases[i].want);
    }
}
END_TEST

TCase *json_cases(void)
{
    TCase *cases = tcase_create("json");

    tcase_add_test(cases, json_is_spaced_as_the_contract_shows_it);
    tcase_add_test(cases, json_strings_are_escaped);
    tcase_add_test(cases, json_of_any_bytes_is_read_by_a_strict_parser);
    tcase_add_test(cases, json_milliseconds_are_rounded_to_the_worse_side);
    return cases;
}
