/* test_budget.c - module/slo/budget.c: the Site Reliability Workbook's figures, exactly. */
/* SPDX-License-Identifier: MIT */
#include "slo/budget.h"

#include "suite.h"

enum { MONTH = 43200 };

static struct fraction target_of(const char *text)
{
    struct fraction value;

    ck_assert(fraction_parse(slice_of(text), &value));
    return value;
}

static void expect_decimal(struct fraction value, const char *text)
{
    char printed[FRACTION_TEXT_BYTES];

    fraction_print(value, 9, FRACTION_DOWN, printed);
    ck_assert_msg(fraction_compare(value, target_of(text)) == 0, "%s, want %s", printed, text);
}

START_TEST(a_million_requests_at_three_nines_allow_a_thousand_bad_ones)
{
    static const struct {
        uint64_t bad;
        const char *remaining;
        enum budget_status status;
    } cases[] = {
        { 0, "1", BUDGET_MET },           { 700, "0.3", BUDGET_MET },
        { 800, "0.2", BUDGET_MET }, /* exactly 20 % left is not less than 20 % */
        { 801, "0.199", BUDGET_AT_RISK }, { 999, "0.001", BUDGET_AT_RISK },
        { 1000, "0", BUDGET_BREACHED },   { 1500, "-0.5", BUDGET_BREACHED },
    };
    struct fraction target = target_of("0.999");

    expect_decimal(budget_allowed(target, (struct window_sum){ 1000000, 0 }), "1000");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct window_sum sum = { 1000000, cases[i].bad };

        expect_decimal(budget_remaining(target, sum), cases[i].remaining);
        ck_assert_int_eq(budget_judge(target, sum), cases[i].status);
    }
}
END_TEST

START_TEST(one_failure_in_ten_requests_an_hour_burns_a_hundredfold)
{
    struct fraction target = target_of("0.999");
    struct window_sum month = { 7200, 1 };
    struct fraction consumed = budget_burn_rate(target, month);

    ck_assert_int_eq(fraction_compare(consumed, fraction_of(10, 72)), 0);
    expect_decimal(budget_burn_rate(target, (struct window_sum){ 10, 1 }), "100");
    ck_assert_int_eq(budget_judge(target, month), BUDGET_INSUFFICIENT_DATA);
}
END_TEST

START_TEST(ten_minutes_of_outage_at_a_hundred_a_second_use_a_quarter)
{
    struct fraction target = target_of("0.999");
    struct window_sum sum = { 259200000, 60000 };
    char text[FRACTION_TEXT_BYTES];

    expect_decimal(budget_allowed(target, sum), "259200");
    fraction_print(budget_burn_rate(target, sum), 5, FRACTION_UP, text);
    ck_assert_str_eq(text, "0.23149");
    fraction_print(budget_remaining(target, sum), 5, FRACTION_DOWN, text);
    ck_assert_str_eq(text, "0.76851");
}
END_TEST

START_TEST(four_tenths_left_at_six_times_the_rate_last_two_days)
{
    struct fraction target = target_of("0.999");
    struct window_sum whole = { 1000000, 600 };
    struct window_sum hour = { 1000, 6 };

    expect_decimal(budget_remaining(target, whole), "0.4");
    expect_decimal(budget_burn_rate(target, hour), "6");
    ck_assert_int_eq(budget_exhausts_in_s(target, whole, hour, MONTH), 2 * 86400);
}
END_TEST

START_TEST(exactly_the_threshold_is_not_over_it)
{
    struct fraction page = target_of("14.4");
    struct fraction target = target_of("0.999");

    /* 1.44 % bad: with floats (0.0144/(1-0.999)) this is 14.399999… or 14.400000000000013. */
    ck_assert_int_eq(
        fraction_compare(budget_burn_rate(target, (struct window_sum){ 10000, 144 }), page), 0);
    ck_assert_int_eq(
        fraction_compare(budget_burn_rate(target, (struct window_sum){ 10000, 145 }), page), 1);
    ck_assert_int_eq(
        fraction_compare(budget_burn_rate(target, (struct window_sum){ 10001, 144 }), page), -1);
}
END_TEST

START_TEST(the_built_in_objectives_burn_as_the_workbook_says)
{
    static const struct {
        const char *target, *allowed_of_43200, *max_burn;
        uint64_t bad_share_at[4]; /* of 100,000 events at 14.4, 6, 3, 1 */
    } cases[] = {
        { "0.999", "43.2", "1000", { 1440, 600, 300, 100 } },
        { "0.99", "432", "100", { 14400, 6000, 3000, 1000 } },
        { "0.95", "2160", "20", { 72000, 30000, 15000, 5000 } },
    };
    static const char *const burns[4] = { "14.4", "6", "3", "1" };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fraction target = target_of(cases[i].target);

        expect_decimal(budget_allowed(target, (struct window_sum){ MONTH, 0 }),
                       cases[i].allowed_of_43200);
        expect_decimal(budget_burn_rate(target, (struct window_sum){ 7, 7 }), cases[i].max_burn);
        for (size_t j = 0; j < ARRAY_LENGTH(burns); j++) {
            struct window_sum sum = { 100000, cases[i].bad_share_at[j] };

            expect_decimal(budget_burn_rate(target, sum), burns[j]);
        }
    }
}
END_TEST

