/* test_entry_parts.c - module/config/entry_parts.c */
/* SPDX-License-Identifier: MIT */
#include "config/entry.h"

#include "environment.h"
#include "suite.h"

#include <string.h>

static void collect(void *context, enum log_level level, const char *sentence)
{
    (void)level;
    buf_printf(context, "%s\n", sentence);
}

START_TEST(entry_limits_are_taken_and_the_rest_keeps_its_default)
{
    static const char said[] = "- name: a\n"
                               "  url: redis://h\n"
                               "  degraded:\n"
                               "    latency: 200ms\n"
                               "    certificate_days: 30\n"
                               "    connections: 80\n"
                               "    replication_lag: 10s\n"
                               "    evicted_per_minute: 0\n"
                               "    blocked_clients: 50\n";
    AUTO(config_release) const struct config *config = environment_load_checks(said, NULL);
    const struct check_limits *limits = &config->checks[0].limits;

    ck_assert_int_eq(limits->latency_ms, 200);
    ck_assert_int_eq(limits->certificate_days, 30);
    ck_assert_int_eq(limits->connections_percent, 80);
    ck_assert_int_eq(limits->replication_lag_ms, 10000);
    ck_assert_int_eq(limits->memory_percent, 90);
    ck_assert_int_eq(limits->evicted_per_minute, 0);
    ck_assert_int_eq(limits->blocked_clients, 50);
    ck_assert_int_eq(limits->longest_query_ms, -1);
    ck_assert_int_eq(limits->queued_tasks, -1);
    ck_assert_int_eq(limits->queue_growing_ms, -1);
}
END_TEST

START_TEST(entry_limits_that_nobody_looks_at_are_warned_of)
{
    AUTO(config_release)
    const struct config *config = environment_load_checks(
        "- {name: a, url: 'tcp://h:1', degraded: {memory: 80, latency: 1s}}", NULL);
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 10000);
    config_diagnose(config, collect, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "check a: degraded.memory has no effect"));
    ck_assert_ptr_null(strstr(buf_text(&buf), "degraded.latency"));
}
END_TEST

START_TEST(entry_tls_is_taken_and_wins_over_the_address)
{
    static const char said[] =
        "- name: a\n"
        "  url: rediss://h?ssl_ca_certs=/other.pem&ssl_cert_reqs=none\n"
        "  tls: {ca: /ca.pem, certificate: /c.pem, key: /k.pem, server_name: n, verify: true}\n";
    AUTO(config_release) const struct config *config = environment_load_checks(said, NULL);
    const struct check_tls *tls = &config->checks[0].target.tls;

    ck_assert_ptr_null(config->checks[0].misconfigured);
    ck_assert(tls->wanted && !tls->unverified && !tls->any_name);
    ck_assert_str_eq(tls->ca_file, "/ca.pem");
    ck_assert_str_eq(tls->certificate_file, "/c.pem");
    ck_assert_str_eq(tls->key_file, "/k.pem");
    ck_assert_str_eq(tls->server_name, "n");
}
END_TEST

START_TEST(entry_http_is_taken)
{
    static const char said[] = "- name: a\n"
                               "  url: http://h\n"
                               "  http:\n"
                               "    host: example.org\n"
                               "    status: [200, 300-399]\n"
                               "    header: X-A\n"
                               "    header_contains: b\n"
                               "    body_contains: pong\n"
                               "    json_pointer: /db/status\n"
                               "    json_equals: up\n"
                               "    reported: show\n";
    AUTO(config_release) const struct config *config = environment_load_checks(said, NULL);
    const struct check_http *http = &config->checks[0].http;

    ck_assert_str_eq(http->host_header, "example.org");
    ck_assert_int_eq(http->status_count, 2);
    ck_assert_int_eq(http->statuses[0].low, 200);
    ck_assert_int_eq(http->statuses[0].high, 200);
    ck_assert_int_eq(http->statuses[1].low, 300);
    ck_assert_int_eq(http->statuses[1].high, 399);
    ck_assert_str_eq(http->header, "X-A");
    ck_assert_str_eq(http->header_contains, "b");
    ck_assert_str_eq(http->body_contains, "pong");
    ck_assert_str_eq(http->json_pointer, "/db/status");
    ck_assert_str_eq(http->json_equals, "up");
    ck_assert_int_eq(http->report, CHECK_REPORT_SHOW);
}
END_TEST

