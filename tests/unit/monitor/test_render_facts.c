/* test_render_facts.c - module/monitor/render_facts.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static void expect_facts(int check, const struct outcome *outcome, const char *want)
{
    struct json_writer writer;
    struct buf buf;

    overview_take(&scene, outcome);
    buf_init(&buf, 65536);
    json_writer_init(&writer, &buf);
    json_open_object(&writer);
    render_facts(&scene.checks[check], outcome->has_facts, &writer);
    json_close_object(&writer);
    ck_assert_str_eq(buf_text(&buf), want);
    buf_done(&buf);
}

static struct outcome look(int check)
{
    struct outcome outcome = scene_look(check, OUTCOME_OK, HEALTH_REASON_NONE, 0);

    outcome.has_facts = true;
    return outcome;
}

static void begin(void)
{
    scene_reset();
    scene_start();
}

START_TEST(facts_of_the_database)
{
    struct outcome outcome = look(SCENE_DATABASE);

    outcome.connect_us = 4100;
    outcome.facts.database = (struct database_facts){ .query_us = 700,
                                                      .replication_lag_ms = 10001,
                                                      .replicas = 2,
                                                      .server_connections = 41,
                                                      .server_max_connections = 100,
                                                      .pool_checked_out = 3,
                                                      .longest_query_ms = 301,
                                                      .may_see_queries = true,
                                                      .in_recovery = 0,
                                                      .server_version = "15.8" };
    expect_facts(SCENE_DATABASE, &outcome,
                 "{\"pool_size\": 10, \"pool_checked_out\": 3, \"server_connections\": 41, "
                 "\"server_max_connections\": 100, \"longest_query_seconds\": 0.4, "
                 "\"in_recovery\": false, \"server_version\": \"15.8\", "
                 "\"connect_latency_ms\": 4.1, \"query_latency_ms\": 0.7, "
                 "\"replication_lag_seconds\": 10.1, \"replicas\": 2}");
    ck_assert_ptr_null(render_facts_hint(&scene.checks[SCENE_DATABASE], true));
}
END_TEST

START_TEST(facts_that_the_role_may_not_see_are_null_with_the_grant)
{
    struct outcome outcome = look(SCENE_DATABASE);
    const char *hint;

    scene_config.checks[SCENE_DATABASE].pool_size = -1;
    outcome.facts.database = (struct database_facts){ .query_us = -1,
                                                      .replication_lag_ms = -1,
                                                      .replicas = -1,
                                                      .server_connections = 41,
                                                      .server_max_connections = 100,
                                                      .pool_checked_out = -1,
                                                      .longest_query_ms = 0,
                                                      .may_see_queries = false,
                                                      .in_recovery = -1,
                                                      .server_version = "" };
    expect_facts(SCENE_DATABASE, &outcome,
                 "{\"pool_size\": null, \"pool_checked_out\": null, \"server_connections\": 41, "
                 "\"server_max_connections\": 100, \"longest_query_seconds\": null, "
                 "\"in_recovery\": null, \"server_version\": null, "
                 "\"connect_latency_ms\": null, \"query_latency_ms\": null, "
                 "\"replication_lag_seconds\": null, \"replicas\": null}");
    hint = render_facts_hint(&scene.checks[SCENE_DATABASE], true);
    ck_assert_ptr_nonnull(hint);
    ck_assert_ptr_nonnull(strstr(hint, "GRANT pg_monitor"));
    ck_assert_ptr_null(render_facts_hint(&scene.checks[SCENE_DATABASE], false));
}
END_TEST

START_TEST(facts_of_redis_show_used_memory_never_smaller)
{
    static const struct {
        int64_t used, max;
        const char *want;
    } cases[] = {
        { 47395636, 268435456, "\"memory_used_mb\": 45.3, \"memory_max_mb\": 256.0" },
        { 1048576, 0, "\"memory_used_mb\": 1.0, \"memory_max_mb\": null" },
        { 1048577, -1, "\"memory_used_mb\": 1.1, \"memory_max_mb\": null" },
        { 0, 1, "\"memory_used_mb\": 0.0, \"memory_max_mb\": 0.1" },
        { 1048575, 1048576, "\"memory_used_mb\": 1.0, \"memory_max_mb\": 1.0" },
        { -1, -1, "\"memory_used_mb\": null, \"memory_max_mb\": null" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = look(SCENE_REDIS);
        char want[640];

        outcome.facts.redis = (struct redis_facts){ .memory_used_bytes = cases[i].used,
                                                    .memory_max_bytes = cases[i].max,
                                                    .connected_clients = 12,
                                                    .max_clients = 10000,
                                                    .blocked_clients = 1,
                                                    .evicted_keys = 7,
                                                    .evicted_per_minute = -1,
                                                    .replication_lag_ms = -1,
                                                    .role = "master",
                                                    .last_save = "ok",
                                                    .eviction_policy = "noeviction" };
        snprintf(want, sizeof(want),
                 "{%s, \"connected_clients\": 12, \"role\": \"master\", \"max_clients\": 10000, "
                 "\"blocked_clients\": 1, \"rejected_connections\": 0, \"evicted_keys\": 7, "
                 "\"evicted_per_minute\": null, \"eviction_policy\": \"noeviction\", "
                 "\"replication_lag_seconds\": null, \"master_link\": null, \"last_save\": \"ok\", "
                 "\"last_append\": null}",
                 cases[i].want);
        expect_facts(SCENE_REDIS, &outcome, want);
    }
}
END_TEST

START_TEST(facts_of_celery_name_each_queue)
{
    struct outcome outcome = look(SCENE_CELERY);

    scene_config.checks[SCENE_CELERY].celery.expected_workers = 4;
    outcome.facts.celery = (struct celery_facts){ .subscribed = 4,
                                                  .active_workers = 4,
                                                  .queued_tasks = 7,
                                                  .active_tasks = -1,
                                                  .heard_workers = 5,
                                                  .unacked_tasks = -1,
                                                  .queues = { { "default", 5, 4, 1795262390 },
                                                              { "so\"lar", 2, -1, 0 } },
                                                  .queue_count = 2 };
    expect_facts(SCENE_CELERY, &outcome,
                 "{\"active_workers\": 4, \"expected_workers\": 4, \"queued_tasks\": 7, "
                 "\"active_tasks\": null, \"queues\": {\"default\": 5, \"so\\\"lar\": 2}, "
                 "\"queue_details\": {\"default\": {\"depth\": 5, \"consumers\": 4, "
                 "\"growing_since\": \"2026-11-21T11:59:50.000Z\"}, \"so\\\"lar\": {\"depth\": 2, "
                 "\"consumers\": null, \"growing_since\": null}}, \"subscribed_workers\": 4, "
                 "\"workers_heard\": 5, \"unacked_tasks\": null}");
}
END_TEST

START_TEST(facts_that_are_not_known_are_null)
{
    static const struct {
        int check;
        const char *want;
    } cases[] = {
        { SCENE_APP, "{\"http_status\": null}" },
        { SCENE_DATABASE, "{\"pool_size\": 10, \"pool_checked_out\": null, \"server_connections\": "
                          "null, \"server_max_connections\": null, \"longest_query_seconds\": "
                          "null, \"in_recovery\": null, \"server_version\": null, "
                          "\"connect_latency_ms\": null, \"query_latency_ms\": null, "
                          "\"replication_lag_seconds\": null, \"replicas\": null}" },
        { SCENE_REDIS, "{\"memory_used_mb\": null, \"memory_max_mb\": null, "
                       "\"connected_clients\": null, \"role\": null, \"max_clients\": null, "
                       "\"blocked_clients\": null, \"rejected_connections\": null, "
                       "\"evicted_keys\": null, \"evicted_per_minute\": null, "
                       "\"eviction_policy\": null, \"replication_lag_seconds\": null, "
                       "\"master_link\": null, \"last_save\": null, \"last_append\": null}" },
        { SCENE_CELERY, "{\"active_workers\": null, \"expected_workers\": null, "
                        "\"queued_tasks\": null, \"active_tasks\": null, \"queues\": null, "
                        "\"queue_details\": null, \"subscribed_workers\": null, "
                        "\"workers_heard\": null, \"unacked_tasks\": null}" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = look(cases[i].check);

        outcome.has_facts = false;
        expect_facts(cases[i].check, &outcome, cases[i].want);
    }
}
END_TEST

START_TEST(facts_of_the_application_hold_what_it_says_of_itself)
{
    struct outcome outcome = look(SCENE_APP);

    outcome.facts.http =
        (struct http_facts){ .http_status = 200, .reported = "{\"status\":\"up\"}" };
    expect_facts(SCENE_APP, &outcome, "{\"http_status\": 200, \"reported\": {\"status\":\"up\"}}");
}
END_TEST

static const struct {
    bool wanted;
    int64_t left_s; /* until it expires; INT64_MIN: none was shown */
    const char *want;
} certificates[] = {
    { false, INT64_MIN, "{}" },
    { true, INT64_MIN,
      "{\"certificate_expires_at\": null, \"certificate_days_left\": null, \"tls_version\": "
      "null}" },
    { true, 86400,
      "{\"certificate_expires_at\": \"2026-11-22T12:00:00.000Z\", \"certificate_days_left\": 1, "
      "\"tls_version\": \"TLSv1.3\"}" },
    { true, 86399,
      "{\"certificate_expires_at\": \"2026-11-22T11:59:59.000Z\", \"certificate_days_left\": 0, "
      "\"tls_version\": \"TLSv1.3\"}" },
    { false, -1,
      "{\"certificate_expires_at\": \"2026-11-21T11:59:59.000Z\", \"certificate_days_left\": -1, "
      "\"tls_version\": \"TLSv1.3\"}" },
    { true, -86401,
      "{\"certificate_expires_at\": \"2026-11-20T11:59:59.000Z\", \"certificate_days_left\": -2, "
      "\"tls_version\": \"TLSv1.3\"}" },
};

