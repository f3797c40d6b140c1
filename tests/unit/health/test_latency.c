/* test_latency.c - module/health/latency.c */
/* SPDX-License-Identifier: MIT */
#include "health/latency.h"

#include "suite.h"

static struct latency latency; /* too large for a small stack */

START_TEST(latency_is_unknown_without_samples)
{
    ck_assert_int_eq(latency_p95_us(&latency, 1000000), -1);
}
END_TEST

START_TEST(latency_is_at_most_a_thirtysecond_above_the_truth)
{
    static const int64_t values[] = { 0, 1, 63, 64, 65, 127, 128, 1000, 2345, 999999, 66000000 };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        int64_t p95_us;

        latency = (struct latency){ 0 };
        latency_add(&latency, values[i], 1000);
        p95_us = latency_p95_us(&latency, 1000);
        ck_assert_int_ge(p95_us, values[i]);
        ck_assert_int_le(p95_us, values[i] + values[i] / 32);
    }
}
END_TEST

START_TEST(latency_beyond_the_largest_counts_as_the_largest)
{
    latency_add(&latency, INT64_MAX, 1000);
    latency_add(&latency, -5, 1000); /* a clock that lies is no crash */
    ck_assert_int_eq(latency_p95_us(&latency, 1000), (1 << LATENCY_LARGEST_BITS) - 1);
}
END_TEST

START_TEST(latency_p95_ignores_the_worst_twentieth_and_no_more)
{
    for (int i = 0; i < 95; i++)
        latency_add(&latency, 10, 1000 + i);
    for (int i = 0; i < 5; i++)
        latency_add(&latency, 5000, 2000);
    ck_assert_int_eq(latency_p95_us(&latency, 3000), 10);
    latency_add(&latency, 5000, 2000);
    ck_assert_int_ge(latency_p95_us(&latency, 3000), 5000);
}
END_TEST

START_TEST(latency_forgets_after_five_minutes)
{
    latency_add(&latency, 5000, 0);
    ck_assert_int_ge(latency_p95_us(&latency, 299999), 5000);
    ck_assert_int_eq(latency_p95_us(&latency, 330000), -1);
    latency_add(&latency, 20, 330001); /* takes the oldest slice's place */
    ck_assert_int_eq(latency_p95_us(&latency, 330002), 20);
}
END_TEST

static void forget(void)
{
    latency = (struct latency){ 0 };
}

TCase *latency_cases(void)
{
    TCase *cases = tcase_create("latency");

    tcase_add_checked_fixture(cases, forget, NULL);
    tcase_add_test(cases, latency_is_unknown_without_samples);
    tcase_add_test(cases, latency_is_at_most_a_thirtysecond_above_the_truth);
    tcase_add_test(cases, latency_beyond_the_largest_counts_as_the_largest);
    tcase_add_test(cases, latency_p95_ignores_the_worst_twentieth_and_no_more);
    tcase_add_test(cases, latency_forgets_after_five_minutes);
    return cases;
}
