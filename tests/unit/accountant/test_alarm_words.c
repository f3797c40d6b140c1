/* test_alarm_words.c - module/accountant/alarm_words.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/alarm_words.h"

#include "alarm_stage.h"

#include "suite.h"

START_TEST(an_alert_says_its_numbers_and_its_threshold)
{
    static const struct {
        int rule;
        enum budgeting budgeting;
        struct alert_evidence evidence;
        const char *want;
    } cases[] = {
        { FAST_BURN,
          BUDGETING_OCCURRENCES,
          { .long_sum = { 10000, 365 }, .short_sum = { 800, 400 } },
          "app-availability burns its error budget 36.5 times too fast over 1 h (365 of 10000 "
          "events bad) and 500 times too fast over 5 min (400 of 800 events bad); fires above "
          "14.4" },
        { TICKET,
          BUDGETING_TIMESLICES,
          { .long_sum = { 4320, 9 }, .short_sum = { 360, 1 } },
          "app-availability burns its error budget 2.09 times too fast over 3 d (9 of 4320 slices "
          "bad) and 2.78 times too fast over 6 h (1 of 360 slices bad); fires above 1" },
        { SLOW_BURN,
          BUDGETING_RATIO_TIMESLICES,
          { .long_sum = { 1000000000, 10000000 }, .short_sum = { 1000000000, 10000000 } },
          "app-availability burns its error budget 10 times too fast over 6 h and 10 times too "
          "fast over 30 min; fires above 6" },
        { BUDGET_LOW,
          BUDGETING_OCCURRENCES,
          { .whole = { 1000000, 877 } },
          "app-availability has 12.3 % of its error budget left: 877 of 1000 bad events that are "
          "allowed; fires below 20 %, ends at 25 %" },
        { BUDGET_EXHAUSTED,
          BUDGETING_RATIO_TIMESLICES,
          { .whole = { 1000000000, 1500000 } },
          "app-availability has -50 % of its error budget left; fires at 0 %, ends at 5 %" },
    };
    struct alarm_stage stage;

    stage_begin(&stage);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[ALARM_SUMMARY_BYTES];

        stage.objectives[0].budgeting = cases[i].budgeting;
        alarm_describe(&stage.objectives[0], &stage.rules[cases[i].rule], &cases[i].evidence, text,
                       sizeof(text));
        ck_assert_str_eq(text, cases[i].want);
    }
    stage_end(&stage);
}
END_TEST

TCase *alarm_words_cases(void)
{
    TCase *cases = tcase_create("alarm_words");

    tcase_add_test(cases, an_alert_says_its_numbers_and_its_threshold);
    return cases;
}
