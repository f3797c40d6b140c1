/* test_diagnose.c - module/config/diagnose.c */
/* SPDX-License-Identifier: MIT */
#include "config/config.h"

#include "base/log.h"
#include "environment.h"
#include "suite.h"

#include <string.h>

static void collect(void *context, enum log_level level, const char *sentence)
{
    buf_printf(context, "%d %s\n", (int)level, sentence);
}

static void expect_sentence(const char *const *env, const char *want)
{
    AUTO(config_release) const struct config *config = environment_load(env);
    AUTO(buf_done) struct buf said;

    buf_init(&said, 100000);
    config_diagnose(config, collect, &said);
    ck_assert_msg(strstr(buf_text(&said), want) != NULL, "no \"%s\" in\n%s", want, buf_text(&said));
    ck_assert_ptr_null(strstr(buf_text(&said), "zebra"));
}

START_TEST(diagnose_says_what_is_missing_and_what_that_costs)
{
    static const struct {
        const char *name;
        const char *value;
        const char *want;
    } cases[] = {
        { "LOG_LEVEL", "info", "3 no check is configured, so /health/ready answers 503" },
        { "LOG_LEVEL", "info", "1 PROBITY_APP is not set" },
        { "LOG_LEVEL", "info", "2 there is no ledger: set DATABASE_URL" },
        { "LOG_LEVEL", "info", "2 PROBITY_ACCESS_LOG is not set" },
        { "LOG_LEVEL", "TRACE", "2 LOG_LEVEL=TRACE is not understood and its default stands" },
        { "PROBITY_REQUIRE", "redis", "3 PROBITY_REQUIRE names redis, but nothing configures it" },
        { "REDIS_URL", "\"redis://h\"", "2 REDIS_URL has quotes or blanks around its value" },
        { "SECRET_KEY", " zebra", "2 SECRET_KEY has quotes or blanks around it; they are taken" },
        { "REDIS_URL", "redis://zebra@h", "2 REDIS_URL has a user and no password" },
        { "PROBITY_CHECKS", "- {name: a, url: 'tcp://h:1', groups: [startup]}",
          "3 no check is a member of readiness" },
        { "REDIS_URL", "amqp://:zebra@h", "3 check redis: REDIS_URL is an amqp:// address" },
        { "REDIS_URL", "rediss://:zebra@h?ssl_cert_reqs=none",
          "2 REDIS_URL has ssl_cert_reqs=none" },
        { "REDIS_URL", "redis://:zebra@h?ssl_ca_certs=/a", "2 REDIS_URL has ssl_ca_certs, but" },
        { "UPSTASH_REDIS_REST_URL", "rediss://:zebra@x.upstash.io",
          "3 check redis: UPSTASH_REDIS_REST_URL holds a rediss:// URL; that is the TCP address: "
          "put "
          "it in REDIS_URL" },
        { "UPSTASH_REDIS_REST_URL", "https://x.upstash.io",
          "3 check redis: UPSTASH_REDIS_REST_URL has no token beside it: set "
          "UPSTASH_REDIS_REST_TOKEN" },
        { "DATABASE_URL", "postgres://u:zebra@h/d?schema=x&pgbouncer=true",
          "leaves them out: schema, pgbouncer" },
        { "DATABASE_URL", "postgres://u:p@h/d?ze%20bra=1", "one with a strange name" },
        { "DATABASE_NAME", "d", "2 DATABASE_NAME, DATABASE_USER or DATABASE_PASSWORD is set, but" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *const env[] = { cases[i].name, cases[i].value, NULL };

        expect_sentence(env, cases[i].want);
    }
}
END_TEST

START_TEST(diagnose_says_that_two_ways_of_naming_redis_are_not_mixed)
{
    static const char *const env[] = { "REDIS_URL", "redis://h", "REDIS_PASSWORD", "zebra", NULL };

    expect_sentence(env, "2 REDIS_URL has no password, and REDIS_PASSWORD is not used with it");
}
END_TEST

START_TEST(diagnose_says_a_sentence_about_the_database_once)
{
    AUTO(config_release)
    const struct config *config = environment_load_one("DATABASE_URL", "postgres://h/d?schema=x");
    AUTO(buf_done) struct buf said;
    const char *first;

    buf_init(&said, 100000);
    config_diagnose(config, collect, &said);
    first = strstr(buf_text(&said), "schema");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "schema"));
}
END_TEST

START_TEST(diagnose_names_the_variable_that_was_meant)
{
    static const char *const environment[] = { "PATH=/bin",
                                               "PROBITY_CHEK_INTERVAL=1",
                                               "PROBITY_LISTEN=/x",
                                               "PROBITY_QUITE_ANOTHER_THING=1",
                                               "PROBITY_PORT_80_TCP=tcp://1.2.3.4:80",
                                               "PROBITY_SERVICE_HOST=1.2.3.4",
                                               "PROBITY_PORT=tcp://1.2.3.4:80",
                                               NULL };
    AUTO(buf_done) struct buf said;

    buf_init(&said, 10000);
    config_diagnose_names(environment, collect, &said);
    ck_assert_str_eq(buf_text(&said),
                     "2 PROBITY_CHEK_INTERVAL is no variable of Probity and has no effect: is "
                     "PROBITY_CHECK_INTERVAL meant?\n"
                     "2 PROBITY_QUITE_ANOTHER_THING is no variable of Probity and has no effect: "
                     "probity check-config lists them all\n");
}
END_TEST

START_TEST(diagnose_hides_every_form_of_every_secret_from_the_log)
{
    static const char *const env[] = { "DATABASE_URL",
                                       "postgres://u:one%40horse@h/d",
                                       "REDIS_URL",
                                       "redis://:two@horses@h",
                                       "CELERY_BROKER_URL",
                                       "redis://threehorses@h",
                                       "PROBITY_LEDGER_URL",
                                       "host=h password=fourhorses",
                                       "JWT_SECRET_KEY",
                                       "five\"horses",
                                       "PROBITY_ADMIN_TOKEN",
                                       "sixhorses",
                                       "PROBITY_CHECKS",
                                       "[{name: h, url: 'http://h/x?API_Key=seven%2dhorses&a=lefty"
                                       "&signature=eighthorses'}]",
                                       NULL };
    AUTO(config_release) const struct config *config = environment_load(env);
    char text[] = "one@horse one%40horse two@horses threehorses fourhorses five\"horses "
                  "five\\\"horses sixhorses seven-horses eighthorses one lefty";

    config_hide_secrets(config);
    log_scrub(text);
    ck_assert_str_eq(text, "********* *********** ********** *********** ********** *********** "
                           "************ ********* ************ *********** one lefty");
}
END_TEST

TCase *diagnose_cases(void)
{
    TCase *cases = tcase_create("diagnose");

    tcase_add_test(cases, diagnose_says_what_is_missing_and_what_that_costs);
    tcase_add_test(cases, diagnose_says_that_two_ways_of_naming_redis_are_not_mixed);
    tcase_add_test(cases, diagnose_says_a_sentence_about_the_database_once);
    tcase_add_test(cases, diagnose_names_the_variable_that_was_meant);
    tcase_add_test(cases, diagnose_hides_every_form_of_every_secret_from_the_log);
    return cases;
}
