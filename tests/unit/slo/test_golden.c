/* test_golden.c - figures that were published or worked out elsewhere, one table each. */
/* SPDX-License-Identifier: MIT */
#include "slo/alert.h"
#include "slo/budget.h"
#include "slo/forecast.h"
#include "slo/incident.h"
#include "slo/slices.h"

#include "suite.h"

enum { DAY = 1440, MONTH = 30 * DAY };

enum { FAST, SLOW, TICKET, LOW, EXHAUSTED };

static struct fraction number(const char *text)
{
    struct fraction value;

    ck_assert(fraction_parse(slice_of(text), &value));
    return value;
}

static void expect(struct fraction value, const char *text)
{
    char printed[FRACTION_TEXT_BYTES];

    fraction_print(value, 9, FRACTION_DOWN, printed);
    ck_assert_msg(fraction_compare(value, number(text)) == 0, "%s, want %s", printed, text);
}

static void expect_rounded(struct fraction value, int decimals, const char *text)
{
    char printed[FRACTION_TEXT_BYTES];

    fraction_print(value, decimals, FRACTION_DOWN, printed);
    ck_assert_str_eq(printed, text);
}

/* Whether a rule of a 30-day objective holds, with everything watched. */
static bool holds(const char *target, int rule, struct alert_evidence evidence)
{
    struct objective objective = { .target = number(target), .window_minutes = MONTH };
    struct alert_rule rules[RULE_DEFAULT_COUNT];
    enum alert_frozen frozen;

    rule_defaults(MONTH, rules);
    evidence.enough = true;
    return alert_judge(&objective, &rules[rule], &evidence, false, &frozen) == ALERT_TRUE;
}

START_TEST(golden_1_a_million_requests_at_three_nines)
{
    static const struct {
        uint64_t bad;
        const char *left;
        bool low, exhausted;
    } cases[] = {
        { 0, "1", false, false },      { 800, "0.2", false, false }, { 801, "0.199", true, false },
        { 999, "0.001", true, false }, { 1000, "0", true, true },    { 1500, "-0.5", true, true },
    };

    expect(budget_allowed(number("0.999"), (struct window_sum){ 1000000, 0 }), "1000");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_evidence evidence = { .whole = { 1000000, cases[i].bad } };

        expect(budget_remaining(number("0.999"), evidence.whole), cases[i].left);
        ck_assert_msg(holds("0.999", LOW, evidence) == cases[i].low, "row %zu", i);
        ck_assert_msg(holds("0.999", EXHAUSTED, evidence) == cases[i].exhausted, "row %zu", i);
    }
}
END_TEST

START_TEST(golden_2_one_failure_at_ten_requests_an_hour)
{
    struct window_sum month = { 7200, 1 };

    /* The Workbook prints 1,000 times for this; its 13.9 % are right. */
    expect_rounded(budget_burn_rate(number("0.999"), month), 9, "0.138888888");
    expect(budget_burn_rate(number("0.999"), (struct window_sum){ 10, 1 }), "100");
    expect(budget_allowed(number("0.999"), month), "7.2");
}
END_TEST

START_TEST(golden_3_ten_minutes_of_outage_at_a_hundred_a_second)
{
    struct window_sum month = { 259200000, 60000 };
    struct incident outage = { 100, 110, { 60000, 60000 } };

    expect(budget_allowed(number("0.999"), month), "259200");
    expect_rounded(budget_burn_rate(number("0.999"), month), 5, "0.23148");
    expect_rounded(budget_remaining(number("0.999"), month), 5, "0.76851");
    ck_assert(incident_is_grave(number("0.999"), month, &outage));
}
END_TEST

