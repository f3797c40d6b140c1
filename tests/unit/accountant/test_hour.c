/* test_hour.c - module/accountant/hour.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/hour.h"

#include "suite.h"

static void put(struct mixer *mixer, struct encoded *encoded, uint64_t value)
{
    mixer_clear(mixer);
    ck_assert(histogram_add(&mixer->sum, value));
    ck_assert_int_eq(mixer_keep(mixer, encoded), 0);
}

START_TEST(minutes_become_one_without_losing_any)
{
    AUTO(mixer_done) struct mixer mixer;
    AUTO(hour_clear) struct hour hour = { .number = 7, .known = true };

    ck_assert_int_eq(mixer_init(&mixer), 0);
    ck_assert_int_eq(hour_split(&hour), 0);
    put(&mixer, &hour.minutes[0], 10);
    put(&mixer, &hour.minutes[59], 20);
    hour_merge(&hour, &mixer);
    ck_assert(hour.known);
    ck_assert_ptr_null(hour.minutes);
    mixer_clear(&mixer);
    ck_assert_int_eq(mixer_add(&mixer, encoded_slice(&hour.merged)), 0);
    ck_assert_uint_eq(mixer.sum.count, 2);
    hour_clear(&hour);
    ck_assert(!hour.known);
    ck_assert_int_eq(hour.number, 7);
}
END_TEST

START_TEST(an_hour_without_measurements_takes_no_bytes)
{
    AUTO(mixer_done) struct mixer mixer;
    AUTO(hour_clear) struct hour hour = { .known = true };

    ck_assert_int_eq(mixer_init(&mixer), 0);
    ck_assert_int_eq(hour_split(&hour), 0);
    hour_merge(&hour, &mixer);
    ck_assert(hour.known);
    ck_assert_uint_eq(hour.merged.length, 0);
}
END_TEST

START_TEST(an_hour_that_can_not_be_merged_is_unknown)
{
    AUTO(mixer_done) struct mixer mixer;
    AUTO(hour_clear) struct hour hour = { .known = true };

    ck_assert_int_eq(mixer_init(&mixer), 0);
    ck_assert_int_eq(hour_split(&hour), 0);
    put(&mixer, &hour.minutes[3], 10);
    mixer_done(&mixer);
    ck_assert_int_eq(mixer_init(&mixer), 0);
    malloc_fail_at(0);
    hour_merge(&hour, &mixer);
    malloc_fail_at(-1);
    ck_assert(!hour.known);
}
END_TEST

TCase *hour_cases(void)
{
    TCase *cases = tcase_create("hour");

    tcase_add_test(cases, minutes_become_one_without_losing_any);
    tcase_add_test(cases, an_hour_without_measurements_takes_no_bytes);
    tcase_add_test(cases, an_hour_that_can_not_be_merged_is_unknown);
    return cases;
}
