/* test_entry.c - module/config/entry.c */
/* SPDX-License-Identifier: MIT */
#include "config/entry.h"

#include "environment.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static const char all[] = "- name: orders-db\n"
                          "  kind: postgres\n"
                          "  url: postgres://u:p@h/d\n"
                          "  interval: 2s\n"
                          "  timeout: 500ms\n"
                          "  fresh_interval: 20s\n"
                          "  max_age: 6s\n"
                          "  fall: 3\n"
                          "  rise: 4\n"
                          "  policy: fail_after=60s\n"
                          "  groups: [readiness, orders]\n";

START_TEST(entry_says_all_there_is_to_say)
{
    AUTO(config_release) const struct config *config = environment_load_checks(all, NULL);
    const struct check_config *check = config_check(config, "orders-db");

    ck_assert_int_eq(config->check_count, 1);
    ck_assert_int_eq(check->kind, CHECK_POSTGRES);
    ck_assert_str_eq(check->target.conninfo, "postgresql://u:p@h/d");
    ck_assert_int_eq(check->interval_ms, 2000);
    ck_assert_int_eq(check->timeout_ms, 500);
    ck_assert_int_eq(check->fresh_interval_ms, 20000);
    ck_assert_int_eq(check->max_age_ms, 6000);
    ck_assert_int_eq(check->fall, 3);
    ck_assert_int_eq(check->rise, 4);
    ck_assert_int_eq(check->policy, CHECK_POLICY_FAIL_AFTER);
    ck_assert_int_eq(check->fail_after_ms, 60000);
    ck_assert_int_eq(check->groups, 1 << GROUP_READINESS | 1 << GROUP_NAMED);
    ck_assert_str_eq(config->groups[GROUP_NAMED], "orders");
}
END_TEST

#define URL "  url: tcp://h:1\n"

static const struct {
    const char *yaml;
    const char *want;
} wrong[] = {
    { "name: a\n", "PROBITY_CHECKS:1:1: checks: expected a list of checks" },
    { "- a\n", "PROBITY_CHECKS:1:3: checks[0]: expected a map" },
    { "- url: tcp://h:1\n", "[0]: name is missing" },
    { "- name: A\n" URL, "[0]: name: A must be of a-z" },
    { "- name: -a\n" URL, "must be of a-z" },
    { "- name: ..\n" URL, "must be of a-z" },
    { "- name: a/b\n" URL, "must be of a-z" },
    { "- name: detailed\n" URL, "is the name of one of Probity's own pages" },
    { "- name: a1234567890123456789012345678901234567890\n" URL, "from 1 to 40" },
    { "- name: a\n" URL "  groups: [live]\n", "groups: live is the name of one of" },
    { "- name: a\n" URL "  groups: []\n", "expected a list" },
    { "- name: a\n" URL "- name: a\n" URL,
      "PROBITY_CHECKS:3:3: checks[1]: name: a is there twice, first at PROBITY_CHECKS:1:3" },
    { "- name: a\n" URL "  intervall: 1s\n",
      "PROBITY_CHECKS:3:14: checks[0]: intervall is no key here: did you mean interval?" },
    { "- name: a\n" URL "  kind: mysql\n",
      "kind: expected http, postgres, redis, upstash, celery, tcp or tls" },
    { "- name: a\n" URL "  fall: 0\n", "[0].fall: expected a whole number from 1 to 100" },
    { "- name: a\n" URL "  interval: 10ms\n", "[0].interval: expected a duration" },
    { "- name: a\n  url: tcp://${H:1\n", "[0].url: expected ${ to be followed by" },
};

START_TEST(entry_that_is_wrong_says_where_and_what)
{
    const char *sentence = environment_refuse_checks(wrong[_i].yaml);

    ck_assert_msg(strstr(sentence, wrong[_i].want) != NULL, "%s", sentence);
}
END_TEST

START_TEST(entry_lists_may_come_from_file_and_variable_but_never_too_long)
{
    char yaml[8192] = "";
    size_t length = 0;

    for (int i = 0; i < LIMIT_CHECKS; i++)
        length += (size_t)snprintf(yaml + length, sizeof(yaml) - length,
                                   "- {name: c%d, url: 'tcp://h:1'}\n", i);
    {
        AUTO(config_release) const struct config *config = environment_load_checks(yaml, NULL);

        ck_assert_int_eq(config->check_count, LIMIT_CHECKS);
    }
    (void)snprintf(yaml + length, sizeof(yaml) - length, "- {name: more, url: 'tcp://h:1'}\n");
    ck_assert_ptr_nonnull(strstr(environment_refuse_checks(yaml), "at most 64 checks"));
}
END_TEST

TCase *entry_cases(void)
{
    TCase *cases = tcase_create("entry");

    tcase_add_test(cases, entry_says_all_there_is_to_say);
    tcase_add_loop_test(cases, entry_that_is_wrong_says_where_and_what, 0,
                        (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(cases, entry_lists_may_come_from_file_and_variable_but_never_too_long);
    return cases;
}