START_TEST(few_events_are_not_judged_until_ten_are_bad)
{
    static const struct {
        const char *target;
        struct window_sum sum;
        enum budget_status status;
    } cases[] = {
        { "0.999", { 0, 0 }, BUDGET_NO_DATA },
        { "0.999", { 1, 0 }, BUDGET_INSUFFICIENT_DATA },
        { "0.999", { 9999, 9 }, BUDGET_INSUFFICIENT_DATA },
        { "0.999", { 9999, 10 }, BUDGET_BREACHED },
        { "0.999", { 10000, 0 }, BUDGET_MET },
        { "0.999", { 10000, 9 }, BUDGET_AT_RISK },
        { "0.999", { 10000, 8 }, BUDGET_MET },
        { "0.99", { 999, 9 }, BUDGET_INSUFFICIENT_DATA },
        { "0.99", { 1000, 9 }, BUDGET_AT_RISK },
        { "0.95", { 199, 9 }, BUDGET_INSUFFICIENT_DATA },
        { "0.95", { 200, 2 }, BUDGET_MET },
        { "0.95", { 12, 12 }, BUDGET_BREACHED },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_msg(budget_judge(target_of(cases[i].target), cases[i].sum) == cases[i].status,
                      "row %zu", i);
}
END_TEST

START_TEST(no_traffic_spends_nothing)
{
    struct fraction target = target_of("0.999");
    struct window_sum none = { 0, 0 };

    expect_decimal(budget_sli(none), "1");
    expect_decimal(budget_remaining(target, none), "1");
    expect_decimal(budget_burn_rate(target, none), "0");
    expect_decimal(budget_allowed(target, none), "0");
    ck_assert_int_eq(budget_exhausts_in_s(target, none, none, MONTH), -1);
}
END_TEST

START_TEST(a_forecast_beyond_the_window_is_none)
{
    static const struct {
        uint64_t bad, hour_bad;
        int64_t want_s;
    } cases[] = {
        { 0, 0, -1 }, /* burns nothing */
        { 0, 1, -1 }, /* burn 1 and everything left: exactly one window */
        { 1, 1, 2592000 / 1000 * 999 },
        { 1000, 1, 0 },   /* gone */
        { 2000, 0, 0 },   /* long gone, though nothing burns now */
        { 999, 1000, 2 }, /* 2.592 s: the earlier second */
    };
    struct fraction target = target_of("0.999");

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_int_eq(budget_exhausts_in_s(target, (struct window_sum){ 1000000, cases[i].bad },
                                              (struct window_sum){ 1000, cases[i].hour_bad },
                                              MONTH),
                         cases[i].want_s);
}
END_TEST

START_TEST(the_largest_counts_and_finest_targets_do_not_overflow)
{
    struct fraction target = target_of("0.99999999999999999");
    struct window_sum sum = { ((uint64_t)1 << 62) - 1, ((uint64_t)1 << 62) - 1 };
    char text[FRACTION_TEXT_BYTES];

    expect_decimal(budget_sli(sum), "0");
    expect_decimal(budget_burn_rate(target, sum), "100000000000000000");
    ck_assert_int_eq(budget_judge(target, sum), BUDGET_BREACHED);
    sum.bad = 46;
    ck_assert_int_eq(budget_judge(target, sum), BUDGET_AT_RISK);
    ck_assert_int_ge(budget_exhausts_in_s(target, sum, (struct window_sum){ 10, 1 }, MONTH), 0);
    fraction_print(budget_remaining(target, sum), 9, FRACTION_DOWN, text);
    ck_assert_str_eq(text, "0.002534001");
}
END_TEST

START_TEST(the_worst_status_is_the_lists)
{
    static const struct {
        enum budget_status a, b, want;
    } cases[] = {
        { BUDGET_MET, BUDGET_BREACHED, BUDGET_BREACHED },
        { BUDGET_AT_RISK, BUDGET_MET, BUDGET_AT_RISK },
        { BUDGET_INSUFFICIENT_DATA, BUDGET_MET, BUDGET_MET },
        { BUDGET_INSUFFICIENT_DATA, BUDGET_NO_DATA, BUDGET_INSUFFICIENT_DATA },
        { BUDGET_NO_DATA, BUDGET_NO_DATA, BUDGET_NO_DATA },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        ck_assert_int_eq(budget_worse(cases[i].a, cases[i].b), cases[i].want);
    ck_assert_str_eq(budget_status_text(BUDGET_INSUFFICIENT_DATA), "insufficient_data");
    ck_assert_str_eq(budget_status_text(BUDGET_NO_DATA), "no_data");
    ck_assert_str_eq(budget_status_text(BUDGET_AT_RISK), "at_risk");
}
END_TEST

TCase *budget_cases(void)
{
    TCase *cases = tcase_create("budget");

    tcase_add_test(cases, a_million_requests_at_three_nines_allow_a_thousand_bad_ones);
    tcase_add_test(cases, one_failure_in_ten_requests_an_hour_burns_a_hundredfold);
    tcase_add_test(cases, ten_minutes_of_outage_at_a_hundred_a_second_use_a_quarter);
    tcase_add_test(cases, four_tenths_left_at_six_times_the_rate_last_two_days);
    tcase_add_test(cases, exactly_the_threshold_is_not_over_it);
    tcase_add_test(cases, the_built_in_objectives_burn_as_the_workbook_says);
    tcase_add_test(cases, few_events_are_not_judged_until_ten_are_bad);
    tcase_add_test(cases, no_traffic_spends_nothing);
    tcase_add_test(cases, a_forecast_beyond_the_window_is_none);
    tcase_add_test(cases, the_largest_counts_and_finest_targets_do_not_overflow);
    tcase_add_test(cases, the_worst_status_is_the_lists);
    return cases;
}
