/* test_checks.c - module/config/checks.c */
/* SPDX-License-Identifier: MIT */
#include "config/checks.h"

#include "environment.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static const char *const everything[] = { "CELERY_BROKER_URL", "redis://h/1",  "REDIS_URL",
                                          "redis://h",         "DATABASE_URL", "postgresql://h/d",
                                          "PROBITY_APP",       "http://h/",    NULL };

START_TEST(checks_come_in_the_order_of_the_answers_with_their_defaults)
{
    static const char *const names[] = { "app", "database", "redis", "celery" };
    AUTO(config_release) const struct config *config = environment_load(everything);
    const struct check_config *celery = config_check(config, "celery");

    ck_assert_int_eq(config->check_count, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(config->checks[i].name, names[i]);
        ck_assert(config->checks[i].critical && !config->checks[i].not_configured);
        ck_assert_int_eq(config->checks[i].policy, CHECK_POLICY_FAIL);
        ck_assert_int_eq(config->checks[i].fall, 2);
        ck_assert_int_eq(config->checks[i].rise, 2);
        ck_assert_int_eq(config->checks[i].fresh_interval_ms, 15000);
    }
    ck_assert_int_eq(config->checks[1].interval_ms, 1000);
    ck_assert_int_eq(config->checks[1].timeout_ms, 1000);
    ck_assert_int_eq(config->checks[1].max_age_ms, 5000);
    ck_assert_int_eq(celery->interval_ms, 10000);
    ck_assert_int_eq(celery->timeout_ms, 2000);
    ck_assert_int_eq(celery->max_age_ms, 30000);
}
END_TEST

START_TEST(checks_that_nothing_sets_do_not_exist)
{
    static const char *const none[] = { NULL };
    AUTO(config_release) const struct config *config = environment_load(none);

    ck_assert_int_eq(config->check_count, 0);
    ck_assert_ptr_null(config_check(config, "database"));
    ck_assert_ptr_nonnull(config->ledger_misconfigured);
    ck_assert(!config->require_none);
}
END_TEST

START_TEST(checks_that_are_required_exist_even_when_nothing_sets_them)
{
    AUTO(config_release)
    const struct config *config = environment_load_one("PROBITY_REQUIRE", "redis, database");

    ck_assert_int_eq(config->check_count, 2);
    ck_assert_str_eq(config->checks[0].name, "database");
    ck_assert(config->checks[0].not_configured && config->checks[1].not_configured);
    ck_assert(config->checks[0].critical);
}
END_TEST

START_TEST(checks_that_are_required_may_have_any_name)
{
    AUTO(config_release)
    const struct config *config = environment_load_one("PROBITY_REQUIRE", "orders-db");

    ck_assert_int_eq(config->check_count, 1);
    ck_assert_str_eq(config->checks[0].name, "orders-db");
    ck_assert(config->checks[0].not_configured && config->checks[0].critical);
}
END_TEST

START_TEST(checks_may_be_none_on_purpose)
{
    AUTO(config_release)
    const struct config *config = environment_load_one("PROBITY_REQUIRE", "none");

    ck_assert(config->require_none);
    ck_assert_int_eq(config->check_count, 0);
}
END_TEST

