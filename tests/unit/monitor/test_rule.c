/* test_rule.c - module/monitor/rule.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/rule.h"

#include "monitor/summary.h"

#include "scene.h"
#include "suite.h"

static void begin(void)
{
    scene_reset();
    scene_keep("redis");
}

static void expect_rule(int group, const char *want)
{
    char text[RULE_TEXT_BYTES];

    scene_view.overview = &scene;
    rule_text(&scene_view, 0, group, text);
    ck_assert_str_eq(text, want);
}

static void fails(int times)
{
    for (int i = 0; i < times; i++)
        scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 1000);
}

START_TEST(a_rule_counts_what_speaks_against_the_state)
{
    scene_start();
    expect_rule(GROUP_READINESS, "critical, fail: no verdict yet -> not ready");
    scene_all_ok(0);
    expect_rule(GROUP_READINESS, "critical, fail: ok -> passes");
    fails(1);
    expect_rule(GROUP_READINESS, "critical, fail: 1 of 2 failures in a row -> passes");
    fails(1);
    expect_rule(GROUP_READINESS, "critical, fail: 2 of 2 failures -> not ready");
    fails(1);
    expect_rule(GROUP_READINESS, "critical, fail: 3 failures, 2 suffice -> not ready");
    scene_all_ok(1000);
    expect_rule(GROUP_READINESS, "critical, fail: 1 of 2 successes in a row -> not ready");
    scene_take(0, OUTCOME_DEGRADED, HEALTH_REASON_SLOW, 1000);
    expect_rule(GROUP_READINESS, "critical, fail: degraded -> passes");
    (void)overview_judge(&scene, scene_moment(7000));
    expect_rule(GROUP_READINESS,
                "critical, fail: no result for 6000 ms, 5000 ms are allowed -> not ready");
    scene_view.too_old = true;
    expect_rule(GROUP_READINESS, "nobody judges it any more");
}
END_TEST

START_TEST(a_rule_names_the_policy)
{
    scene_config.checks[0].policy = CHECK_POLICY_DEGRADE;
    scene_start();
    fails(2);
    expect_rule(GROUP_READINESS, "degrade: 2 of 2 failures -> passes");
    scene_config.checks[0].policy = CHECK_POLICY_FAIL_AFTER;
    scene_config.checks[0].fail_after_ms = 60000;
    (void)overview_judge(&scene, scene_moment(3000));
    expect_rule(GROUP_READINESS,
                "critical, fail_after=60s: 2 of 2 failures, down for 3000 ms of 60 s "
                "-> passes for 57 s more");
    scene_config.checks[0].fail_after_ms = 1500;
    expect_rule(GROUP_READINESS,
                "critical, fail_after=1500ms: 2 of 2 failures, down for 3000 ms of 1500 ms "
                "-> not ready");
    scene_config.checks[0].critical = false;
    expect_rule(GROUP_READINESS, "not critical: 2 of 2 failures -> passes");
}
END_TEST

START_TEST(a_rule_says_what_a_person_has_to_correct)
{
    scene_config.checks[0].misconfigured = "REDIS_URL holds an https:// URL";
    scene_start();
    expect_rule(GROUP_READINESS, "critical, fail: its configuration can't be used -> not ready");
    scene_config.checks[0].not_configured = true;
    scene_start();
    expect_rule(GROUP_READINESS,
                "required: PROBITY_REQUIRE names it and nothing sets it -> not ready");
}
END_TEST

START_TEST(startup_and_liveness_have_rules_of_their_own)
{
    scene_config.checks[0].groups = 1U << GROUP_LIVENESS | 1U << GROUP_STARTUP;
    scene_start();
    expect_rule(SUMMARY_ALL, "critical, fail: no verdict yet -> starting");
    fails(2);
    expect_rule(GROUP_STARTUP, "critical, fail: 2 of 2 failures -> starting");
    expect_rule(GROUP_LIVENESS, "critical, after 3 failures: 2 in a row -> passes");
    fails(1);
    expect_rule(GROUP_LIVENESS, "critical, after 3 failures: 3 in a row -> fail");
    scene_all_ok(1000);
    scene_all_ok(1000);
    fails(2);
    expect_rule(SUMMARY_ALL, "critical, fail: 2 of 2 failures -> passes");
}
END_TEST

START_TEST(what_a_reload_brought_need_not_have_been_judged)
{
    scene_start();
    scene.checks[0].excused = UINT32_MAX;
    expect_rule(GROUP_READINESS,
                "critical, fail: no verdict yet -> passes until then: it is new here");
}
END_TEST

TCase *rule_cases(void)
{
    TCase *cases = tcase_create("rule");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, a_rule_counts_what_speaks_against_the_state);
    tcase_add_test(cases, a_rule_names_the_policy);
    tcase_add_test(cases, a_rule_says_what_a_person_has_to_correct);
    tcase_add_test(cases, startup_and_liveness_have_rules_of_their_own);
    tcase_add_test(cases, what_a_reload_brought_need_not_have_been_judged);
    return cases;
}
