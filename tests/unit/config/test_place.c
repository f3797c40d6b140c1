/* test_place.c - module/config/place.c and builtin.c */
/* SPDX-License-Identifier: MIT */
#include "config/place.h"

#include "config/explain.h"
#include "environment.h"
#include "suite.h"

#include <string.h>

static void collect(void *context, enum log_level level, const char *sentence)
{
    (void)level;
    buf_printf(context, "%s\n", sentence);
}

START_TEST(place_is_told_by_the_address)
{
    static const struct {
        const char *rest;
        enum check_kind kind;
        const char *shown;
    } cases[] = {
        { "url: 'http://h/x?y'", CHECK_HTTP, "h:80/x?***" },
        { "url: 'http://h/x?token=y&db=1'", CHECK_HTTP, "h:80/x?token=***&db=1" },
        { "url: 'https://h'", CHECK_HTTP, "h:443/ with TLS" },
        { "url: 'https://[::1]:8443/'", CHECK_HTTP, "[::1]:8443/ with TLS" },
        { "kind: http, url: 'unix:/a.sock:/b'", CHECK_HTTP, "unix:/a.sock:/b" },
        { "url: 'postgres://u:zebra@h/d'", CHECK_POSTGRES, "h:5432/d" },
        { "url: 'postgresql+asyncpg://u:zebra@h:6432/d'", CHECK_POSTGRES, "h:6432/d" },
        { "kind: postgres, url: 'host=h dbname=d password=zebra'", CHECK_POSTGRES, "h:5432/d" },
        { "url: 'redis://:zebra@h/3'", CHECK_REDIS, "h:6379/3" },
        { "url: 'rediss://:zebra@h'", CHECK_REDIS, "h:6379/0 with TLS" },
        { "url: 'rediss://h?ssl_cert_reqs=CERT_NONE'", CHECK_REDIS,
          "h:6379/0 with TLS, whose certificate is not verified" },
        { "url: 'rediss://h?ssl_cert_reqs=required&ssl_check_hostname=false'", CHECK_REDIS,
          "h:6379/0 with TLS, whose certificate may have any name" },
        { "url: 'redis+socket:///a.sock?virtual_host=2'", CHECK_REDIS, "unix:/a.sock, database 2" },
        { "kind: celery, url: 'rediss://:zebra@h/1'", CHECK_CELERY, "h:6379/1 with TLS" },
        { "kind: upstash, token: zebra, url: 'https://x.upstash.io/'", CHECK_UPSTASH,
          "x.upstash.io:443 with TLS" },
        { "kind: upstash, token: zebra, url: 'http://h:8079/redis/'", CHECK_UPSTASH,
          "h:8079/redis" },
        { "url: 'tcp://h:25'", CHECK_TCP, "h:25" },
        { "kind: tcp, url: 'unix:/a.sock'", CHECK_TCP, "unix:/a.sock" },
        { "kind: tcp, url: 'unix:///a.sock'", CHECK_TCP, "unix:/a.sock" },
        { "url: 'tls://h'", CHECK_TLS, "h:443 with TLS" },
        { "url: 'tls://h:8443', tls: {server_name: n}", CHECK_TLS, "h:8443 with TLS, as n" },
    };
    AUTO(buf_done) struct buf yaml;
    AUTO(buf_done) struct buf shown;
    AUTO(config_release) const struct config *config = NULL;

    buf_init(&yaml, 1000);
    buf_init(&shown, 1000);
    buf_printf(&yaml, "- {name: a, %s}", cases[_i].rest);
    config = environment_load_checks(buf_text(&yaml), NULL);
    ck_assert_msg(config->checks[0].misconfigured == NULL, "%s", config->checks[0].misconfigured);
    ck_assert_int_eq(config->checks[0].kind, cases[_i].kind);
    check_show_target(&config->checks[0], &shown);
    ck_assert_str_eq(buf_text(&shown), cases[_i].shown);
    ck_assert_ptr_nonnull(strstr(config_check_origin(config, 0), "url (PROBITY_CHECKS:1:"));
}
END_TEST