START_TEST(checks_policies_are_read)
{
    static const struct {
        const char *text;
        enum check_policy policy;
        bool critical;
        int64_t after_ms;
    } cases[] = {
        { "fail", CHECK_POLICY_FAIL, true, 0 },
        { "degrade", CHECK_POLICY_DEGRADE, false, 0 },
        { "fail_after=60s", CHECK_POLICY_FAIL_AFTER, true, 60000 },
        { "fail_after=2m", CHECK_POLICY_FAIL_AFTER, true, 120000 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const env[] = { "REDIS_URL", "redis://h", "PROBITY_REDIS_POLICY", cases[i].text,
                                    NULL };
        AUTO(config_release) const struct config *config = environment_load(env);
        const struct check_config *check = config_check(config, "redis");

        ck_assert_int_eq(check->policy, cases[i].policy);
        ck_assert_int_eq(check->critical, cases[i].critical);
        ck_assert_int_eq(check->fail_after_ms, cases[i].after_ms);
    }
}
END_TEST

START_TEST(checks_rules_that_cannot_be_stop_the_start)
{
    static const char *const cases[][3] = {
        { "PROBITY_REDIS_POLICY", "ignore", "use fail, degrade or fail_after=60s" },
        { "PROBITY_REDIS_POLICY", "fail_after=", "fail_after=60s" },
        { "PROBITY_REDIS_POLICY", "fail_after=0", "fail_after=60s" },
        { "PROBITY_APP_POLICY", "degrade", "always critical" },
        { "PROBITY_REQUIRE", "database,MySQL", "MySQL must be of a-z" },
        { "PROBITY_REQUIRE", "none,redis", "none means no check at all, and stands alone" },
        { "PROBITY_CHECK_TIMEOUT", "2s",
          "PROBITY_CHECK_TIMEOUT is 2 s, longer than PROBITY_CHECK_INTERVAL, 1 s" },
        { "PROBITY_CHECK_INTERVAL", "1m", "PROBITY_PROBER_PATIENCE" },
        { "PROBITY_CHECK_MAX_AGE", "31s",
          "PROBITY_CHECK_MAX_AGE is 31 s, longer than PROBITY_PROBER_PATIENCE, 30 s" },
        { "PROBITY_CHECK_MAX_AGE", "2s", "above 2 s" },
        { "PROBITY_IDLE", "sometimes", "PROBITY_IDLE=sometimes: expected never, pause" },
        { "PROBITY_CELERY_MAX_AGE", "12s", "set PROBITY_CELERY_MAX_AGE above 12 s" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const env[] = { cases[i][0], cases[i][1], NULL };
        const struct config *config = NULL;
        struct error err = { .code = 0 };

        ck_assert_int_eq(config_load(environment_lookup, (void *)env, &config, &err), -EINVAL);
        ck_assert_ptr_null(config);
        ck_assert_msg(strstr(err.text, cases[i][2]) != NULL, "%s", err.text);
    }
}
END_TEST

START_TEST(checks_rest_only_when_the_patient_could_have_asked_twice)
{
    static const char *const never[] = { "PROBITY_IDLE_AFTER", "59s", NULL };
    static const char *const enough[] = { "PROBITY_IDLE", "pause", "PROBITY_IDLE_AFTER", "60s",
                                          NULL };
    static const char *const less[] = { "PROBITY_IDLE", "pause", "PROBITY_IDLE_AFTER", "59s",
                                        NULL };
    AUTO(config_release) const struct config *awake = environment_load(never);
    AUTO(config_release) const struct config *resting = environment_load(enough);
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert(!awake->idle_pauses);
    ck_assert(resting->idle_pauses);
    ck_assert_int_eq(resting->idle_after_ms, 60000);
    ck_assert_int_eq(config_load(environment_lookup, (void *)less, &config, &err), -EINVAL);
    ck_assert_str_eq(err.text, "PROBITY_IDLE_AFTER=59 s: expected at least twice "
                               "PROBITY_PROBER_PATIENCE, 30 s");
}
END_TEST

START_TEST(checks_leave_the_ledger_its_own_address)
{
    static const char *const env[] = { "DATABASE_URL", "mysql://h/d", "PROBITY_LEDGER_URL",
                                       "postgresql://l/d", NULL };
    static const char *const bad[] = { "DATABASE_URL", "postgresql://h/d", "PROBITY_LEDGER_URL",
                                       "mysql://l/d", NULL };
    AUTO(config_release) const struct config *config = environment_load(env);
    AUTO(config_release) const struct config *wrong = environment_load(bad);

    ck_assert_str_eq(config->ledger_conninfo, "postgresql://l/d");
    ck_assert_ptr_null(config->ledger_misconfigured);
    ck_assert_ptr_null(wrong->ledger_conninfo);
    ck_assert_ptr_nonnull(strstr(wrong->ledger_misconfigured, "PROBITY_LEDGER_URL"));
    ck_assert_ptr_null(config_check(wrong, "database")->misconfigured);
}
END_TEST

TCase *checks_cases(void)
{
    TCase *cases = tcase_create("checks");

    tcase_add_test(cases, checks_come_in_the_order_of_the_answers_with_their_defaults);
    tcase_add_test(cases, checks_that_nothing_sets_do_not_exist);
    tcase_add_test(cases, checks_that_are_required_exist_even_when_nothing_sets_them);
    tcase_add_test(cases, checks_that_are_required_may_have_any_name);
    tcase_add_test(cases, checks_may_be_none_on_purpose);
    tcase_add_test(cases, checks_policies_are_read);
    tcase_add_test(cases, checks_rules_that_cannot_be_stop_the_start);
    tcase_add_test(cases, checks_rest_only_when_the_patient_could_have_asked_twice);
    tcase_add_test(cases, checks_leave_the_ledger_its_own_address);
    return cases;
}
