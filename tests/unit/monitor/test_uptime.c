/* test_uptime.c - module/monitor/uptime.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/uptime.h"

#include "suite.h"

#define HOUR ((int64_t)UPTIME_HOUR_MS)

static struct uptime uptime;

static void begin(void)
{
    uptime = (struct uptime){ 0 };
}

static void expect(int hours, int64_t up_ms, int64_t known_ms)
{
    struct uptime_share share = uptime_share(&uptime, hours);

    ck_assert_int_eq(share.up_ms, up_ms);
    ck_assert_int_eq(share.known_ms, known_ms);
}

START_TEST(uptime_knows_nothing_before_time_has_passed)
{
    expect(1, 0, 0);
    expect(720, 0, 0);
    uptime_pass(&uptime, UPTIME_UP, 0);
    uptime_pass(&uptime, UPTIME_UP, -5000);
    expect(720, 0, 0);
}
END_TEST

START_TEST(uptime_counts_each_state_to_the_millisecond)
{
    uptime_pass(&uptime, UPTIME_UP, 999);
    uptime_pass(&uptime, UPTIME_DOWN, 1);
    uptime_pass(&uptime, UPTIME_UNKNOWN, 5000);
    expect(1, 999, 1000);
    uptime_pass(&uptime, UPTIME_UP, 3 * HOUR);
    expect(720, 999 + 3 * HOUR, 1000 + 3 * HOUR);
}
END_TEST

START_TEST(uptime_of_a_window_never_leaves_out_what_lies_in_it)
{
    uptime_pass(&uptime, UPTIME_DOWN, HOUR);
    uptime_pass(&uptime, UPTIME_UP, HOUR - 1);
    expect(1, HOUR - 1, 2 * HOUR - 1); /* the hour that fills, and a whole one */
    uptime_pass(&uptime, UPTIME_UP, 1);
    expect(1, HOUR, HOUR); /* the outage ended an hour ago */
    expect(24, HOUR, 2 * HOUR);
}
END_TEST

START_TEST(uptime_forgets_what_is_older_than_thirty_days)
{
    uptime_pass(&uptime, UPTIME_DOWN, HOUR);
    uptime_pass(&uptime, UPTIME_UP, 719 * HOUR);
    expect(720, 719 * HOUR, 720 * HOUR);
    uptime_pass(&uptime, UPTIME_UP, HOUR);
    expect(720, 720 * HOUR, 720 * HOUR);
    uptime_pass(&uptime, UPTIME_UNKNOWN, INT64_MAX);
    expect(720, 0, 0);
}
END_TEST

START_TEST(uptime_appended_is_as_if_it_had_been_one)
{
    static const struct {
        enum uptime_state state;
        int64_t passed_ms;
    } pieces[] = {
        { UPTIME_UNKNOWN, 3 * HOUR + 7 }, { UPTIME_UP, 50 * HOUR + 11 }, { UPTIME_DOWN, 12345 },
        { UPTIME_UP, 600 * HOUR },        { UPTIME_DOWN, 2 * HOUR },     { UPTIME_UP, 1 },
        { UPTIME_UNKNOWN, 30 },           { UPTIME_UP, 5 * HOUR },
    };
    enum { COUNT = sizeof(pieces) / sizeof(pieces[0]) };

    for (int cut = 0; cut <= COUNT; cut++) {
        struct uptime whole = { 0 };
        struct uptime later = { 0 };

        begin();
        for (int i = 0; i < COUNT; i++) {
            uptime_pass(&whole, pieces[i].state, pieces[i].passed_ms);
            uptime_pass(i < cut ? &uptime : &later, pieces[i].state, pieces[i].passed_ms);
        }
        uptime_append(&uptime, &later);
        expect(720, uptime_share(&whole, 720).up_ms, uptime_share(&whole, 720).known_ms);
        ck_assert_uint_eq(uptime.filled_ms, whole.filled_ms);
    }
}
END_TEST

TCase *uptime_cases(void)
{
    TCase *cases = tcase_create("uptime");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, uptime_knows_nothing_before_time_has_passed);
    tcase_add_test(cases, uptime_counts_each_state_to_the_millisecond);
    tcase_add_test(cases, uptime_of_a_window_never_leaves_out_what_lies_in_it);
    tcase_add_test(cases, uptime_forgets_what_is_older_than_thirty_days);
    tcase_add_test(cases, uptime_appended_is_as_if_it_had_been_one);
    return cases;
}
