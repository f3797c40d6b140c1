/* test_hysteresis.c - module/health/hysteresis.c */
/* SPDX-License-Identifier: MIT */
#include "health/hysteresis.h"

#include "suite.h"

#include <string.h>

/* Plays results ('S', 'D' for degraded, 'F') and writes the state after each: '?', 'u', 'd'. */
static void play(int fall, int rise, const char *results, char *states)
{
    struct hysteresis hysteresis;

    hysteresis_init(&hysteresis, fall, rise);
    for (; *results != '\0'; results++) {
        enum hysteresis_state before = hysteresis.state;
        bool changed = hysteresis_take(&hysteresis, *results == 'S'   ? OUTCOME_OK
                                                    : *results == 'D' ? OUTCOME_DEGRADED
                                                                      : OUTCOME_ERROR);

        ck_assert_int_eq(changed, before != hysteresis.state);
        *states++ = "?ud"[hysteresis.state];
    }
    *states = '\0';
}

START_TEST(hysteresis_counts_only_unbroken_runs)
{
    static const struct {
        int fall, rise;
        const char *results, *states;
    } cases[] = {
        { 3, 2, "SFSFSF", "uuuuuu" },       /* failures with successes between never add up */
        { 3, 2, "SFFSFFSFF", "uuuuuuuuu" }, /* two and two are not three */
        { 3, 2, "SFFF", "uuud" },           /* three in a row are an error */
        { 2, 2, "S", "u" },                 /* the first success after start counts at once */
        { 2, 2, "FS", "?u" },               /* also behind a first failure */
        { 2, 2, "FF", "?d" },               /* `fall` failures from the start */
        { 2, 2, "FFS", "?dd" },             /* after an outage one success is not enough */
        { 2, 2, "FFSS", "?ddu" },
        { 2, 3, "FFSSFSSFSSS", "?dddddddddu" }, /* a failure resets the way up */
        { 1, 1, "FSFS", "dudu" },
        { 0, 0, "FSFS", "dudu" },   /* nonsense is read as 1 */
        { 2, 2, "DFDFD", "uuuuu" }, /* degraded is a success */
        { 2, 2, "FFDD", "?ddu" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char states[32];

        play(cases[i].fall, cases[i].rise, cases[i].results, states);
        ck_assert_msg(strcmp(states, cases[i].states) == 0, "%s: %s instead of %s",
                      cases[i].results, states, cases[i].states);
    }
}
END_TEST

START_TEST(hysteresis_is_in_doubt_until_a_result_agrees)
{
    struct hysteresis hysteresis;

    hysteresis_init(&hysteresis, 2, 2);
    ck_assert(hysteresis_in_doubt(&hysteresis)); /* nothing is known */
    (void)hysteresis_take(&hysteresis, OUTCOME_OK);
    ck_assert(!hysteresis_in_doubt(&hysteresis));
    (void)hysteresis_take(&hysteresis, OUTCOME_ERROR);
    ck_assert(hysteresis_in_doubt(&hysteresis));
    (void)hysteresis_take(&hysteresis, OUTCOME_OK);
    ck_assert(!hysteresis_in_doubt(&hysteresis));
    (void)hysteresis_take(&hysteresis, OUTCOME_ERROR);
    (void)hysteresis_take(&hysteresis, OUTCOME_ERROR);
    ck_assert(!hysteresis_in_doubt(&hysteresis)); /* certainly down */
    (void)hysteresis_take(&hysteresis, OUTCOME_OK);
    ck_assert(hysteresis_in_doubt(&hysteresis));
}
END_TEST

START_TEST(hysteresis_takes_the_first_result_after_a_pause_at_its_word)
{
    struct hysteresis hysteresis;

    hysteresis_init(&hysteresis, 5, 5);
    for (int i = 0; i < 4; i++) {
        bool success = i % 2 == 0;

        hysteresis_resume(&hysteresis);
        ck_assert_int_eq(hysteresis.state, HYSTERESIS_STARTING);
        ck_assert(hysteresis_take(&hysteresis, success ? OUTCOME_DEGRADED : OUTCOME_ERROR));
        ck_assert_int_eq(hysteresis.state, success ? HYSTERESIS_UP : HYSTERESIS_DOWN);
        ck_assert(!hysteresis_in_doubt(&hysteresis));
    }
}
END_TEST

TCase *hysteresis_cases(void)
{
    TCase *cases = tcase_create("hysteresis");

    tcase_add_test(cases, hysteresis_counts_only_unbroken_runs);
    tcase_add_test(cases, hysteresis_is_in_doubt_until_a_result_agrees);
    tcase_add_test(cases, hysteresis_takes_the_first_result_after_a_pause_at_its_word);
    return cases;
}