START_TEST(place_that_cannot_be_is_told_by_its_check)
{
    static const struct {
        const char *rest;
        const char *want;
    } cases[] = {
        { "kind: http, url: 'ftp://h'", "is a ftp:// address: write http://, https:// or unix:" },
        { "kind: redis, url: 'amqp://h'", "RabbitMQ is not supported" },
        { "kind: redis, url: 'https://x.upstash.io'", "kind upstash" },
        { "kind: postgres, url: 'mysql://h/d'", "only PostgreSQL is supported" },
        { "kind: upstash, token: zebra, url: 'rediss://:zebra@x.upstash.io'",
          "that is the TCP address: put it in REDIS_URL" },
        { "kind: upstash, url: 'https://x.upstash.io'", "has no token beside it: set token" },
        { "kind: upstash, token: 'a b', url: 'https://x.upstash.io'", "holds a blank" },
        { "kind: upstash, token: zebra, url: 'http://x.upstash.io'", "in the clear: write https" },
        { "kind: upstash, token: zebra, url: 'https://u:zebra@x.upstash.io'",
          "holds something else than a host" },
        { "kind: upstash, token: zebra, url: x.upstash.io", "has no scheme" },
        { "url: 'tcp://h'", "names no port" },
        { "url: 'tcp://:25'", "names no host" },
        { "url: 'tcp://h:25/x'", "more than a host and a port" },
        { "url: 'tls://u:zebra@h'", "more than a host and a port" },
        { "kind: tls, url: 'https://h'", "is a https:// address: write tls://host:port" },
        { "kind: tcp, url: 'h:25'", "has no scheme: write tcp://host:port" },
        { "kind: tcp, url: 'unix:a.sock'", "absolute path" },
        { "url: 'redis://h', tls: {ca: /a}", "has tls beside it, but speaks none" },
        { "url: 'postgres://h/d', tls: {ca: /a}", "sslmode=verify-full and sslrootcert" },
    };
    AUTO(buf_done) struct buf yaml;
    AUTO(config_release) const struct config *config = NULL;
    const char *sentence;

    buf_init(&yaml, 1000);
    buf_printf(&yaml, "- {name: a, %s}", cases[_i].rest);
    config = environment_load_checks(buf_text(&yaml), NULL);
    sentence = config->checks[0].misconfigured;
    ck_assert_msg(sentence != NULL && strstr(sentence, cases[_i].want) != NULL, "%s", sentence);
    ck_assert_msg(strstr(sentence, "url (PROBITY_CHECKS:1:") == sentence, "%s", sentence);
    ck_assert_ptr_null(strstr(sentence, "zebra"));
    ck_assert_ptr_null(config->checks[0].target.host);
}
END_TEST

START_TEST(place_that_is_not_said_is_refused)
{
    static const char *const cases[][2] = {
        { "- {name: a}", "checks[0]: url is missing" },
        { "- {name: a, url: 'unix:/a.sock'}", "kind is missing" },
        { "- {name: a, url: 'mysql://h'}", "kind is missing, and the address does not tell it" },
        { "- {name: database, kind: redis, url: 'redis://h'}", "of another kind" },
        { "- {name: celery, kind: redis}", "of another kind" },
    };
    const char *sentence = environment_refuse_checks(cases[_i][0]);

    ck_assert_msg(strstr(sentence, cases[_i][1]) != NULL, "%s", sentence);
}
END_TEST

START_TEST(place_of_one_of_the_four_stays_the_environments_without_a_url)
{
    static const char *const env[] = { "REDIS_URL", "redis://h/7", NULL };
    AUTO(config_release)
    const struct config *config =
        environment_load_checks("- {name: redis, policy: degrade, interval: 2s}", env);

    ck_assert_int_eq(config->check_count, 1);
    ck_assert_str_eq(config->checks[0].target.host, "h");
    ck_assert_int_eq(config->checks[0].target.database, 7);
    ck_assert_int_eq(config->checks[0].interval_ms, 2000);
    ck_assert(!config->checks[0].critical);
    ck_assert_str_eq(config_check_origin(config, 0), "REDIS_URL");
}
END_TEST

START_TEST(place_in_the_yaml_wins_and_says_so)
{
    static const char *const env[] = { "REDIS_URL", "redis://:zebra@h/7", NULL };
    AUTO(config_release)
    const struct config *config =
        environment_load_checks("- {name: redis, url: 'redis://other'}", env);
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 10000);
    config_diagnose(config, collect, &buf);
    ck_assert_str_eq(config->checks[0].target.host, "other");
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "REDIS_URL is set too and not used for it"));
}
END_TEST

