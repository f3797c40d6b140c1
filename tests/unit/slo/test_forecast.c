/* test_forecast.c - module/slo/forecast.c: when the budget runs out, and when it heals. */
/* SPDX-License-Identifier: MIT */
#include "slo/forecast.h"

#include "suite.h"

enum { MONTH = 43200, QUARTER = 15, NOW = 30000000 - 1, SPANS = MONTH / QUARTER };

static struct fraction target_of(const char *text)
{
    struct fraction value;

    ck_assert(fraction_parse(slice_of(text), &value));
    return value;
}

/* A month that ends now, 10 events a minute; quarters from `from` to `until` have `bad` of 150. */
struct month {
    struct forecast_span spans[SPANS];
    struct forecast_past past;
};

static void fill(struct month *month, int from, int until, uint64_t bad)
{
    for (int i = 0; i < SPANS; i++)
        month->spans[i] = (struct forecast_span){ NOW + 1 - MONTH + i * QUARTER,
                                                  QUARTER,
                                                  { 150, i >= from && i < until ? bad : 0 } };
    month->past = (struct forecast_past){
        .spans = month->spans,
        .count = SPANS,
        .now_minute = NOW,
        .window_minutes = MONTH,
        .pace = { 600, 0 },
        .pace_minutes = 60,
    };
}

static void expect(const struct month *month, const char *target, struct forecast want)
{
    struct forecast got = forecast_make(target_of(target), &month->past);

    ck_assert_msg(got.exhausted_in == want.exhausted_in && got.positive_in == want.positive_in
                      && got.ample_in == want.ample_in,
                  "got %d %d %d", got.exhausted_in, got.positive_in, got.ample_in);
}

/* All is clean so far; from now on b of 10 events a minute are bad.  After x minutes b*x are, of
 * 432 that are allowed: x = 432/b. */
START_TEST(a_constant_burn_from_a_whole_budget_is_exact)
{
    static const struct {
        uint64_t bad_an_hour;
        int32_t exhausted_in;
    } cases[] = { { 600, 44 }, { 60, 432 }, { 6, 4320 }, { 1, 25920 }, { 0, FORECAST_NEVER } };
    struct month month;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        fill(&month, 0, 0, 0);
        month.past.pace.bad = cases[i].bad_an_hour;
        expect(&month, "0.999", (struct forecast){ cases[i].exhausted_in, 0, 0 });
    }
}
END_TEST

START_TEST(a_stream_that_burns_at_exactly_one_never_changes_anything)
{
    struct month month;

    fill(&month, 0, SPANS, 15); /* a tenth */
    month.past.pace.bad = 60;
    expect(&month, "0.9", (struct forecast){ 0, FORECAST_NEVER, FORECAST_NEVER });
    expect(&month, "0.89", (struct forecast){ FORECAST_NEVER, 0, FORECAST_NEVER });
    expect(&month, "0.8", (struct forecast){ FORECAST_NEVER, 0, 0 });
}
END_TEST

/* 4 quarters, 10 days into the window, took 600 of 432: they leave after 10 days and an hour. */
START_TEST(a_budget_heals_when_the_old_outage_leaves_the_window)
{
    struct month month;

    fill(&month, 960, 964, 150);
    /* Left are 600 - 10 * x: 431 after 16.9 minutes, 345 after 25.5. */
    expect(&month, "0.999", (struct forecast){ 0, 14400 + 17, 14400 + 26 });
}
END_TEST

START_TEST(what_the_straight_line_would_call_exhausted_is_saved_by_what_leaves)
{
    struct month month;

    fill(&month, 0, 8, 45); /* 360 of 432, all in the first two hours of the window */
    month.past.pace = (struct window_sum){ 600, 40 };
    /* 72 left at 2/3 a minute would last 108 minutes; but 3 a minute leave for two hours.  Then 80
     * are there, and 352 left last 528 minutes. */
    expect(&month, "0.999", (struct forecast){ 120 + 528, 0, 7 });
}
END_TEST

START_TEST(a_quiet_service_heals_when_its_last_event_has_left)
{
    static const struct forecast_span only = { NOW - 99, 15, { 10, 10 } };
    struct forecast_past past = {
        .spans = &only,
        .count = 1,
        .now_minute = NOW,
        .window_minutes = MONTH,
        .pace = { 0, 0 },
        .pace_minutes = 60,
    };
    struct forecast got = forecast_make(target_of("0.999"), &past);

    ck_assert_int_eq(got.exhausted_in, 0);
    ck_assert_int_eq(got.positive_in, MONTH - 100 + 15);
    ck_assert_int_eq(got.ample_in, MONTH - 100 + 15);
}
END_TEST

START_TEST(nothing_at_all_is_a_whole_budget)
{
    struct forecast_past past = { .now_minute = NOW, .window_minutes = MONTH, .pace_minutes = 60 };
    struct forecast got = forecast_make(target_of("0.999"), &past);

    ck_assert_int_eq(got.exhausted_in, FORECAST_NEVER);
    ck_assert_int_eq(got.positive_in, 0);
    ck_assert_int_eq(got.ample_in, 0);
    past.pace = (struct window_sum){ 60, 60 };
    ck_assert_int_eq(forecast_make(target_of("0.999"), &past).exhausted_in, 1);
}
END_TEST

