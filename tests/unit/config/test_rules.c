/* test_rules.c - module/config/rules.c */
/* SPDX-License-Identifier: MIT */
#include "config/rules.h"

#include "environment.h"
#include "suite.h"

#include <string.h>

#define URL "- {name: a, url: 'tcp://h:1', "

/* What nobody says follows from what somebody says. */
START_TEST(rules_that_nobody_says_are_derived)
{
    static const struct {
        const char *yaml;
        const char *name, *value; /* of a variable */
        int64_t interval_ms, timeout_ms, max_age_ms;
    } cases[] = {
        { URL "fall: 1}", "X", "", 1000, 1000, 5000 },
        { URL "interval: 500ms}", "X", "", 500, 500, 5000 },
        { URL "interval: 2s}", "X", "", 2000, 1000, 6000 },
        { URL "interval: 2s, timeout: 2s}", "X", "", 2000, 2000, 8000 },
        { URL "interval: 20s}", "X", "", 20000, 1000, 30000 }, /* within the patience */
        { URL "interval: 1m, policy: degrade}", "X", "", 60000, 1000, 122000 },
        { URL "interval: 2s, max_age: 4s}", "X", "", 2000, 1000, 4000 },
        { URL "fall: 1}", "PROBITY_CHECK_INTERVAL", "3s", 3000, 1000, 8000 },
        { URL "fall: 1}", "PROBITY_CHECK_INTERVAL", "300ms", 300, 300, 5000 },
        { URL "fall: 1}", "PROBITY_CHECK_MAX_AGE", "3s", 1000, 1000, 3000 },
        { URL "interval: 5s}", "PROBITY_CHECK_MAX_AGE", "3s", 5000, 1000, 12000 },
        { URL "interval: 500ms}", "PROBITY_CHECK_TIMEOUT", "900ms", 500, 500, 5000 },
        { URL "interval: 1m}", "PROBITY_PROBER_PATIENCE", "2m", 60000, 1000, 120000 },
        { "- {name: a, kind: celery, url: 'redis://h'}", "X", "", 10000, 2000, 30000 },
        { "- {name: a, kind: celery, url: 'redis://h'}", "PROBITY_PROBER_PATIENCE", "20s", 10000,
          2000, 20000 },
        { "- {name: a, kind: celery, url: 'redis://h', interval: 1s}", "X", "", 1000, 1000, 30000 },
    };
    const char *const env[] = { cases[_i].name, cases[_i].value, NULL };
    AUTO(config_release)
    const struct config *config = environment_load_checks(cases[_i].yaml, env);
    const struct check_config *check = &config->checks[0];

    ck_assert_int_eq(check->interval_ms, cases[_i].interval_ms);
    ck_assert_int_eq(check->timeout_ms, cases[_i].timeout_ms);
    ck_assert_int_eq(check->max_age_ms, cases[_i].max_age_ms);
}
END_TEST

START_TEST(rules_that_contradict_each_other_are_refused)
{
    static const char *const cases[][2] = {
        { URL "timeout: 2s}",
          "checks[0]: timeout is 2 s, longer than PROBITY_CHECK_INTERVAL, 1 s" },
        { URL "interval: 2s, timeout: 3s}", "timeout is 3 s, longer than interval, 2 s" },
        { URL "interval: 2s, max_age: 3s}", "max_age is 3 s, but interval + PROBITY_CHECK_TIMEOUT "
                                            "is 3 s: every result would be stale" },
        { URL "max_age: 31s}", "max_age is 31 s, longer than PROBITY_PROBER_PATIENCE, 30 s" },
        { URL "interval: 30s}", "longer than PROBITY_PROBER_PATIENCE" },
        { URL "policy: ignore}", "policy=ignore: use fail, degrade or fail_after=60s" },
        { URL "policy: fail_after=x}", "policy=fail_after=x: use fail" },
        { "- {name: app, url: 'http://h', policy: degrade}", "the application is always critical" },
        { "- {name: app, url: 'http://h', policy: x}", "policy=x: use fail or fail_after=60s" },
    };
    const char *sentence = environment_refuse_checks(cases[_i][0]);

    ck_assert_msg(strstr(sentence, cases[_i][1]) != NULL, "%s", sentence);
    ck_assert_ptr_nonnull(strstr(sentence, "PROBITY_CHECKS:1:3: checks[0]: "));
}
END_TEST

START_TEST(rules_have_defaults_that_surprise_nobody)
{
    AUTO(config_release)
    const struct config *config = environment_load_checks(
        URL "fall: 1}\n- {name: app, url: 'http://h'}\n- {name: b, url: 'http://h'}", NULL);
    const struct check_config *check = config_check(config, "a");
    struct check_limits rest = check->limits;

    ck_assert_int_eq(rest.certificate_days, 14);
    ck_assert_int_eq(rest.connections_percent, 90);
    ck_assert_int_eq(rest.memory_percent, 90);
    rest.certificate_days = rest.connections_percent = rest.memory_percent = -1;
    ck_assert_mem_eq(&rest, &check_no_limits, sizeof(rest));
    ck_assert_int_eq(config_check(config, "app")->http.report, CHECK_REPORT_MERGE);
    ck_assert_int_eq(config_check(config, "b")->http.report, CHECK_REPORT_IGNORE);
    ck_assert_int_eq(config_check(config, "b")->http.status_count, 0);
    ck_assert_int_eq(check->pool_size, -1);
}
END_TEST

START_TEST(rules_of_the_pool_belong_to_the_database)
{
    static const char *const env[] = { "DATABASE_URL", "postgres://h/d", "DATABASE_POOL_SIZE", "10",
                                       NULL };
    AUTO(config_release)
    const struct config *config =
        environment_load_checks("- {name: other, url: 'postgres://h/d'}", env);

    ck_assert_int_eq(config_check(config, "database")->pool_size, 10);
    ck_assert_int_eq(config_check(config, "other")->pool_size, -1);
}
END_TEST

TCase *rules_cases(void)
{
    TCase *cases = tcase_create("rules");

    tcase_add_loop_test(cases, rules_that_nobody_says_are_derived, 0, 16);
    tcase_add_loop_test(cases, rules_that_contradict_each_other_are_refused, 0, 9);
    tcase_add_test(cases, rules_have_defaults_that_surprise_nobody);
    tcase_add_test(cases, rules_of_the_pool_belong_to_the_database);
    return cases;
}
