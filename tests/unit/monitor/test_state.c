/* test_state.c - module/monitor/state.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/state.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct check_config config;
static struct check_state state;

static void begin(void)
{
    config = (struct check_config){
        .name = "redis",
        .kind = CHECK_REDIS,
        .critical = true,
        .timeout_ms = 1000,
        .max_age_ms = 5000,
        .fall = 2,
        .rise = 2,
    };
    check_state_init(&state, &config, scene_moment(0));
}

static void take(enum outcome_status status, enum health_reason reason, int64_t after_ms)
{
    struct outcome outcome = scene_look(0, status, reason, after_ms);

    check_state_take(&state, &outcome);
    (void)check_state_judge(&state, scene_moment(after_ms));
}

static const char *word_at(int64_t after_ms)
{
    static char word[CHECK_WORD_BYTES];

    (void)check_state_judge(&state, scene_moment(after_ms));
    check_verdict_word(&state.verdict, word);
    return word;
}

START_TEST(state_keeps_its_word_while_in_doubt)
{
    ck_assert_str_eq(word_at(0), "starting");
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 10);
    ck_assert_str_eq(word_at(10), "starting");
    take(OUTCOME_OK, HEALTH_REASON_NONE, 20);
    ck_assert_str_eq(word_at(20), "ok");
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
    ck_assert_str_eq(word_at(30), "ok");
    take(OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 40);
    ck_assert_str_eq(word_at(40), "error: timeout after 1000 ms");
    take(OUTCOME_OK, HEALTH_REASON_NONE, 50);
    ck_assert_str_eq(word_at(50), "error: timeout after 1000 ms");
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 60);
    ck_assert_str_eq(word_at(60), "error: connection refused");
    take(OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 70);
    take(OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 80);
    ck_assert_str_eq(word_at(80), "degraded: busy");
}
END_TEST

START_TEST(state_of_an_hourly_check_waits_no_hour_for_its_first_verdict)
{
    config.max_age_ms = 7200000;
    ck_assert_str_eq(word_at(5000), "starting");
    ck_assert(!check_state_settled(&state));
    ck_assert_str_eq(word_at(5001), "stale: no result for 5 s");
    ck_assert(check_state_settled(&state));
    take(OUTCOME_ERROR, HEALTH_REASON_NAME_NOT_RESOLVED,
         6000); /* one failure is no verdict either */
    ck_assert_str_eq(word_at(11000), "starting");
    ck_assert_str_eq(word_at(11001), "stale: no result for 5 s");
    take(OUTCOME_OK, HEALTH_REASON_NONE, 12000);
    ck_assert_str_eq(word_at(12000 + 7200000), "ok");
    ck_assert_str_eq(word_at(12000 + 7200001), "stale: no result for 7200 s");
    config.max_age_ms = 3000; /* who wants it sooner gets it sooner */
    check_state_init(&state, &config, scene_moment(0));
    ck_assert_str_eq(word_at(3001), "stale: no result for 3 s");
}
END_TEST

START_TEST(state_is_stale_when_no_result_comes)
{
    take(OUTCOME_OK, HEALTH_REASON_NONE, 1000);
    ck_assert_str_eq(word_at(6000), "ok");
    ck_assert_str_eq(word_at(6001), "stale: no result for 5 s");
    ck_assert_str_eq(word_at(13999), "stale: no result for 12 s");
    ck_assert(!check_state_passes(&state, SCENE_BOOT_MS + 13999));
    take(OUTCOME_OK, HEALTH_REASON_NONE, 14000);
    ck_assert_str_eq(word_at(14000), "ok"); /* it was never seen down */
}
END_TEST

START_TEST(state_without_any_first_result_turns_stale_and_counts_as_looked_at)
{
    ck_assert_str_eq(word_at(5000), "starting");
    ck_assert(!check_state_settled(&state));
    ck_assert_str_eq(word_at(5001), "stale: no result for 5 s");
    ck_assert(check_state_settled(&state));
}
END_TEST

