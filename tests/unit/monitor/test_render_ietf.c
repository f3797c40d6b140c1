/* test_render_ietf.c - module/monitor/render_ietf.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

#include <string.h>

static void begin(void)
{
    scene_reset();
    scene_config.service = "shop";
    scene_view.shape = RENDER_IETF;
}

static const char *page(render_fn render, bool too_old, int status)
{
    struct page_text text;
    const char *body = scene_page(render, too_old, &text);

    ck_assert_int_eq(text.status, status);
    ck_assert_str_eq(text.content_type, "application/health+json");
    ck_assert(text.vary_accept);
    return body;
}

START_TEST(the_draft_has_three_words_and_output_only_where_it_does_not_pass)
{
    scene_keep("database redis");
    scene_start();
    scene_all_ok(0);
    ck_assert_str_eq(
        page(render_ready, false, 200),
        "{\"status\": \"pass\", \"version\": \"1.4.2\", \"releaseId\": \"1.4.2\", "
        "\"serviceId\": \"shop\", \"description\": \"ready\", \"checks\": "
        "{\"database:responseTime\": [{\"componentType\": \"datastore\", \"observedValue\": 2.3, "
        "\"observedUnit\": \"ms\", \"status\": \"pass\", \"time\": \"2026-11-21T12:00:00.000Z\"}], "
        "\"redis:responseTime\": [{\"componentType\": \"datastore\", \"observedValue\": 2.3, "
        "\"observedUnit\": \"ms\", \"status\": \"pass\", "
        "\"time\": \"2026-11-21T12:00:00.000Z\"}]}}");
    scene_take(1, OUTCOME_DEGRADED, HEALTH_REASON_EVICTING, 1000);
    ck_assert_ptr_nonnull(strstr(page(render_ready, false, 200), "{\"status\": \"warn\""));
    ck_assert_ptr_nonnull(strstr(page(render_ready, false, 200),
                                 "\"status\": \"warn\", \"time\": \"2026-11-21T12:00:01.000Z\", "
                                 "\"output\": \"evicting 1000 keys a minute\"}]}}"));
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 1000);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 1000);
    ck_assert_ptr_nonnull(strstr(page(render_ready, false, 503), "{\"status\": \"fail\""));
    ck_assert_ptr_nonnull(
        strstr(page(render_ready, false, 503), "\"output\": \"connection refused\"}]"));
}
END_TEST

START_TEST(what_was_never_measured_has_no_value)
{
    scene_keep("celery");
    scene_start();
    ck_assert_ptr_nonnull(strstr(page(render_startup, false, 503),
                                 "{\"celery:responseTime\": [{\"componentType\": \"component\", "
                                 "\"status\": \"fail\", \"output\": \"no verdict yet\"}]}}"));
}
END_TEST

START_TEST(liveness_measures_its_own_uptime)
{
    scene_keep("database");
    scene_start();
    (void)overview_judge(&scene, scene_moment(5000));
    ck_assert_str_eq(page(render_health, false, 200),
                     "{\"status\": \"pass\", \"version\": \"1.4.2\", \"releaseId\": \"1.4.2\", "
                     "\"serviceId\": \"shop\", \"description\": \"ok\", \"checks\": "
                     "{\"probity:uptime\": [{\"componentType\": \"system\", \"observedValue\": 5, "
                     "\"observedUnit\": \"s\", \"status\": \"pass\", "
                     "\"time\": \"2026-11-21T12:00:05.000Z\"}]}}");
    ck_assert_ptr_nonnull(strstr(page(render_health, true, 503), "{\"status\": \"fail\""));
}
END_TEST

START_TEST(admins_see_every_measurement)
{
    struct outcome outcome;
    const char *body;

    scene_start();
    outcome = scene_look(SCENE_DATABASE, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    outcome.has_facts = true;
    outcome.facts.database = (struct database_facts){ .server_connections = 41,
                                                      .server_max_connections = 97,
                                                      .replication_lag_ms = -1 };
    overview_take(&scene, &outcome);
    outcome = scene_look(SCENE_CELERY, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    outcome.has_facts = true;
    outcome.facts.celery =
        (struct celery_facts){ .active_workers = 4,
                               .queues = { { "default", 5, 1, 0 }, { "solar", 0, 1, 0 } },
                               .queue_count = 2 };
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(0));
    body = page(render_detailed, false, 503);
    ck_assert_ptr_nonnull(strstr(body, "\"database:connections\": [{\"componentType\": "
                                       "\"datastore\", \"observedValue\": 41, "));
    ck_assert_ptr_nonnull(strstr(body, "\"database:utilization\": [{\"componentType\": "
                                       "\"datastore\", \"observedValue\": 43, "
                                       "\"observedUnit\": \"percent\""));
    ck_assert_ptr_null(strstr(body, "replicationLag"));
    ck_assert_ptr_nonnull(strstr(body, "\"celery:queueLength\": [{\"componentId\": \"default\", "));
    ck_assert_ptr_nonnull(strstr(body, "}, {\"componentId\": \"solar\", "));
    ck_assert_ptr_nonnull(strstr(body, "\"probity:uptime\""));
    ck_assert_ptr_null(strstr(page(render_ready, false, 503), "connections"));
    scene_view.which = SCENE_CELERY;
    body = page(render_component, false, 200);
    ck_assert_ptr_nonnull(strstr(body, "\"celery:workers\""));
    ck_assert_ptr_null(strstr(body, "database"));
    ck_assert_ptr_null(strstr(page(render_component, true, 503), "celery:workers"));
}
END_TEST

START_TEST(a_note_tells_of_maintenance)
{
    const struct maintenance maintenance = { .on = true, .reason = "a move" };

    scene_keep("database");
    scene_start();
    scene_all_ok(0);
    overview_maintain(&scene, &maintenance);
    (void)overview_judge(&scene, scene_moment(0));
    ck_assert_ptr_nonnull(strstr(page(render_ready, false, 200), "\"notes\": [\"a move\"]"));
}
END_TEST

TCase *render_ietf_cases(void)
{
    TCase *cases = tcase_create("render_ietf");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, the_draft_has_three_words_and_output_only_where_it_does_not_pass);
    tcase_add_test(cases, what_was_never_measured_has_no_value);
    tcase_add_test(cases, liveness_measures_its_own_uptime);
    tcase_add_test(cases, admins_see_every_measurement);
    tcase_add_test(cases, a_note_tells_of_maintenance);
    return cases;
}