START_TEST(entry_celery_is_taken_and_the_variables_speak_of_celery_alone)
{
    static const char *const env[] = { "PROBITY_CELERY_QUEUES",
                                       "default",
                                       "PROBITY_CELERY_EXPECTED_WORKERS",
                                       "9",
                                       "PROBITY_CELERY_MODE",
                                       "passive",
                                       "CELERY_BROKER_URL",
                                       "redis://h",
                                       NULL };
    AUTO(config_release)
    const struct config *config = environment_load_checks(
        "- {name: a, kind: celery, url: 'redis://h/1'}\n"
        "- {name: b, kind: celery, url: 'redis://h/2', celery: {mode: active, queues: [x, y], "
        "expected_workers: 4, grace: 1m, key_prefix: 'p:'}}\n",
        env);
    const struct check_celery *celery = &config_check(config, "celery")->celery;
    const struct check_celery *a = &config_check(config, "a")->celery;
    const struct check_celery *b = &config_check(config, "b")->celery;

    ck_assert_int_eq(celery->queue_count, 1);
    ck_assert_int_eq(celery->expected_workers, 9);
    ck_assert(a->passive && a->queue_count == 0 && a->expected_workers == -1);
    ck_assert_int_eq(a->grace_ms, 30000);
    ck_assert_str_eq(a->key_prefix, "");
    ck_assert(!b->passive);
    ck_assert_int_eq(b->queue_count, 2);
    ck_assert_str_eq(b->queues[1], "y");
    ck_assert_int_eq(b->expected_workers, 4);
    ck_assert_int_eq(b->grace_ms, 60000);
    ck_assert_str_eq(b->key_prefix, "p:");
    ck_assert_int_eq(config_check(config, "b")->interval_ms, 10000);
}
END_TEST

#define HTTP   "- name: a\n  url: http://h\n  "
#define REDISS "- name: a\n  url: rediss://h\n  "
#define CELERY "- name: a\n  kind: celery\n  url: redis://h\n  "

static const struct {
    const char *yaml;
    const char *want;
} wrong[] = {
    { HTTP "degraded: {latncy: 1s}", "checks[0].degraded: latncy is no key here: did you mean "
                                     "latency?" },
    { HTTP "degraded: {connections: 101}", "expected a whole number from 1 to 100" },
    { HTTP "degraded: 5", "checks[0].degraded: expected a map" },
    { REDISS "tls: {cert: /c}", "checks[0].tls: cert is no key here" },
    { REDISS "tls: {certificate: /c}", "certificate and key go together" },
    { REDISS "tls: {verify: maybe}", "expected true or false" },
    { REDISS "http: {header: a}", "checks[0].http: only a check of kind http has it" },
    { REDISS "celery: {grace: 1s}", "checks[0].celery: only a check of kind celery has it" },
    { REDISS "token: x", "token: only a check of kind upstash has it" },
    { HTTP "http: {status: [99]}", "status: expected a status such as 200" },
    { HTTP "http: {status: [600]}", "status: expected a status" },
    { HTTP "http: {status: [300-200]}", "status: expected a status" },
    { HTTP "http: {status: [20x]}", "status: expected a status" },
    { HTTP "http: {status: [1-2-3]}", "status: expected a status" },
    { HTTP "http: {status: [200,201,202,203,204,205,206,207,208]}", "at most 8" },
    { HTTP "http: {header_contains: a}", "needs header" },
    { HTTP "http: {json_equals: a}", "needs json_pointer" },
    { HTTP "http: {json_pointer: a}", "expected a pointer such as" },
    { HTTP "http: {header: 'a b'}", "the name of one header" },
    { HTTP "http: {host: \"a\\r\\nX: y\"}", "expected a host name" },
    { HTTP "http: {reported: maybe}", "expected merge, show or ignore" },
    { CELERY "celery: {mode: asleep}", "expected active or passive" },
    { CELERY "celery: {expected_workers: many}", "expected a whole number" },
    { CELERY "celery: {queues: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]}", "queues: expected at most" },
};

START_TEST(entry_parts_that_are_wrong_say_where_and_what)
{
    const char *sentence = environment_refuse_checks(wrong[_i].yaml);

    ck_assert_msg(strstr(sentence, wrong[_i].want) != NULL, "%s", sentence);
}
END_TEST

TCase *entry_parts_cases(void)
{
    TCase *cases = tcase_create("entry_parts");

    tcase_add_test(cases, entry_limits_are_taken_and_the_rest_keeps_its_default);
    tcase_add_test(cases, entry_limits_that_nobody_looks_at_are_warned_of);
    tcase_add_test(cases, entry_tls_is_taken_and_wins_over_the_address);
    tcase_add_test(cases, entry_http_is_taken);
    tcase_add_test(cases, entry_celery_is_taken_and_the_variables_speak_of_celery_alone);
    tcase_add_loop_test(cases, entry_parts_that_are_wrong_say_where_and_what, 0,
                        (int)(sizeof(wrong) / sizeof(wrong[0])));
    return cases;
}