START_TEST(state_that_cannot_be_looked_at_is_settled_from_the_start)
{
    config.misconfigured = "DATABASE_URL: no host";
    check_state_init(&state, &config, scene_moment(0));
    ck_assert_str_eq(word_at(0), "error: misconfigured");
    ck_assert(check_state_settled(&state));
    ck_assert_str_eq(word_at(99999), "error: misconfigured"); /* nothing to be stale */
    ck_assert_int_eq(state.transitions, 0);
    config.misconfigured = NULL;
    config.not_configured = true;
    check_state_init(&state, &config, scene_moment(0));
    ck_assert_str_eq(word_at(0), "not configured");
    ck_assert(check_state_settled(&state));
    ck_assert(!check_state_passes(&state, SCENE_BOOT_MS));
    config.policy = CHECK_POLICY_DEGRADE;
    config.critical = false;
    ck_assert(!check_state_passes(&state, SCENE_BOOT_MS));
}
END_TEST

START_TEST(state_takes_readiness_away_by_its_policy)
{
    static const struct {
        bool critical;
        enum check_policy policy;
        int64_t after_ms; /* since the error */
        bool passes;
    } cases[] = {
        { true, CHECK_POLICY_FAIL, 0, false },
        { false, CHECK_POLICY_FAIL, 0, true },
        { true, CHECK_POLICY_DEGRADE, 100000, true },
        { true, CHECK_POLICY_FAIL_AFTER, 0, true },
        { true, CHECK_POLICY_FAIL_AFTER, 3999, true },
        { true, CHECK_POLICY_FAIL_AFTER, 4000, false },
        { false, CHECK_POLICY_FAIL_AFTER, 4000, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        config.critical = cases[i].critical;
        config.policy = cases[i].policy;
        config.fail_after_ms = 4000;
        config.max_age_ms = 1000000;
        take(OUTCOME_OK, HEALTH_REASON_NONE, 10);
        take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
        take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
        (void)check_state_judge(&state, scene_moment(30 + cases[i].after_ms));
        ck_assert_msg(check_state_passes(&state, SCENE_BOOT_MS + 30 + cases[i].after_ms)
                          == cases[i].passes,
                      "case %zu", i);
    }
}
END_TEST

START_TEST(state_fail_after_begins_anew_after_a_recovery)
{
    config.policy = CHECK_POLICY_FAIL_AFTER;
    config.fail_after_ms = 4000;
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 0);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 10);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 3000);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 3100);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 3900);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 4000);
    ck_assert_str_eq(word_at(4200), "error: connection refused");
    ck_assert(check_state_passes(&state, SCENE_BOOT_MS + 4200));
}
END_TEST

START_TEST(state_says_since_when_and_counts)
{
    take(OUTCOME_OK, HEALTH_REASON_NONE, 100);
    ck_assert_int_eq(state.since.wall_ms, SCENE_WALL_MS + 100);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 200);
    ck_assert_int_eq(state.consecutive_failures, 1);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 300);
    take(OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 400); /* another reason is no other status */
    ck_assert_int_eq(state.since.wall_ms, SCENE_WALL_MS + 300);
    ck_assert_int_eq(state.consecutive_failures, 3);
    ck_assert_uint_eq(state.transitions, 2);
    ck_assert_int_eq(check_state_age_ms(&state, SCENE_BOOT_MS + 1400), 1000);
}
END_TEST

START_TEST(state_never_falls_by_failures_that_are_not_in_a_row)
{
    config.fall = 3;
    check_state_init(&state, &config, scene_moment(0));
    take(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    for (int i = 0; i < 5; i++) {
        take(i % 2 == 0 ? OUTCOME_ERROR : OUTCOME_OK, HEALTH_REASON_REFUSED, 20 + i);
        ck_assert_str_eq(word_at(20 + i), "ok");
    }
    ck_assert_uint_eq(state.transitions, 1);
}
END_TEST

START_TEST(state_counts_the_first_success_at_once_and_after_an_outage_only_rise_of_them)
{
    config.rise = 3;
    check_state_init(&state, &config, scene_moment(0));
    take(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert_str_eq(word_at(10), "ok");
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 40);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 50);
    ck_assert_str_eq(word_at(50), "error: connection refused");
    take(OUTCOME_OK, HEALTH_REASON_NONE, 60);
    ck_assert_str_eq(word_at(60), "ok");
}
END_TEST

