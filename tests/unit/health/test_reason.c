/* test_reason.c - module/health/reason.c */
/* SPDX-License-Identifier: MIT */
#include "health/reason.h"

#include "suite.h"

#include <string.h>

START_TEST(reason_phrases_carry_their_number)
{
    static const struct {
        enum health_reason reason;
        int64_t number;
        const char *want;
    } cases[] = {
        { HEALTH_REASON_NONE, 5, "" },
        { HEALTH_REASON_REFUSED, 5, "connection refused" },
        { HEALTH_REASON_TIMEOUT, 1000, "timeout after 1000 ms" },
        { HEALTH_REASON_HTTP_STATUS, 503, "http status 503" },
        { HEALTH_REASON_READ_ONLY, 0, "read-only" },
        { HEALTH_REASON_COUNT, 0, "" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[REASON_TEXT_BYTES];

        reason_text(cases[i].reason, cases[i].number, text);
        ck_assert_str_eq(text, cases[i].want);
    }
}
END_TEST

START_TEST(reason_phrases_fit_with_the_longest_number_and_every_one_has_a_hint)
{
    for (int i = HEALTH_REASON_NONE + 1; i < HEALTH_REASON_COUNT; i++) {
        char text[REASON_TEXT_BYTES];

        reason_text((enum health_reason)i, INT64_MIN, text);
        ck_assert_uint_lt(strlen(text), REASON_TEXT_BYTES - 1);
        ck_assert_uint_gt(strlen(text), 0);
        ck_assert_uint_gt(strlen(reason_hint((enum health_reason)i)), 0);
    }
    ck_assert_str_eq(reason_hint(HEALTH_REASON_NONE), "");
}
END_TEST

START_TEST(reason_names_are_each_ones_own)
{
    for (int i = 0; i < HEALTH_REASON_COUNT; i++) {
        ck_assert_uint_gt(strlen(reason_name((enum health_reason)i)), 0);
        ck_assert_uint_lt(strlen(reason_name((enum health_reason)i)), REASON_TEXT_BYTES);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(reason_name((enum health_reason)i),
                             reason_name((enum health_reason)j));
    }
    ck_assert_str_eq(reason_name(HEALTH_REASON_TIMEOUT), "TIMEOUT"); /* files hold it */
    ck_assert_str_eq(reason_name(HEALTH_REASON_COUNT), "");
}
END_TEST

TCase *reason_cases(void)
{
    TCase *cases = tcase_create("reason");

    tcase_add_test(cases, reason_phrases_carry_their_number);
    tcase_add_test(cases, reason_phrases_fit_with_the_longest_number_and_every_one_has_a_hint);
    tcase_add_test(cases, reason_names_are_each_ones_own);
    return cases;
}