START_TEST(place_that_nobody_sets_is_not_configured)
{
    AUTO(config_release)
    const struct config *config = environment_load_checks("- {name: redis, policy: degrade}", NULL);
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 10000);
    config_diagnose(config, collect, &buf);
    ck_assert_int_eq(config->check_count, 1);
    ck_assert(config->checks[0].not_configured);
    ck_assert_ptr_nonnull(strstr(
        buf_text(&buf), "check redis has no url, and nothing else configures it: set REDIS"));
}
END_TEST

START_TEST(place_of_redis_may_be_upstash)
{
    static const char *const rest[] = { "UPSTASH_REDIS_REST_URL", "https://x.upstash.io/",
                                        "UPSTASH_REDIS_REST_TOKEN", "zebra", NULL };
    static const char *const both[] = { "UPSTASH_REDIS_REST_URL",
                                        "https://x.upstash.io",
                                        "UPSTASH_REDIS_REST_TOKEN",
                                        "zebra",
                                        "REDIS_URL",
                                        "redis://h",
                                        NULL };
    AUTO(config_release) const struct config *upstash = environment_load(rest);
    AUTO(config_release) const struct config *tcp = environment_load(both);
    AUTO(config_release)
    const struct config *yaml =
        environment_load_checks("- {name: redis, url: 'https://y.upstash.io'}", rest);
    const struct check_config *check = config_check(upstash, "redis");

    ck_assert_int_eq(check->kind, CHECK_UPSTASH);
    ck_assert_str_eq(check->target.host, "x.upstash.io");
    ck_assert_str_eq(check->target.path, "");
    ck_assert_str_eq(check->target.password, "zebra");
    ck_assert(check->target.tls.wanted);
    ck_assert_int_eq(config_check(tcp, "redis")->kind, CHECK_REDIS);
    ck_assert_int_eq(config_check(yaml, "redis")->kind, CHECK_UPSTASH);
    ck_assert_str_eq(config_check(yaml, "redis")->target.password, "zebra");
}
END_TEST

START_TEST(place_of_redis_may_want_tls_by_a_variable)
{
    static const char *const parts[] = { "REDIS_INTERNAL_IP", "h",      "REDIS_SSL", "true",
                                         "PROBITY_TLS_CA",    "/a.pem", NULL };
    static const char *const url[] = { "REDIS_URL", "redis://x.upstash.io", "REDIS_SSL", "true",
                                       NULL };
    static const char *const socket[] = { "REDIS_URL", "unix:///a.sock", "REDIS_SSL", "true",
                                          NULL };
    AUTO(config_release) const struct config *by_parts = environment_load(parts);
    AUTO(config_release) const struct config *by_url = environment_load(url);
    AUTO(config_release) const struct config *by_socket = environment_load(socket);
    const struct check_tls *tls = &config_check(by_parts, "redis")->target.tls;

    ck_assert(tls->wanted && !tls->unverified);
    ck_assert_str_eq(tls->ca_file, "/a.pem");
    ck_assert(config_check(by_url, "redis")->target.tls.wanted);
    ck_assert_ptr_null(config_check(by_url, "redis")->target.tls.ca_file);
    ck_assert(!config_check(by_socket, "redis")->target.tls.wanted);
}
END_TEST

TCase *place_cases(void)
{
    TCase *cases = tcase_create("place");

    tcase_add_loop_test(cases, place_is_told_by_the_address, 0, 20);
    tcase_add_loop_test(cases, place_that_cannot_be_is_told_by_its_check, 0, 19);
    tcase_add_loop_test(cases, place_that_is_not_said_is_refused, 0, 5);
    tcase_add_test(cases, place_of_one_of_the_four_stays_the_environments_without_a_url);
    tcase_add_test(cases, place_in_the_yaml_wins_and_says_so);
    tcase_add_test(cases, place_that_nobody_sets_is_not_configured);
    tcase_add_test(cases, place_of_redis_may_be_upstash);
    tcase_add_test(cases, place_of_redis_may_want_tls_by_a_variable);
    return cases;
}