START_TEST(days_of_a_certificate_are_rounded_down)
{
    bool known = certificates[_i].left_s != INT64_MIN;
    struct outcome outcome = look(SCENE_REDIS);
    struct json_writer writer;
    struct buf buf;

    scene_config.checks[SCENE_REDIS].target.tls.wanted = certificates[_i].wanted;
    if (known)
        outcome.tls =
            (struct tls_facts){ SCENE_WALL_MS / 1000 + certificates[_i].left_s, "TLSv1.3" };
    overview_take(&scene, &outcome);
    buf_init(&buf, 4096);
    json_writer_init(&writer, &buf);
    json_open_object(&writer);
    render_tls(&scene.checks[SCENE_REDIS], known, SCENE_WALL_MS, &writer);
    json_close_object(&writer);
    ck_assert_str_eq(buf_text(&buf), certificates[_i].want);
    buf_done(&buf);
}
END_TEST

TCase *render_facts_cases(void)
{
    TCase *cases = tcase_create("render_facts");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, facts_of_the_database);
    tcase_add_test(cases, facts_that_the_role_may_not_see_are_null_with_the_grant);
    tcase_add_test(cases, facts_of_redis_show_used_memory_never_smaller);
    tcase_add_test(cases, facts_of_celery_name_each_queue);
    tcase_add_test(cases, facts_that_are_not_known_are_null);
    tcase_add_test(cases, facts_of_the_application_hold_what_it_says_of_itself);
    tcase_add_loop_test(cases, days_of_a_certificate_are_rounded_down, 0,
                        (int)ARRAY_LENGTH(certificates));
    return cases;
}