/* Nothing leaves a calendar window, but it ends. */
START_TEST(a_calendar_window_begins_anew_with_a_whole_budget)
{
    static const struct forecast_span month = { NOW - 1439, 1440, { 1000000, 900 } };
    struct forecast_past past = {
        .spans = &month,
        .count = 1,
        .now_minute = NOW,
        .ends_in_minutes = 10000,
        .pace = { 0, 0 },
        .pace_minutes = 60,
    };
    struct forecast got = forecast_make(target_of("0.999"), &past);

    ck_assert_int_eq(got.exhausted_in, FORECAST_NEVER);
    ck_assert_int_eq(got.positive_in, 0);
    ck_assert_int_eq(got.ample_in, 10000);
    past.pace = (struct window_sum){ 60000, 120 }; /* 1 more is allowed a minute, 2 more are bad */
    ck_assert_int_eq(forecast_make(target_of("0.999"), &past).exhausted_in, 100);
    past.ends_in_minutes = 101;
    ck_assert_int_eq(forecast_make(target_of("0.999"), &past).exhausted_in, 100);
    past.ends_in_minutes = 100; /* saved by the end */
    ck_assert_int_eq(forecast_make(target_of("0.999"), &past).exhausted_in, FORECAST_NEVER);
}
END_TEST

/* Minute by minute, the long way. */
static bool is_exhausted_after(const struct forecast_past *past, struct fraction target, int32_t in)
{
    int32_t first = past->now_minute + in - past->window_minutes + 1;
    int128 total = (int128)past->pace.total * in;
    int128 bad = (int128)past->pace.bad * in;

    for (int i = 0; i < past->count; i++) {
        int32_t left = first - past->spans[i].minute;

        left = left < 0 ? 0 : left > QUARTER ? QUARTER : left;
        total += (int128)past->spans[i].sum.total * (QUARTER - left) * 4;
        bad += (int128)past->spans[i].sum.bad * (QUARTER - left) * 4;
    }
    return bad * target.denominator >= (target.denominator - target.numerator) * total;
}

START_TEST(it_agrees_with_a_walk_from_minute_to_minute)
{
    enum { FEW = 40 };
    struct fraction target = target_of("0.99");
    uint32_t random = 7;
    int exhausted = 0;

    for (int run = 0; run < 50; run++) {
        struct forecast got;
        struct month month;
        int32_t in = 0;

        fill(&month, 0, 0, 0);
        month.past.spans = &month.spans[SPANS - FEW];
        month.past.count = FEW;
        month.past.window_minutes = FEW * QUARTER;
        for (int i = SPANS - FEW; i < SPANS; i++) {
            random = random * 1664525 + 1013904223;
            month.spans[i].sum.total = random >> 24;
            month.spans[i].sum.bad = (random >> 8) % 40 == 0 ? month.spans[i].sum.total / 2 : 0;
        }
        month.past.pace = (struct window_sum){ 500, (uint64_t)run / 4 };
        got = forecast_make(target, &month.past);
        while (in <= FEW * QUARTER && !is_exhausted_after(&month.past, target, in))
            in++;
        exhausted += got.exhausted_in > 0;
        ck_assert_msg(got.exhausted_in == (in > FEW * QUARTER ? FORECAST_NEVER : in),
                      "run %d: %d, not %d", run, got.exhausted_in, in);
    }
    ck_assert_int_gt(exhausted, 5);
}
END_TEST

START_TEST(the_largest_counts_and_finest_targets_do_not_overflow_a_forecast)
{
    struct month month;

    fill(&month, 0, 0, 0);
    for (int i = 0; i < SPANS; i++)
        month.spans[i].sum = (struct window_sum){ (uint64_t)1 << 50, 0 };
    month.past.pace = (struct window_sum){ (uint64_t)1 << 52, (uint64_t)1 << 52 };
    ck_assert_int_eq(forecast_make(target_of("0.99999999999999999"), &month.past).exhausted_in, 1);
    month.past.pace.bad = 0;
    ck_assert_int_eq(forecast_make(target_of("0.99999999999999999"), &month.past).exhausted_in,
                     FORECAST_NEVER);
}
END_TEST

TCase *forecast_cases(void)
{
    TCase *cases = tcase_create("forecast");

    tcase_add_test(cases, a_constant_burn_from_a_whole_budget_is_exact);
    tcase_add_test(cases, a_stream_that_burns_at_exactly_one_never_changes_anything);
    tcase_add_test(cases, a_budget_heals_when_the_old_outage_leaves_the_window);
    tcase_add_test(cases, what_the_straight_line_would_call_exhausted_is_saved_by_what_leaves);
    tcase_add_test(cases, a_quiet_service_heals_when_its_last_event_has_left);
    tcase_add_test(cases, nothing_at_all_is_a_whole_budget);
    tcase_add_test(cases, a_calendar_window_begins_anew_with_a_whole_budget);
    tcase_add_test(cases, it_agrees_with_a_walk_from_minute_to_minute);
    tcase_add_test(cases, the_largest_counts_and_finest_targets_do_not_overflow_a_forecast);
    return cases;
}
