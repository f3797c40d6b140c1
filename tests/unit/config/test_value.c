/* test_value.c - module/config/value.c */
/* SPDX-License-Identifier: MIT */
#include "config/value.h"

#include "base/auto.h"
#include "suite.h"

START_TEST(value_reads_durations_as_people_write_them)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {
        { "5", 5000 },
        { "5s", 5000 },
        { "500ms", 500 },
        { "1.5s", 1500 },
        { "0.25", 250 },
        { "2m", 120000 },
        { "2 min", 120000 },
        { "1h", 3600000 },
        { "1d", 86400000 },
        { "0", 0 },
        { "1.5m", 90000 },
        { "10S", 10000 },
        { "", -1 },
        { "s", -1 },
        { "-1", -1 },
        { "1.2345", -1 },
        { "1.5ms", -1 },
        { "1.", -1 },
        { ".5", -1 },
        { "abc", -1 },
        { "5x", -1 },
        { "1..5", -1 },
        { "99999999999999999999", -1 },
        { "40000d", -1 },
        { "1e3", -1 },
        { "0x10", -1 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t ms = -1;
        bool ok = value_parse_duration(slice_of(cases[i].text), &ms);

        ck_assert_msg(ok == (cases[i].ms >= 0) && ms == cases[i].ms, "\"%s\" gave %lld",
                      cases[i].text, (long long)ms);
    }
}
END_TEST

START_TEST(value_knows_the_usual_words_for_yes_and_no)
{
    static const struct {
        const char *text;
        int want; /* -1: refused */
    } cases[] = { { "true", 1 }, { "False", 0 }, { "YES", 1 }, { "no", 0 },
                  { "on", 1 },   { "off", 0 },   { "1", 1 },   { "0", 0 },
                  { "", -1 },    { "2", -1 },    { "y", -1 },  { "truee", -1 } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        bool flag = false;
        bool ok = value_parse_flag(slice_of(cases[i].text), &flag);

        ck_assert_msg((ok ? flag : -1) == cases[i].want, "\"%s\"", cases[i].text);
    }
}
END_TEST

START_TEST(value_reads_ports_also_as_kubernetes_injects_them)
{
    static const struct {
        const char *text;
        int want; /* 0: refused */
    } cases[] = {
        { "6379", 6379 }, { "1", 1 },     { "65535", 65535 }, { "tcp://10.0.0.1:6380", 6380 },
        { "0", 0 },       { "99999", 0 }, { "65536", 0 },     { "", 0 },
        { "abc", 0 },     { "-1", 0 },    { "80 ", 0 },       { "tcp://", 0 }
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        uint16_t port = 0;
        bool ok = value_parse_port(slice_of(cases[i].text), &port);

        ck_assert_msg(ok == (cases[i].want != 0) && port == cases[i].want, "\"%s\"", cases[i].text);
    }
}
END_TEST

START_TEST(value_unwraps_one_pair_of_quotes_and_blanks)
{
    static const char *const cases[][2] = {
        { "x", "x" },   { " x\n", "x" }, { "\"x\"", "x" },     { "' x '", "x" }, { "\"x", "\"x" },
        { "\"", "\"" }, { "\"\"", "" },  { "'a\"b'", "a\"b" }, { "  ", "" },     { "a b", "a b" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert(slice_equals_text(value_unwrap(slice_of(cases[i][0])), cases[i][1]));
}
END_TEST

START_TEST(value_lists_are_cut_at_commas_and_blanks)
{
    struct slice rest = SLICE(" a,b  c,,\td ");

    ck_assert(slice_equals_text(value_cut_word(&rest), "a"));
    ck_assert(slice_equals_text(value_cut_word(&rest), "b"));
    ck_assert(slice_equals_text(value_cut_word(&rest), "c"));
    ck_assert(slice_equals_text(value_cut_word(&rest), "d"));
    ck_assert_uint_eq(value_cut_word(&rest).length, 0);
}
END_TEST

START_TEST(value_prints_durations_in_their_largest_whole_unit)
{
    static const struct {
        int64_t ms;
        const char *want;
    } cases[] = { { 0, "0 s" },      { 500, "500 ms" },   { 1500, "1500 ms" }, { 5000, "5 s" },
                  { 90000, "90 s" }, { 120000, "2 min" }, { 3600000, "1 h" } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[VALUE_DURATION_BYTES];

        value_format_duration(cases[i].ms, text);
        ck_assert_str_eq(text, cases[i].want);
    }
}
END_TEST

TCase *value_cases(void)
{
    TCase *cases = tcase_create("value");

    tcase_add_test(cases, value_reads_durations_as_people_write_them);
    tcase_add_test(cases, value_knows_the_usual_words_for_yes_and_no);
    tcase_add_test(cases, value_reads_ports_also_as_kubernetes_injects_them);
    tcase_add_test(cases, value_unwraps_one_pair_of_quotes_and_blanks);
    tcase_add_test(cases, value_lists_are_cut_at_commas_and_blanks);
    tcase_add_test(cases, value_prints_durations_in_their_largest_whole_unit);
    return cases;
}