START_TEST(golden_4_a_busy_bad_hour_by_events_and_by_slices)
{
    struct objective objective = { .budgeting = BUDGETING_RATIO_TIMESLICES, .slice_minutes = 60 };
    struct window_sum events = { 0, 0 };
    struct window_sum slices = { 0, 0 };

    for (int hour = 0; hour < 24; hour++) {
        struct window_sum sum =
            hour == 13 ? (struct window_sum){ 10000, 1000 } : (struct window_sum){ 100, 0 };
        struct window_sum slice = slices_value(&objective, sum, true);

        events.total += sum.total;
        events.bad += sum.bad;
        slices.total += slice.total;
        slices.bad += slice.bad;
    }
    ck_assert_uint_eq(events.total, 12300);
    expect_rounded((struct fraction){ events.bad, events.total }, 6, "0.0813");
    expect_rounded((struct fraction){ slices.bad, slices.total }, 6, "0.004166");
    expect_rounded(
        (struct fraction){ (int128)events.bad * slices.total, (int128)events.total * slices.bad },
        1, "19.5");
}
END_TEST

/* Two weeks of 20,160 minutes at 95 %, 99 % good as a rule and 1 % while attacked. */
static struct window_sum attacked(enum budgeting budgeting, int minutes)
{
    struct objective objective = { .budgeting = budgeting,
                                   .slice_minutes = 1,
                                   .slice_target = number("0.95") };
    struct window_sum sum = { 0, 0 };

    for (int i = 0; i < 14 * DAY; i++) {
        struct window_sum value =
            slices_value(&objective, (struct window_sum){ 100, i < minutes ? 99 : 1 }, true);

        sum.total += value.total;
        sum.bad += value.bad;
    }
    return sum;
}

START_TEST(golden_5_the_specs_attack_under_the_three_methods)
{
    static const struct {
        enum budgeting budgeting;
        int last_minute; /* of attack that the budget bears; the next one exceeds it */
    } cases[] = { { BUDGETING_TIMESLICES, 1008 }, { BUDGETING_RATIO_TIMESLICES, 822 } };
    struct fraction target = number("0.95");

    expect(budget_allowed(target, (struct window_sum){ 14 * 24000, 0 }), "16800");
    expect(budget_allowed(target, (struct window_sum){ 14 * DAY, 0 }), "1008");
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct fraction left =
            budget_remaining(target, attacked(cases[i].budgeting, cases[i].last_minute));

        ck_assert_int_ge(left.numerator >= 0, 1);
        left = budget_remaining(target, attacked(cases[i].budgeting, cases[i].last_minute + 1));
        ck_assert_int_lt(left.numerator < 0 ? -1 : 0, 0);
    }
}
END_TEST

START_TEST(golden_6_a_week_of_minute_slices)
{
    ck_assert_int_eq(slices_expected(70000, 70000 + 7 * DAY, 1), 10080);
    expect(budget_allowed(number("0.9995"), (struct window_sum){ 10080, 0 }), "5.04");
}
END_TEST

START_TEST(golden_7_four_tenths_at_six_times_last_two_days)
{
    struct forecast_span spans[2] = { { 100001 - MONTH, DAY, { 0, 0 } },
                                      { 100001 - 60, 60, { 1000, 6 } } };
    struct window_sum whole = { 1000000, 600 };
    struct window_sum hour = { 1000, 6 };
    struct forecast_past past = {
        .now_minute = 100000, .ends_in_minutes = MONTH, .pace = hour, .pace_minutes = 60
    };

    ck_assert_int_eq(budget_exhausts_in_s(number("0.999"), whole, hour, MONTH), 2 * 86400);
    /* The better forecast asks what the window will be then: nothing leaves a calendar window, and
     * its budget grows with its events.  400 bad ones are left; 5 more than allowed come an hour.
     */
    spans[0].sum = (struct window_sum){ 999000, 594 };
    past.spans = spans;
    past.count = 2;
    ck_assert_int_eq(forecast_make(number("0.999"), &past).exhausted_in, 80 * 60);
}
END_TEST

