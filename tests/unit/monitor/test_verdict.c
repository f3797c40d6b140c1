/* test_verdict.c - module/monitor/verdict.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/verdict.h"

#include "base/auto.h"

#include "suite.h"

static const struct {
    struct check_verdict verdict;
    const char *word;
    const char *why;
} cases[] = {
    { { .status = CHECK_STARTING }, "starting", "no verdict yet" },
    { { .status = CHECK_OK }, "ok", "" },
    { { .status = CHECK_DEGRADED, .reason = HEALTH_REASON_BUSY }, "degraded: busy", "busy" },
    { { .status = CHECK_ERROR, .reason = HEALTH_REASON_REFUSED },
      "error: connection refused",
      "connection refused" },
    { { .status = CHECK_ERROR, .reason = HEALTH_REASON_TIMEOUT, .number = 1000 },
      "error: timeout after 1000 ms",
      "timeout after 1000 ms" },
    { { .status = CHECK_STALE, .silent_ms = 12999 },
      "stale: no result for 12 s",
      "no result for 12 s" },
    { { .status = CHECK_NOT_CONFIGURED }, "not configured", "not configured" },
    { { .status = CHECK_PAUSED }, "paused", "nobody has asked" },
};

START_TEST(verdict_has_a_word_and_says_why)
{
    char text[CHECK_WORD_BYTES];

    check_verdict_word(&cases[_i].verdict, text);
    ck_assert_str_eq(text, cases[_i].word);
    check_verdict_why(&cases[_i].verdict, text);
    ck_assert_str_eq(text, cases[_i].why);
}
END_TEST

START_TEST(verdict_says_what_to_do_unless_all_is_well)
{
    const struct check_verdict *verdict = &cases[_i].verdict;

    ck_assert_int_eq(check_verdict_hint(verdict)[0] == '\0', verdict->status == CHECK_OK);
}
END_TEST

TCase *verdict_cases(void)
{
    TCase *suite = tcase_create("verdict");

    tcase_add_loop_test(suite, verdict_has_a_word_and_says_why, 0, (int)ARRAY_LENGTH(cases));
    tcase_add_loop_test(suite, verdict_says_what_to_do_unless_all_is_well, 0,
                        (int)ARRAY_LENGTH(cases));
    return suite;
}
