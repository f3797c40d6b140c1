/* test_address.c - module/config/address.c */
/* SPDX-License-Identifier: MIT */
#include "config/address.h"

#include "environment.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* "user:password@host:port/database" or "unix:path/database". */
static void summarize(const struct check_target *target, char *out, size_t bytes)
{
    struct buf buf;

    buf_init(&buf, 1000);
    if (target->user != NULL)
        buf_append_text(&buf, target->user);
    if (target->password != NULL)
        buf_printf(&buf, ":%s", target->password);
    if (target->socket_path != NULL)
        buf_printf(&buf, "@unix:%s", target->socket_path);
    else
        buf_printf(&buf, "@%s:%u", target->host, target->port);
    if (target->path != NULL)
        buf_printf(&buf, " GET %s", target->path);
    else
        buf_printf(&buf, "/%d", target->database);
    (void)snprintf(out, bytes, "%s", buf_text(&buf));
    buf_done(&buf);
}

struct row {
    const char *text;
    const char *want;
};

static void expect(const char *variable, const char *check, const struct row *row)
{
    AUTO(config_release) const struct config *config = environment_load_one(variable, row->text);
    const struct check_config *found = config_check(config, check);
    char got[1000];

    ck_assert_msg(found->misconfigured == NULL, "%s: %s", row->text, found->misconfigured);
    summarize(&found->target, got, sizeof(got));
    ck_assert_str_eq(got, row->want);
}

static void expect_trouble(const char *variable, const char *check, const struct row *row)
{
    AUTO(config_release) const struct config *config = environment_load_one(variable, row->text);
    const char *sentence = config_check(config, check)->misconfigured;

    ck_assert_msg(sentence != NULL && strstr(sentence, row->want) != NULL, "%s: %s", row->text,
                  sentence);
    ck_assert_ptr_nonnull(strstr(sentence, variable));
    ck_assert_ptr_null(strstr(sentence, "ze"));
    ck_assert_ptr_null(strstr(sentence, "bra@"));
}

