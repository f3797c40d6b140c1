/* test_config.c - module/config/config.c */
/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "environment.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

START_TEST(config_of_an_empty_environment_has_the_defaults)
{
    static const char *const none[] = { NULL };
    AUTO(config_release) const struct config *config = environment_load(none);

    ck_assert_str_eq(config->service, "app");
    ck_assert_str_eq(config->app_version, "unknown");
    ck_assert_str_eq(config->listen_path, "/run/probity/probity.sock");
    ck_assert_ptr_null(config->access_log);
    ck_assert_int_eq(config->drain_ms, 5000);
    ck_assert_int_eq(config->log_level, LOG_LEVEL_INFO);
    ck_assert(!config->log_format_set);
    ck_assert_int_eq(config->slo_max_age_ms, 15000);
    ck_assert_str_eq(config->jwt_algorithm, "HS256");
    ck_assert_str_eq(config->admin_claim, "role=admin,scope=admin,is_admin=true");
    ck_assert_ptr_null(config->jwt_secret);
    ck_assert_ptr_null(config->read_token);
}
END_TEST

START_TEST(config_reads_every_kind_of_value)
{
    static const char *const env[] = { "PROBITY_SERVICE",
                                       "api.v2",
                                       "PROBITY_LISTEN",
                                       "unix:/tmp/p.sock",
                                       "LOG_FORMAT",
                                       "TEXT",
                                       "LOG_LEVEL",
                                       "warn",
                                       "CELERY_BROKER_URL",
                                       "redis://h",
                                       "DATABASE_URL",
                                       "postgres://h/d",
                                       "DATABASE_POOL_SIZE",
                                       "10",
                                       "DATABASE_MAX_OVERFLOW",
                                       "5",
                                       "PROBITY_CELERY_MODE",
                                       "passive",
                                       "PROBITY_CELERY_QUEUES",
                                       "default, solar",
                                       "GIT_COMMIT",
                                       "abc",
                                       "SECRET_KEY",
                                       "second",
                                       "PROBITY_DRAIN_SECONDS",
                                       "0.5",
                                       NULL };
    AUTO(config_release) const struct config *config = environment_load(env);
    const struct check_celery *celery = &config_check(config, "celery")->celery;

    ck_assert_str_eq(config->service, "api.v2");
    ck_assert_str_eq(config->listen_path, "/tmp/p.sock");
    ck_assert(config->log_format_set && config->log_format == LOG_FORMAT_TEXT);
    ck_assert_int_eq(config->log_level, LOG_LEVEL_WARNING);
    ck_assert_int_eq(config_check(config, "database")->pool_size, 15);
    ck_assert(celery->passive);
    ck_assert_int_eq(celery->queue_count, 2);
    ck_assert_str_eq(celery->queues[1], "solar");
    ck_assert_int_eq(celery->expected_workers, -1);
    ck_assert_int_eq(celery->grace_ms, 30000);
    ck_assert_str_eq(config->app_version, "abc");
    ck_assert_str_eq(config->jwt_secret, "second");
    ck_assert_int_eq(config->drain_ms, 500);
}
END_TEST

START_TEST(config_takes_the_first_of_alternatives_that_is_not_empty)
{
    static const char *const env[] = {
        "JWT_SECRET_KEY",         "first", "SECRET_KEY", "second", "APP_VERSION", "",
        "RAILWAY_GIT_COMMIT_SHA", "sha",   NULL
    };
    AUTO(config_release) const struct config *config = environment_load(env);

    ck_assert_str_eq(config->jwt_secret, "first");
    ck_assert_str_eq(config->app_version, "sha");
}
END_TEST

START_TEST(config_strips_values_but_never_secrets)
{
    static const char *const env[] = { "PROBITY_SERVICE",
                                       "\"api\"",
                                       "JWT_SECRET_KEY",
                                       "\"k\"\n",
                                       "PROBITY_ADMIN_TOKEN",
                                       " token\n",
                                       "JWT_PUBLIC_KEY",
                                       "-----BEGIN X-----\nabc\n",
                                       NULL };
    AUTO(config_release) const struct config *config = environment_load(env);

    ck_assert_str_eq(config->service, "api");
    ck_assert_str_eq(config->jwt_secret, "\"k\"\n");
    ck_assert_str_eq(config->admin_token, "token");
    ck_assert_str_eq(config->jwt_public_key, "-----BEGIN X-----\nabc");
}
END_TEST