START_TEST(golden_8_thresholds_of_other_periods)
{
    static const struct {
        int days;
        const char *want;
    } cases[] = { { 30, "14.4" }, { 28, "13.44" }, { 7, "3.36" }, { 90, "43.2" } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        expect(rule_threshold(fraction_of(2, 100), cases[i].days * DAY, 60), cases[i].want);
}
END_TEST

START_TEST(golden_9_exactly_on_the_threshold_does_not_fire)
{
    static const struct {
        uint64_t bad;
        bool want;
    } cases[] = { { 143, false }, { 144, false }, { 145, true } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_evidence evidence = { .whole = { 1000000, 0 },
                                           .long_sum = { 10000, cases[i].bad },
                                           .short_sum = { 10000, cases[i].bad } };

        ck_assert(holds("0.999", FAST, evidence) == cases[i].want);
    }
}
END_TEST

/* Workbook, table 5-4: a burn rate, the error rate at 99.9 %, and how long 30 days then last. */
START_TEST(the_workbooks_burn_rates_empty_a_month)
{
    static const struct {
        uint64_t bad; /* of 10,000 */
        const char *burn;
        int64_t lasts_s;
    } cases[] = {
        { 20, "2", 15 * 86400 },
        { 100, "10", 3 * 86400 },
        { 350, "35", 2592000 / 35 }, /* 20.57 hours, unseen by 36 times over an hour */
        { 10000, "1000", 2592 },     /* 43 minutes */
    };
    struct window_sum whole = { 1000000, 0 };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct window_sum hour = { 10000, cases[i].bad };

        expect(budget_burn_rate(number("0.999"), hour), cases[i].burn);
        ck_assert_int_eq(budget_exhausts_in_s(number("0.999"), whole, hour, MONTH),
                         cases[i].lasts_s);
    }
}
END_TEST

enum { EVENTS_A_MINUTE = 1000 };

static struct window_sum outage_within(int minute, int window, int from, int until)
{
    struct window_sum sum = { (uint64_t)window * EVENTS_A_MINUTE, 0 };

    for (int i = minute - window + 1; i <= minute; i++) {
        if (i >= from && i < until)
            sum.bad += EVENTS_A_MINUTE * 15 / 100;
    }
    return sum;
}

/* Workbook, figure 5-6: 15 % errors for ten minutes.  The long window crosses after 5.76 minutes;
 * the alert ends five minutes after the errors, the long window alone would go on for an hour. */
START_TEST(the_short_window_ends_the_alert_five_minutes_after_the_errors)
{
    for (int minute = 0; minute < 100; minute++) {
        struct alert_evidence evidence = { .whole = { 1000000, 0 },
                                           .long_sum = outage_within(minute, 60, 10, 20),
                                           .short_sum = outage_within(minute, 5, 10, 20) };
        struct fraction alone = budget_burn_rate(number("0.999"), evidence.long_sum);

        ck_assert_msg(holds("0.999", FAST, evidence) == (minute >= 15 && minute < 24), "minute %d",
                      minute);
        ck_assert_msg((fraction_compare(alone, number("14.4")) > 0)
                          == (minute >= 15 && minute < 74),
                      "minute %d", minute);
    }
}
END_TEST

TCase *golden_cases(void)
{
    TCase *cases = tcase_create("golden");

    tcase_add_test(cases, golden_1_a_million_requests_at_three_nines);
    tcase_add_test(cases, golden_2_one_failure_at_ten_requests_an_hour);
    tcase_add_test(cases, golden_3_ten_minutes_of_outage_at_a_hundred_a_second);
    tcase_add_test(cases, golden_4_a_busy_bad_hour_by_events_and_by_slices);
    tcase_add_test(cases, golden_5_the_specs_attack_under_the_three_methods);
    tcase_add_test(cases, golden_6_a_week_of_minute_slices);
    tcase_add_test(cases, golden_7_four_tenths_at_six_times_last_two_days);
    tcase_add_test(cases, golden_8_thresholds_of_other_periods);
    tcase_add_test(cases, golden_9_exactly_on_the_threshold_does_not_fire);
    tcase_add_test(cases, the_workbooks_burn_rates_empty_a_month);
    tcase_add_test(cases, the_short_window_ends_the_alert_five_minutes_after_the_errors);
    return cases;
}