START_TEST(address_of_redis_is_understood)
{
    static const struct row rows[] = {
        { "redis://h", "@h:6379/0" },
        { "redis://h:6380/3", "@h:6380/3" },
        { "redis://:p@h", ":p@h:6379/0" },
        { "redis://u:p@h/", "u:p@h:6379/0" },
        { "redis://u:p%40%3A@h/1", "u:p@:@h:6379/1" },
        { "redis://default:p@h:6379/1?db=2", "default:p@h:6379/2" },
        { "redis://h?db=4&socket_timeout=3", "@h:6379/4" },
        { "REDIS://h", "@h:6379/0" },
        { "redis://", "@localhost:6379/0" },
        { "redis://:6380", "@localhost:6380/0" },
        { "redis://[::1]:6380/1", "@::1:6380/1" },
        { "redis://10.0.0.1", "@10.0.0.1:6379/0" },
        { "unix:///run/redis.sock", "@unix:/run/redis.sock/0" },
        { "unix://:p@/run/redis.sock?db=2", ":p@unix:/run/redis.sock/2" },
        { "redis+socket:///run/redis.sock?virtual_host=5", "@unix:/run/redis.sock/5" },
        { "\"redis://h\"", "@h:6379/0" },
        { " redis://h\n", "@h:6379/0" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        expect("REDIS_URL", "redis", &rows[i]);
        expect("CELERY_BROKER_URL", "celery", &rows[i]);
    }
}
END_TEST

START_TEST(address_of_redis_that_is_wrong_is_diagnosed)
{
    static const struct row rows[] = {
        { "rediss://:zebra@h?ssl_cert_reqs=maybe", "none, optional and required" },
        { "rediss://:zebra@h?ssl_check_hostname=x", "neither true nor false" },
        { "rediss://:zebra@h?ssl_keyfile=/k", "go together" },
        { "https://x.upstash.io", "which belongs in UPSTASH_REDIS_REST_URL (kind upstash): put the "
                                  "TCP address here, rediss://" },
        { "http://h", "REST address" },
        { "127.0.0.1:6379", "has no scheme: write redis://" },
        { "amqp://guest:zebra@h//", "RabbitMQ is not supported" },
        { "pyamqp://guest:zebra@h//", "RabbitMQ is not supported" },
        { "sqs://", "is a sqs:// address" },
        { "sentinel://h:26379", "Sentinel is not supported" },
        { "redis://:zebra@x.upstash.io:6379", "without TLS, which is all that it speaks" },
        { "redis://:ze@bra@h", "must be written as %40" },
        { "redis://:ze/bra@h", "must be written as %40" },
        { "redis://:zebra@h:0", "port must be a number from 1 to 65535" },
        { "redis://:zebra@h:99999", "port must be" },
        { "redis://:zebra%zz@h", "%25" },
        { "redis://h/name", "database that is no number" },
        { "redis://h/-1", "database that is no number" },
        { "redis://::1", "brackets" },
        { "unix://run/redis.sock", "three slashes" },
        { "localhost:6379", "has no scheme" },
        { "redis://h1;redis://h2", "no host name has" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        expect_trouble("REDIS_URL", "redis", &rows[i]);
}
END_TEST

START_TEST(address_of_a_redis_socket_keeps_its_password)
{
    static const char *const env[] = { "REDIS_INTERNAL_IP", "/run/redis.sock", "REDIS_PASSWORD",
                                       "sesame-open", NULL };
    AUTO(config_release) const struct config *config = environment_load(env);
    const struct check_target *target = &config_check(config, "redis")->target;

    ck_assert_str_eq(target->socket_path, "/run/redis.sock");
    ck_assert_str_eq(target->password, "sesame-open");
}
END_TEST

START_TEST(address_of_redis_from_parts)
{
    static const char *const env[] = {
        "REDIS_INTERNAL_IP", "10.0.0.1", "REDIS_INTERNAL_PORT", "6380", "REDIS_PASSWORD",
        "p@/:%zz",           NULL
    };
    static const char *const kubernetes[] = { "REDIS_HOST", "redis", "REDIS_PORT",
                                              "tcp://10.0.0.1:6381", NULL };
    static const char *const bad[] = { "REDIS_HOST", "redis", "REDIS_PORT", "99999", NULL };
    AUTO(config_release) const struct config *parts = environment_load(env);
    AUTO(config_release) const struct config *injected = environment_load(kubernetes);
    AUTO(config_release) const struct config *wrong = environment_load(bad);
    char got[200];

    summarize(&config_check(parts, "redis")->target, got, sizeof(got));
    ck_assert_str_eq(got, ":p@/:%zz@10.0.0.1:6380/0");
    summarize(&config_check(injected, "redis")->target, got, sizeof(got));
    ck_assert_str_eq(got, "@redis:6381/0");
    ck_assert_ptr_nonnull(strstr(config_check(wrong, "redis")->misconfigured, "1 to 65535"));
}
END_TEST

START_TEST(address_of_the_application_is_understood)
{
    static const struct row rows[] = {
        { "http://127.0.0.1:8000/health", "@127.0.0.1:8000 GET /health" },
        { "http://app", "@app:80 GET /" },
        { "http://app/", "@app:80 GET /" },
        { "http://app?x=1", "@app:80 GET /?x=1" },
        { "http://app/h%20?a=b&c", "@app:80 GET /h%20?a=b&c" },
        { "http://[::1]:8000/", "@::1:8000 GET /" },
        { "unix:/run/app.sock", "@unix:/run/app.sock GET /" },
        { "unix:/run/app.sock:/health?x", "@unix:/run/app.sock GET /health?x" },
        { "unix:///run/app.sock", "@unix:/run/app.sock GET /" },
        { "http://unix:/run/app.sock:/health", "@unix:/run/app.sock GET /health" },
        { "https://app/", "@app:443 GET /" },
        { "HTTPS://app:8443", "@app:8443 GET /" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        expect("PROBITY_APP", "app", &rows[i]);
}
END_TEST

START_TEST(address_of_the_application_that_is_wrong_is_diagnosed)
{
    static const struct row rows[] = {
        { "ftp://app/", "write http://, https:// or unix:" },
        { "127.0.0.1:8000", "has no scheme" },
        { "http://", "names no host" },
        { "http://:8000/", "names no host" },
        { "http://u:zebra@app/", "user or a password" },
        { "http://app:0/", "port must be" },
        { "http://app/a b", "percent-encoded" },
        { "http://app/\r\nX: y", "percent-encoded" },
        { "unix:app.sock", "absolute path" },
        { "unix:/run/app.sock:health", "doesn't begin with '/'" },
        { "unix:/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/"
          "1234567890/1234567890/1234567890/a.sock",
          "longer than 107" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        expect_trouble("PROBITY_APP", "app", &rows[i]);
}
END_TEST

TCase *address_cases(void)
{
    TCase *cases = tcase_create("address");

    tcase_add_test(cases, address_of_redis_is_understood);
    tcase_add_test(cases, address_of_redis_that_is_wrong_is_diagnosed);
    tcase_add_test(cases, address_of_a_redis_socket_keeps_its_password);
    tcase_add_test(cases, address_of_redis_from_parts);
    tcase_add_test(cases, address_of_the_application_is_understood);
    tcase_add_test(cases, address_of_the_application_that_is_wrong_is_diagnosed);
    return cases;
}