START_TEST(config_refuses_a_value_of_ours_and_says_what_is_accepted)
{
    static const char *const cases[][3] = {
        { "PROBITY_DRAIN_SECONDS", "abc", "PROBITY_DRAIN_SECONDS=abc: expected a duration" },
        { "PROBITY_DRAIN_SECONDS", "2h", "from 0 s to 1 h" },
        { "PROBITY_CHECK_FALL", "0", "a whole number from 1 to 100" },
        { "PROBITY_CHECK_FALL", "1.5", "a whole number" },
        { "PROBITY_CHECK_INTERVAL", "1ms", "from 100 ms to 1 h" },
        { "PROBITY_CELERY_MODE", "lazy", "active, passive" },
        { "PROBITY_SERVICE", "a b", "letters, digits" },
        { "PROBITY_SERVICE", "a/b", "letters, digits" },
        { "PROBITY_LISTEN",
          "/12345678901234567890/12345678901234567890/12345678901234567890/12345678901234567890/x",
          NULL },
        { "PROBITY_LISTEN",
          "/12345678901234567890/12345678901234567890/12345678901234567890/12345678901234567890/"
          "1234567",
          "at most 90 bytes" },
        { "PROBITY_CELERY_QUEUES", "a b c d e f g h i j k l m n o p q", "more than 16 queues" },
        { "PROBITY_CELERY_QUEUES",
          "a,aaaaaaaabbbbbbbbaaaaaaaabbbbbbbbaaaaaaaabbbbbbbbaaaaaaaabbbbbbbb",
          "at most 63 bytes" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const env[] = { cases[i][0], cases[i][1], NULL };
        AUTO(config_release) const struct config *config = NULL;
        struct error err = { .code = 0 };
        int code = config_load(environment_lookup, (void *)env, &config, &err);

        ck_assert_int_eq(code, cases[i][2] == NULL ? 0 : -EINVAL);
        if (code != 0)
            ck_assert_msg(strstr(err.text, cases[i][2]) != NULL, "%s", err.text);
    }
}
END_TEST

START_TEST(config_survives_a_variable_that_means_something_else_to_the_application)
{
    static const char *const env[] = { "LOG_FORMAT",         "%(asctime)s",    "LOG_LEVEL", "TRACE",
                                       "DATABASE_POOL_SIZE", "auto",           "REDIS_SSL", "maybe",
                                       "DATABASE_URL",       "postgres://h/d", NULL };
    AUTO(config_release) const struct config *config = environment_load(env);

    ck_assert(!config->log_format_set);
    ck_assert_int_eq(config->log_level, LOG_LEVEL_INFO);
    ck_assert_int_eq(config_check(config, "database")->pool_size, -1);
}
END_TEST

START_TEST(config_never_repeats_a_secret_that_is_too_long)
{
    static char long_token[2000];
    const char *const env[] = { "PROBITY_ADMIN_TOKEN", long_token, NULL };
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    memset(long_token, 'z', sizeof(long_token) - 1);
    ck_assert_int_eq(config_load(environment_lookup, (void *)env, &config, &err), -EINVAL);
    ck_assert_ptr_null(strstr(err.text, "zz"));
}
END_TEST

START_TEST(config_gives_enomem_and_leaks_nothing_when_memory_is_out)
{
    static const char *const env[] = {
        "PROBITY_APP",
        "\"http://h/x\"",
        "DATABASE_URL",
        "postgresql+asyncpg://u:p%40@h/d?schema=x&ssl=require",
        "REDIS_URL",
        "redis://u:p@h/1",
        "CELERY_BROKER_URL",
        "amqp://h",
        "PROBITY_REQUIRE",
        "database",
        "LOG_LEVEL",
        "TRACE",
        "PROBITY_CELERY_QUEUES",
        "a b",
        "PROBITY_CHECKS",
        "- {name: a, url: 'rediss://${LOG_LEVEL}?ssl_cert_reqs=none',"
        " groups: [x, liveness], tls: {ca: /a}, degraded: {latency: "
        "1s, longest_query: 1s}}\n"
        "- {name: b, url: 'http://${GONE}', http: {status: [200]}}\n"
        "- {name: c, kind: celery, url: 'redis://h', celery: "
        "{queues: ['${LOG_LEVEL}']}}\n"
        "- {name: redis, url: 'redis://other'}\n",
        NULL
    };
    int n = 0;

    for (;; n++) {
        const struct config *config = NULL;
        struct error err = { .code = 0 };
        int code;

        malloc_fail_at(n);
        code = config_load(environment_lookup, (void *)env, &config, &err);
        if (malloc_failed() == 0) {
            ck_assert_int_eq(code, 0);
            config_release(&config);
            break;
        }
        malloc_fail_at(-1);
        ck_assert_int_eq(code, -ENOMEM);
        ck_assert_ptr_null(config);
        ck_assert_int_eq(err.code, ENOMEM);
    }
    malloc_fail_at(-1);
    ck_assert_int_gt(n, 3);
}
END_TEST

TCase *config_cases(void)
{
    TCase *cases = tcase_create("config");

    tcase_add_test(cases, config_of_an_empty_environment_has_the_defaults);
    tcase_add_test(cases, config_reads_every_kind_of_value);
    tcase_add_test(cases, config_takes_the_first_of_alternatives_that_is_not_empty);
    tcase_add_test(cases, config_strips_values_but_never_secrets);
    tcase_add_test(cases, config_refuses_a_value_of_ours_and_says_what_is_accepted);
    tcase_add_test(cases, config_survives_a_variable_that_means_something_else_to_the_application);
    tcase_add_test(cases, config_never_repeats_a_secret_that_is_too_long);
    tcase_add_test(cases, config_gives_enomem_and_leaks_nothing_when_memory_is_out);
    return cases;
}
