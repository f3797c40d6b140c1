/* test_admission.c - module/auth/admission.c */
/* SPDX-License-Identifier: MIT */
#include "auth/admission.h"

#include "base/limits.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct admission *admission;

static void begin(void)
{
    ck_assert_int_eq(admission_new(&admission, NULL), 0);
}

static void end(void)
{
    admission_free(&admission);
}

/* How many signatures of that cost there is time for at a moment. */
static int verified(int64_t now_ms, int64_t cost_us)
{
    int count = 0;

    while (admission_has_time(admission, now_ms) && count < 100000) {
        admission_spend(admission, cost_us);
        count++;
    }
    return count;
}

START_TEST(strangers_get_a_burst_and_then_a_twentieth_of_the_time)
{
    int sum = 0;

    ck_assert_int_eq(verified(1000, 500), ADMISSION_BURST_US / 500);
    ck_assert_int_eq(verified(1000, 500), 0);
    ck_assert_int_eq(verified(1009, 500), 1); /* 450 us came in; one more is begun and paid back */
    ck_assert_int_eq(verified(1010, 500), 0);
    for (int64_t now_ms = 1011; now_ms <= 3010; now_ms++)
        sum += verified(now_ms, 500);
    ck_assert_int_eq(sum, 2 * ADMISSION_US_PER_S / 500);
}
END_TEST

START_TEST(time_that_nobody_used_is_not_saved_up)
{
    ck_assert_int_eq(verified(INT64_C(1) << 50, 500), ADMISSION_BURST_US / 500);
    ck_assert_int_eq(verified(0, 500), 0); /* no clock goes back, and none is believed to */
    ck_assert_int_eq(verified(INT64_C(1) << 51, 500), ADMISSION_BURST_US / 500);
}
END_TEST

START_TEST(what_was_overspent_is_paid_back)
{
    admission_spend(admission, 3 * ADMISSION_BURST_US);
    ck_assert(!admission_has_time(admission, 1000));
    ck_assert(!admission_has_time(admission, 1999));
    ck_assert(admission_has_time(admission, 2100));
}
END_TEST

static struct admission_pass pass_of(int number, int64_t from_s, int64_t until_s)
{
    struct admission_pass pass = { .from_s = from_s, .until_s = until_s };

    memset(pass.digest, number, sizeof(pass.digest));
    (void)snprintf(pass.subject, sizeof(pass.subject), "number %d", number);
    return pass;
}

static bool recalls(int number, int64_t now_s)
{
    struct admission_pass wanted = pass_of(number, 0, 0);
    struct admission_pass found;

    if (!admission_recall(admission, wanted.digest, now_s, &found))
        return false;
    ck_assert_str_eq(found.subject, wanted.subject);
    return true;
}

START_TEST(who_was_let_in_is_known_until_the_token_ends_and_for_a_minute_at_most)
{
    struct admission_pass short_lived = pass_of(1, 100, 110);
    struct admission_pass lasting = pass_of(2, 100, 100000);

    ck_assert(!recalls(0, 100)); /* an empty place has a digest of zeros */
    admission_remember(admission, &short_lived);
    admission_remember(admission, &lasting);
    ck_assert(recalls(1, 100) && recalls(1, 109));
    ck_assert(!recalls(1, 110) && !recalls(1, 99));
    ck_assert(recalls(2, 100 + ADMISSION_KEEP_S - 1));
    ck_assert(!recalls(2, 100 + ADMISSION_KEEP_S));
    ck_assert(!recalls(3, 100));
}
END_TEST

START_TEST(the_oldest_makes_room)
{
    for (int i = 1; i <= LIMIT_ADMISSIONS + 1; i++) {
        struct admission_pass pass = pass_of(i, 100, 150);

        admission_remember(admission, &pass);
    }
    ck_assert(!recalls(1, 100));
    for (int i = 2; i <= LIMIT_ADMISSIONS + 1; i++)
        ck_assert(recalls(i, 100));
}
END_TEST

TCase *admission_cases(void)
{
    TCase *cases = tcase_create("admission");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, strangers_get_a_burst_and_then_a_twentieth_of_the_time);
    tcase_add_test(cases, time_that_nobody_used_is_not_saved_up);
    tcase_add_test(cases, what_was_overspent_is_paid_back);
    tcase_add_test(cases, who_was_let_in_is_known_until_the_token_ends_and_for_a_minute_at_most);
    tcase_add_test(cases, the_oldest_makes_room);
    return cases;
}
