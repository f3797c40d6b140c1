/* test_metrics.c - module/monitor/metrics.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

#include <string.h>

static struct buf text;

static const char *metrics(enum metrics_format format)
{
    buf_done(&text);
    buf_init(&text, 65536);
    render_metrics(&scene, format, &text);
    ck_assert(buf_ok(&text));
    return buf_text(&text);
}

static void begin(void)
{
    scene_reset();
    scene_keep("database redis");
    scene_start();
}

static void look(int check, int64_t redis_max_bytes)
{
    struct outcome outcome = scene_look(check, OUTCOME_OK, HEALTH_REASON_NONE, 1000);

    outcome.has_facts = true;
    if (check == 0)
        outcome.facts.database = (struct database_facts){ .server_connections = 41,
                                                          .server_max_connections = 100,
                                                          .pool_checked_out = -1,
                                                          .longest_query_ms = -1,
                                                          .may_see_queries = false,
                                                          .in_recovery = -1,
                                                          .server_version = "" };
    else
        outcome.facts.redis = (struct redis_facts){ .memory_used_bytes = 4711,
                                                    .memory_max_bytes = redis_max_bytes,
                                                    .connected_clients = 1,
                                                    .role = "master",
                                                    .command_count = 1,
                                                    .commands = { { "get", 21 } } };
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(1250));
}

START_TEST(metrics_leave_out_what_is_not_known)
{
    const char *body = metrics(METRICS_PROMETHEUS);

    ck_assert_ptr_nonnull(strstr(body, "\nprobity_ready 0\n"));
    ck_assert_ptr_null(strstr(body, "probity_check_up{"));
    ck_assert_ptr_null(strstr(body, "probity_check_age_seconds{"));
    ck_assert_ptr_null(strstr(body, "database_connections"));
    ck_assert_ptr_null(strstr(body, "redis_memory"));
    ck_assert_ptr_nonnull(strstr(body, "probity_check_transitions_total{check=\"redis\"} 0\n"));
}
END_TEST

START_TEST(metrics_show_what_is_known)
{
    const char *body;

    look(0, 0);
    look(1, 9000);
    body = metrics(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_ready 1\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_check_up{check=\"database\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_check_age_seconds{check=\"redis\"} 0.25"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_check_duration_seconds{check=\"redis\"} 0.0023"));
    ck_assert_ptr_nonnull(strstr(body, "\ndatabase_connections 41\n"));
    ck_assert_ptr_nonnull(strstr(body, "\ndatabase_max_connections 100\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nredis_memory_used_bytes 4711\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nredis_memory_max_bytes 9000\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nredis_operations_total{command=\"get\"} 21\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_outcomes_refused_total 0\n"));
}
END_TEST

START_TEST(metrics_have_no_limit_of_zero_and_no_stale_facts)
{
    look(1, 0);
    ck_assert_ptr_null(strstr(metrics(METRICS_PROMETHEUS), "redis_memory_max_bytes"));
    (void)overview_judge(&scene, scene_moment(60000));
    ck_assert_ptr_null(strstr(metrics(METRICS_PROMETHEUS), "redis_memory_used_bytes"));
    ck_assert_ptr_nonnull(
        strstr(metrics(METRICS_PROMETHEUS), "\nprobity_check_up{check=\"redis\"} 0\n"));
}
END_TEST

START_TEST(metrics_name_counters_as_openmetrics_wants)
{
    const char *body = metrics(METRICS_OPENMETRICS);

    ck_assert_ptr_nonnull(strstr(body, "# TYPE probity_check_transitions counter\n"));
    ck_assert_ptr_nonnull(strstr(body, "probity_check_transitions_total{check=\"redis\"} 0\n"));
    ck_assert_ptr_null(strstr(body, "# EOF"));
}
END_TEST

START_TEST(metrics_tell_of_orders_and_groups)
{
    const char *body;

    look(0, 0);
    look(1, 9000);
    body = metrics(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_draining 0\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_maintenance 0\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_group_ready{group=\"readiness\"} 1\n"));
    (void)scene_drain(1300);
    body = metrics(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_ready 0\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_draining 1\n"));
    ck_assert_ptr_nonnull(strstr(body, "\nprobity_group_ready{group=\"readiness\"} 1\n"));
}
END_TEST

START_TEST(metrics_of_certificates_and_last_successes)
{
    struct outcome outcome = scene_look(1, OUTCOME_ERROR, HEALTH_REASON_CERTIFICATE_EXPIRED, 2000);
    const char *body;

    ck_assert_ptr_null(
        strstr(metrics(METRICS_PROMETHEUS), "certificate_expiry_timestamp_seconds{"));
    look(1, 0);
    outcome.tls.expires_at_s = 1795262000;
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(2000));
    body = metrics(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(
        body, "probity_check_last_success_timestamp_seconds{check=\"redis\"} 1795262401.000\n"));
    ck_assert_ptr_nonnull(strstr(
        body, "probity_check_certificate_expiry_timestamp_seconds{check=\"redis\"} 1795262000\n"));
}
END_TEST

START_TEST(further_checks_of_a_kind_are_told_apart)
{
    const char *body;

    scene_config.checks[2] = scene_config.checks[1];
    scene_config.checks[2].id = 9;
    scene_config.checks[2].name = "cache";
    scene_config.checks[2].kind = CHECK_UPSTASH;
    scene_config.check_count = 3;
    scene_start();
    look(1, 9000);
    look(2, 9000);
    body = metrics(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(body, "\nredis_memory_used_bytes 4711\n"
                                       "redis_memory_used_bytes{check=\"cache\"} 4711\n"));
    ck_assert_ptr_nonnull(strstr(body,
                                 "\nredis_operations_total{command=\"get\"} 21\n"
                                 "redis_operations_total{check=\"cache\",command=\"get\"} 21\n"));
}
END_TEST

START_TEST(metrics_of_celery_have_a_sample_for_each_queue)
{
    struct outcome outcome;
    const char *body;

    scene_reset();
    scene_keep("celery");
    scene_start();
    outcome = scene_look(0, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    outcome.has_facts = true;
    outcome.facts.celery =
        (struct celery_facts){ .active_workers = 3,
                               .active_tasks = -1,
                               .queues = { { "default", 5, 1, 0 }, { "so\"lar", -1, 1, 0 } },
                               .queue_count = 2 };
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(0));
    body = metrics(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(body, "\ncelery_workers 3\n"));
    ck_assert_ptr_null(strstr(body, "celery_workers_expected"));
    ck_assert_ptr_null(strstr(body, "celery_tasks_active"));
    ck_assert_ptr_nonnull(strstr(body, "\ncelery_queue_length{queue=\"default\"} 5\n"));
    ck_assert_ptr_null(strstr(body, "lar"));
    scene_config.checks[0].celery.expected_workers = 4;
    ck_assert_ptr_nonnull(strstr(metrics(METRICS_PROMETHEUS), "\ncelery_workers_expected 4\n"));
}
END_TEST

TCase *metrics_cases(void)
{
    TCase *cases = tcase_create("metrics");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, metrics_leave_out_what_is_not_known);
    tcase_add_test(cases, metrics_show_what_is_known);
    tcase_add_test(cases, metrics_have_no_limit_of_zero_and_no_stale_facts);
    tcase_add_test(cases, metrics_name_counters_as_openmetrics_wants);
    tcase_add_test(cases, metrics_tell_of_orders_and_groups);
    tcase_add_test(cases, metrics_of_certificates_and_last_successes);
    tcase_add_test(cases, further_checks_of_a_kind_are_told_apart);
    tcase_add_test(cases, metrics_of_celery_have_a_sample_for_each_queue);
    return cases;
}
