/* test_render_detailed.c - module/monitor/render_detailed.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static void begin(void)
{
    scene_reset();
    scene_keep("redis");
    scene_start();
}

static void look(enum outcome_status status, enum health_reason reason, int64_t after_ms)
{
    struct outcome outcome = scene_look(0, status, reason, after_ms);

    outcome.has_facts = status != OUTCOME_ERROR;
    outcome.facts.redis = (struct redis_facts){ .memory_used_bytes = 1048576,
                                                .memory_max_bytes = 2097152,
                                                .connected_clients = 12,
                                                .role = "master" };
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(after_ms + 500));
}

static int status_of(void)
{
    struct page_text text;

    (void)scene_page(render_detailed, false, &text);
    return text.status;
}

START_TEST(detailed_shows_a_healthy_component_whole)
{
    struct page_text text;

    look(OUTCOME_OK, HEALTH_REASON_NONE, 1000);
    ck_assert_str_eq(
        scene_page(render_detailed, false, &text),
        "{\"status\": \"healthy\", \"version\": \"1.4.2\", \"uptime_seconds\": 1, \"components\": "
        "{\"redis\": {\"status\": \"ok\", \"critical\": true, \"latency_ms\": 2.3, "
        "\"memory_used_mb\": 1.0, \"memory_max_mb\": 2.0, \"connected_clients\": 12, "
        "\"role\": \"master\", \"max_clients\": 0, "
        "\"blocked_clients\": 0, \"rejected_connections\": 0, \"evicted_keys\": 0, "
        "\"evicted_per_minute\": 0, \"eviction_policy\": null, \"replication_lag_seconds\": 0.0, "
        "\"master_link\": null, \"last_save\": null, \"last_append\": null, \"latency_p95_ms\": "
        "2.4, "
        "\"since\": \"2026-11-21T12:00:01.500Z\", \"checked_at\": \"2026-11-21T12:00:01.000Z\", "
        "\"age_ms\": 500, \"consecutive_failures\": 0, \"max_age_ms\": 5000, \"policy\": \"fail\", "
        "\"groups\": [\"readiness\"]}}, "
        "\"timestamp\": \"2026-11-21T12:00:01.500Z\"}");
    ck_assert_int_eq(text.status, 200);
    ck_assert_int_eq(text.retry_after_seconds, 0);
}
END_TEST

START_TEST(detailed_shows_what_is_wrong_and_what_to_do)
{
    struct page_text text;

    look(OUTCOME_OK, HEALTH_REASON_NONE, 1000);
    look(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 2000);
    look(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 2100);
    ck_assert_int_eq(strlen(scene.checks[0].error_id), 8);
    (void)snprintf(scene.checks[0].error_id, sizeof(scene.checks[0].error_id), "0123abcd");
    ck_assert_str_eq(
        scene_page(render_detailed, false, &text),
        "{\"status\": \"unhealthy\", \"version\": \"1.4.2\", \"uptime_seconds\": 2, "
        "\"components\": {\"redis\": {\"status\": \"error\", \"critical\": true, "
        "\"latency_ms\": 2.3, \"memory_used_mb\": null, \"memory_max_mb\": null, "
        "\"connected_clients\": null, \"role\": null, \"max_clients\": null, "
        "\"blocked_clients\": null, \"rejected_connections\": null, \"evicted_keys\": null, "
        "\"evicted_per_minute\": null, \"eviction_policy\": null, \"replication_lag_seconds\": "
        "null, "
        "\"master_link\": null, \"last_save\": null, \"last_append\": null, \"latency_p95_ms\": "
        "2.4, "
        "\"since\": \"2026-11-21T12:00:02.600Z\", \"checked_at\": \"2026-11-21T12:00:02.100Z\", "
        "\"age_ms\": 500, \"consecutive_failures\": 2, \"max_age_ms\": 5000, \"policy\": \"fail\", "
        "\"groups\": [\"readiness\"], \"error\": \"connection refused\", "
        "\"hint\": \"nothing listens there: is the server running, and is the address right?\", "
        "\"error_id\": \"0123abcd\"}}, "
        "\"timestamp\": \"2026-11-21T12:00:02.600Z\"}");
    ck_assert_int_eq(text.status, 503);
    ck_assert_int_gt(text.retry_after_seconds, 0);
}
END_TEST

START_TEST(detailed_before_the_first_look_knows_nothing_and_says_so)
{
    struct page_text text;

    ck_assert_str_eq(
        scene_page(render_detailed, false, &text),
        "{\"status\": \"unhealthy\", \"version\": \"1.4.2\", \"uptime_seconds\": 0, "
        "\"components\": {\"redis\": {\"status\": \"starting\", \"critical\": true, "
        "\"latency_ms\": null, \"memory_used_mb\": null, \"memory_max_mb\": null, "
        "\"connected_clients\": null, \"role\": null, \"max_clients\": null, "
        "\"blocked_clients\": null, \"rejected_connections\": null, \"evicted_keys\": null, "
        "\"evicted_per_minute\": null, \"eviction_policy\": null, \"replication_lag_seconds\": "
        "null, "
        "\"master_link\": null, \"last_save\": null, \"last_append\": null, \"latency_p95_ms\": "
        "null, "
        "\"since\": \"2026-11-21T12:00:00.000Z\", \"checked_at\": null, \"age_ms\": null, "
        "\"consecutive_failures\": 0, \"max_age_ms\": 5000, \"policy\": \"fail\", \"groups\": "
        "[\"readiness\"], \"error\": \"no verdict yet\", "
        "\"hint\": \"the first looks are under way: wait\"}}, "
        "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(text.status, 503);
}
END_TEST

START_TEST(detailed_is_degraded_by_what_does_not_take_readiness_away)
{
    look(OUTCOME_DEGRADED, HEALTH_REASON_PERSISTENCE, 10);
    ck_assert_ptr_nonnull(
        strstr(scene_page(render_detailed, false, NULL), "{\"status\": \"degraded\""));
    ck_assert_int_eq(status_of(), 200);
    scene_config.checks[0].critical = false;
    look(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
    look(OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
    ck_assert_ptr_nonnull(
        strstr(scene_page(render_detailed, false, NULL), "{\"status\": \"degraded\""));
    ck_assert_int_eq(status_of(), 200);
}
END_TEST

START_TEST(detailed_stays_healthy_while_draining)
{
    look(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    (void)scene_drain(20);
    ck_assert_int_eq(status_of(), 200);
}
END_TEST

START_TEST(detailed_too_old_is_unhealthy_and_forgets_the_facts)
{
    struct page_text text;
    const char *body;

    look(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    body = scene_page(render_detailed, true, &text);
    ck_assert_int_eq(text.status, 503);
    ck_assert_ptr_nonnull(strstr(body, "{\"status\": \"unhealthy\""));
    ck_assert_ptr_nonnull(strstr(body, "\"redis\": {\"status\": \"stale\""));
    ck_assert_ptr_nonnull(strstr(body, "\"memory_used_mb\": null"));
    ck_assert_ptr_nonnull(strstr(body, "\"error\": \"no result for 3 s\""));
}
END_TEST

START_TEST(detailed_says_who_has_ordered_what)
{
    const struct drain drain = { .reason = "a new disk", .who = "alice" };
    const struct maintenance maintenance = { .on = true,
                                             .since_wall_ms = SCENE_WALL_MS,
                                             .until_wall_ms = SCENE_WALL_MS + 60000,
                                             .reason = "a move",
                                             .who = "bob" };
    const char *body;

    look(OUTCOME_OK, HEALTH_REASON_NONE, 10);
    overview_maintain(&scene, &maintenance);
    overview_drain(&scene, &drain, scene_moment(20));
    (void)overview_judge(&scene, scene_moment(1020));
    body = scene_page(render_detailed, false, NULL);
    ck_assert_ptr_nonnull(
        strstr(body, "}, \"drain\": {\"reason\": \"a new disk\", \"by\": \"alice\", \"since\": "
                     "\"2026-11-21T12:00:00.020Z\", \"remaining_ms\": null}, \"maintenance\": "
                     "{\"reason\": \"a move\", \"since\": \"2026-11-21T12:00:00.000Z\", \"until\": "
                     "\"2026-11-21T12:01:00.000Z\", \"by\": \"bob\", \"drain\": false}, "
                     "\"timestamp\""));
}
END_TEST

TCase *render_detailed_cases(void)
{
    TCase *cases = tcase_create("render_detailed");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, detailed_shows_a_healthy_component_whole);
    tcase_add_test(cases, detailed_shows_what_is_wrong_and_what_to_do);
    tcase_add_test(cases, detailed_before_the_first_look_knows_nothing_and_says_so);
    tcase_add_test(cases, detailed_is_degraded_by_what_does_not_take_readiness_away);
    tcase_add_test(cases, detailed_stays_healthy_while_draining);
    tcase_add_test(cases, detailed_too_old_is_unhealthy_and_forgets_the_facts);
    tcase_add_test(cases, detailed_says_who_has_ordered_what);
    return cases;
}
