/* test_rule.c - module/slo/rule.c: thresholds from shares of the budget. */
/* SPDX-License-Identifier: MIT */
#include "slo/rule.h"

#include "suite.h"

enum { DAY = 1440 };

static void expect(struct fraction value, const char *text)
{
    struct fraction want;

    ck_assert(fraction_parse(slice_of(text), &want));
    ck_assert_msg(fraction_compare(value, want) == 0, "%s", text);
}

/* Sloth's files and the Workbook's table 5-8: share * period / long window. */
START_TEST(thresholds_follow_the_period)
{
    static const struct {
        int32_t period;
        const char *fast, *slow;
        int ticket_n, ticket_d;
        const char *day;
    } cases[] = {
        { 30 * DAY, "14.4", "6", 1, 1, "3" },
        { 28 * DAY, "13.44", "5.6", 14, 15, "2.8" },
        { 7 * DAY, "3.36", "1.4", 7, 30, "0.7" },
        { 90 * DAY, "43.2", "18", 3, 1, "9" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_rule rules[RULE_DEFAULT_COUNT];
        struct alert_rule day;

        rule_defaults(cases[i].period, rules);
        rule_day_burn(cases[i].period, &day);
        expect(rules[0].threshold, cases[i].fast);
        expect(rules[1].threshold, cases[i].slow);
        ck_assert(
            fraction_compare(rules[2].threshold, fraction_of(cases[i].ticket_n, cases[i].ticket_d))
            == 0);
        expect(day.threshold, cases[i].day);
    }
}
END_TEST

START_TEST(the_default_rules_are_the_workbooks_pairs_and_two_about_the_budget)
{
    static const struct {
        const char *name;
        enum rule_kind kind;
        enum rule_severity severity;
        int32_t long_minutes, short_minutes;
        const char *clears_at;
        int tier;
    } want[RULE_DEFAULT_COUNT] = {
        { "page-fast-burn", RULE_BURN_RATE, SEVERITY_CRITICAL, 60, 5, "0", 1 },
        { "page-slow-burn", RULE_BURN_RATE, SEVERITY_CRITICAL, 360, 30, "0", 2 },
        { "ticket-slow-burn", RULE_BURN_RATE, SEVERITY_WARNING, 4320, 360, "0", 3 },
        { "budget-low", RULE_BUDGET_LEFT, SEVERITY_WARNING, 0, 0, "0.25", 0 },
        { "budget-exhausted", RULE_BUDGET_LEFT, SEVERITY_WARNING, 0, 0, "0.05", 0 },
    };
    struct alert_rule rules[RULE_DEFAULT_COUNT];
    struct alert_rule day;

    rule_defaults(30 * DAY, rules);
    for (int i = 0; i < RULE_DEFAULT_COUNT; i++) {
        ck_assert_str_eq(rules[i].name, want[i].name);
        ck_assert_int_eq(rules[i].kind, want[i].kind);
        ck_assert_int_eq(rules[i].severity, want[i].severity);
        ck_assert_int_eq(rules[i].long_minutes, want[i].long_minutes);
        ck_assert_int_eq(rules[i].short_minutes, want[i].short_minutes);
        ck_assert_int_eq(rules[i].tier, want[i].tier);
        expect(rules[i].clears_at, want[i].clears_at);
    }
    rule_day_burn(30 * DAY, &day);
    ck_assert_str_eq(day.name, "ticket-day-burn");
    ck_assert_int_eq(day.long_minutes, DAY);
    ck_assert_int_eq(day.short_minutes, 120);
    ck_assert_int_eq(day.tier, 3);
}
END_TEST

TCase *rule_cases(void)
{
    TCase *cases = tcase_create("rule");

    tcase_add_test(cases, thresholds_follow_the_period);
    tcase_add_test(cases, the_default_rules_are_the_workbooks_pairs_and_two_about_the_budget);
    return cases;
}
