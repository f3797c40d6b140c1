/* test_scan.c - module/ingest/scan.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/scan.h"

#include "base/auto.h"
#include "suite.h"

START_TEST(escapes_become_what_they_mean)
{
    static const struct {
        const char *raw;
        const char *text;
    } cases[] = {
        { "", "" },
        { "plain", "plain" },
        { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
        { "\\u0041\\u00E9\\u20ac", "A\xc3\xa9\xe2\x82\xac" },
        { "\\ud83d\\ude00!", "\xf0\x9f\x98\x80!" },
        { "\\ud83d", "\xef\xbf\xbd" },
        { "\\ude00x", "\xef\xbf\xbdx" },
        { "\\ud83d\\u0041", "\xef\xbf\xbd"
                            "A" },
        { "\\ud83dabcdef", "\xef\xbf\xbd"
                           "abcdef" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char to[64];
        size_t length = scan_unescape(slice_of(cases[i].raw), to);

        ck_assert_uint_le(length, strlen(cases[i].raw));
        ck_assert(slice_equals_text((struct slice){ to, length }, cases[i].text));
    }
}
END_TEST

START_TEST(a_string_ends_at_its_quote_wherever_that_stands)
{
    for (size_t length = 0; length < 40; length++) {
        char text[64];
        struct scan scan = { text, text + length + 2 };
        struct scan_string string = { 0 };

        memset(text, 'a', sizeof(text));
        if (length > 2)
            text[length / 2] = (char)0xe9;
        text[length] = '"';
        ck_assert(scan_string(&scan, &string));
        ck_assert_uint_eq(string.raw.length, length);
        ck_assert(!string.escaped);
        text[length] = '\x1f';
        scan.at = text;
        ck_assert(!scan_string(&scan, &string));
    }
}
END_TEST

START_TEST(values_nest_up_to_the_bound)
{
    char text[SCAN_DEPTH * 2 + 2];
    struct scan scan = { text, text + SCAN_DEPTH * 2 };

    memset(text, '[', SCAN_DEPTH);
    memset(text + SCAN_DEPTH, ']', SCAN_DEPTH);
    ck_assert(scan_value(&scan));
    ck_assert_ptr_eq(scan.at, scan.end);
    memset(text, '[', SCAN_DEPTH + 1);
    memset(text + SCAN_DEPTH + 1, ']', SCAN_DEPTH + 1);
    scan = (struct scan){ text, text + sizeof(text) };
    ck_assert(!scan_value(&scan));
}
END_TEST

TCase *scan_cases(void)
{
    TCase *cases = tcase_create("scan");

    tcase_add_test(cases, escapes_become_what_they_mean);
    tcase_add_test(cases, a_string_ends_at_its_quote_wherever_that_stands);
    tcase_add_test(cases, values_nest_up_to_the_bound);
    return cases;
}
