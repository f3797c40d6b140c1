/* test_utf8.c - module/base/utf8.c */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include "suite.h"

START_TEST(utf8_accepts_only_the_shortest_form_of_characters_that_exist)
{
    static const struct {
        const char *text;
        size_t width; /* 0: not UTF-8 */
    } cases[] = {
        { "a", 1 },
        { "\x7f", 1 },
        { "\xc2\x80", 2 },
        { "\xdf\xbf", 2 },
        { "\xe0\xa0\x80", 3 },
        { "\xef\xbf\xbf", 3 },
        { "\xed\x9f\xbf", 3 },
        { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "\x80", 0 },
        { "\xbf", 0 },
        { "\xc0\x80", 0 },
        { "\xc1\xbf", 0 },
        { "\xe0\x9f\xbf", 0 },
        { "\xed\xa0\x80", 0 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "\xc2", 0 },
        { "\xe2\x82", 0 },
        { "\xf0\x9f\x98", 0 },
        { "\xc2\x41", 0 },
        { "\xe2\x82\x41", 0 },
        { "\xf0\x9f\x98\xc0", 0 },
        { "", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(utf8_width(slice_of(cases[i].text)) == cases[i].width, "case %zu", i);
}
END_TEST

START_TEST(utf8_text_is_valid_to_its_last_byte)
{
    ck_assert(utf8_valid(SLICE("")));
    ck_assert(utf8_valid(SLICE("a\0b")));
    ck_assert(utf8_valid(SLICE("stra\xc3\x9f"
                               "e \xe2\x82\xac \xf0\x9f\x98\x80")));
    ck_assert(!utf8_valid(SLICE("stra\xc3")));
    ck_assert(!utf8_valid(SLICE("ok \x80 ok")));
}
END_TEST

TCase *utf8_cases(void)
{
    TCase *cases = tcase_create("utf8");

    tcase_add_test(cases, utf8_accepts_only_the_shortest_form_of_characters_that_exist);
    tcase_add_test(cases, utf8_text_is_valid_to_its_last_byte);
    return cases;
}