START_TEST(state_names_each_spell_of_trouble_and_keeps_the_name_while_it_lasts)
{
    char first[CHECK_ERROR_ID_BYTES];

    ck_assert_str_eq(state.error_id, "");
    take(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert_str_eq(state.error_id, "");
    take(OUTCOME_DEGRADED, HEALTH_REASON_SLOW, 20);
    ck_assert_uint_eq(strlen(state.error_id), 8);
    memcpy(first, state.error_id, sizeof(first));
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
    take(OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 40);
    ck_assert_str_eq(state.error_id, first);
    ck_assert_str_eq(word_at(6000), "stale: no result for 5 s");
    ck_assert_str_eq(state.error_id, first);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 6100);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 6200);
    ck_assert_str_eq(state.error_id, "");
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 6300);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 6400);
    ck_assert_uint_eq(strlen(state.error_id), 8);
    ck_assert_str_ne(state.error_id, first);
}
END_TEST

START_TEST(state_tells_which_rule_decided)
{
    config.policy = CHECK_POLICY_FAIL_AFTER;
    config.fail_after_ms = 4000;
    config.max_age_ms = 100000;
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS), CHECK_RULE_STARTING);
    take(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS), CHECK_RULE_WELL);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
    take(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS + 4029), CHECK_RULE_NOT_YET_AFTER);
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS + 4030), CHECK_RULE_FAIL_AFTER);
    config.policy = CHECK_POLICY_FAIL;
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS + 4030), CHECK_RULE_FAIL);
    config.policy = CHECK_POLICY_DEGRADE;
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS + 4030), CHECK_RULE_DEGRADE);
    config.critical = false;
    ck_assert_int_eq(check_state_rule(&state, SCENE_BOOT_MS + 4030), CHECK_RULE_NOT_CRITICAL);
}
END_TEST

START_TEST(state_leaves_refusals_out_of_the_latency_and_counts_time_outs)
{
    struct outcome outcome = scene_look(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 0);

    check_state_take(&state, &outcome);
    ck_assert_int_eq(latency_p95_us(&state.latency, SCENE_BOOT_MS), -1);
    outcome.reason = HEALTH_REASON_TIMEOUT;
    outcome.latency_us = 1000000;
    check_state_take(&state, &outcome);
    ck_assert_int_ge(latency_p95_us(&state.latency, SCENE_BOOT_MS), 1000000);
}
END_TEST

TCase *state_cases(void)
{
    TCase *cases = tcase_create("state");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, state_keeps_its_word_while_in_doubt);
    tcase_add_test(cases, state_is_stale_when_no_result_comes);
    tcase_add_test(cases, state_of_an_hourly_check_waits_no_hour_for_its_first_verdict);
    tcase_add_test(cases, state_without_any_first_result_turns_stale_and_counts_as_looked_at);
    tcase_add_test(cases, state_that_cannot_be_looked_at_is_settled_from_the_start);
    tcase_add_test(cases, state_takes_readiness_away_by_its_policy);
    tcase_add_test(cases, state_fail_after_begins_anew_after_a_recovery);
    tcase_add_test(cases, state_says_since_when_and_counts);
    tcase_add_test(cases, state_never_falls_by_failures_that_are_not_in_a_row);
    tcase_add_test(cases,
                   state_counts_the_first_success_at_once_and_after_an_outage_only_rise_of_them);
    tcase_add_test(cases, state_names_each_spell_of_trouble_and_keeps_the_name_while_it_lasts);
    tcase_add_test(cases, state_tells_which_rule_decided);
    tcase_add_test(cases, state_leaves_refusals_out_of_the_latency_and_counts_time_outs);
    return cases;
}
