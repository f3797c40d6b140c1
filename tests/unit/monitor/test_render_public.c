/* test_render_public.c - module/monitor/render_public.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

#define PROBITY "\"probity_version\": \"" PACKAGE_VERSION "\""
#define STOPPED                                                                                    \
    "\"reason\": \"the thread that judges health has stopped: nothing is known since the time in " \
    "timestamp\""

static void expect(render_fn render, bool too_old, int status, const char *body)
{
    struct page_text text;

    ck_assert_str_eq(scene_page(render, too_old, &text), body);
    ck_assert_int_eq(text.status, status);
}

static int retry_after(render_fn render)
{
    struct page_text text;

    (void)scene_page(render, false, &text);
    return text.retry_after_seconds;
}

START_TEST(health_tells_version_and_uptime_and_what_it_covers)
{
    scene_keep("database");
    scene_start();
    (void)overview_judge(&scene, scene_moment(86400000));
    expect(render_health, false, 200,
           "{\"status\": \"ok\", \"version\": \"1.4.2\", " PROBITY ", \"uptime_seconds\": 86400, "
           "\"covers\": \"probity only\", \"timestamp\": \"2026-11-22T12:00:00.000Z\"}");
    expect(render_health, true, 503,
           "{\"status\": \"fail\", " STOPPED ", \"version\": \"1.4.2\", " PROBITY
           ", \"uptime_seconds\": 86400, \"covers\": \"probity only\", "
           "\"timestamp\": \"2026-11-22T12:00:00.000Z\"}");
}
END_TEST

START_TEST(health_with_an_application_starts_works_and_fails)
{
    scene_start();
    expect(render_health, false, 503,
           "{\"status\": \"starting\", \"version\": \"1.4.2\", " PROBITY
           ", \"uptime_seconds\": 0, \"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_health), 1);
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    expect(render_health, false, 200,
           "{\"status\": \"ok\", \"version\": \"1.4.2\", " PROBITY
           ", \"uptime_seconds\": 0, \"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_health), 0);
    for (int i = 0; i < 3; i++)
        scene_take(SCENE_APP, OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 0);
    expect(render_health, false, 503,
           "{\"status\": \"fail\", \"reason\": \"the application failed 3 times in a row: timeout "
           "after 1000 ms\", \"version\": \"1.4.2\", " PROBITY
           ", \"uptime_seconds\": 0, \"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_gt(retry_after(render_health), 0);
}
END_TEST

START_TEST(ready_shows_a_word_for_each_check)
{
    scene_keep("database redis celery");
    scene_start();
    expect(render_ready, false, 503,
           "{\"status\": \"not_ready\", \"checks\": {\"database\": \"starting\", \"redis\": "
           "\"starting\", \"celery\": \"starting\"}, \"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    scene_all_ok(1000);
    expect(render_ready, false, 200,
           "{\"status\": \"ready\", \"checks\": {\"database\": \"ok\", \"redis\": \"ok\", "
           "\"celery\": \"ok\"}, \"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
    scene_take(1, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 2000);
    scene_take(1, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 2100);
    scene_take(2, OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 2100);
    expect(render_ready, false, 503,
           "{\"status\": \"not_ready\", \"checks\": {\"database\": \"ok\", \"redis\": \"error: "
           "connection refused\", \"celery\": \"degraded: busy\"}, "
           "\"timestamp\": \"2026-11-21T12:00:02.100Z\"}");
    ck_assert_int_gt(retry_after(render_ready), 0);
    expect(render_ready, true, 503,
           "{\"status\": \"not_ready\", " STOPPED
           ", \"checks\": {\"database\": \"stale: no result for 3 s\", "
           "\"redis\": \"stale: no result for 3 s\", \"celery\": \"stale: no result for 3 s\"}, "
           "\"timestamp\": \"2026-11-21T12:00:02.100Z\"}");
}
END_TEST

START_TEST(ready_while_draining_says_so_and_promises_nothing)
{
    scene_keep("database");
    scene_start();
    scene_all_ok(0);
    (void)scene_drain(0);
    expect(render_ready, false, 503,
           "{\"status\": \"draining\", \"reason\": \"told to end (SIGTERM)\", "
           "\"drain_elapsed_ms\": 0, \"drain_remaining_ms\": 5000, "
           "\"checks\": {\"database\": \"ok\"}, "
           "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_ready), 0);
}
END_TEST

START_TEST(ready_while_only_time_is_missing_says_so)
{
    scene_keep("database");
    scene_config.ready_after_ms = 5000;
    scene_start();
    scene_all_ok(0);
    expect(render_ready, false, 503,
           "{\"status\": \"not_ready\", \"reason\": \"everything passes, but not yet for 5000 ms "
           "(PROBITY_READY_AFTER)\", \"checks\": {\"database\": \"ok\"}, "
           "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_ready), 1);
}
END_TEST

START_TEST(ready_without_a_check_says_what_to_do)
{
    scene_keep("");
    scene_start();
    expect(render_ready, false, 503,
           "{\"status\": \"not_ready\", \"reason\": \"no check is configured: set DATABASE_URL, "
           "REDIS_URL, CELERY_BROKER_URL or PROBITY_APP, or PROBITY_REQUIRE=none if that is "
           "meant\", \"checks\": {}, \"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_ready), 0);
}
END_TEST

START_TEST(ready_with_a_lost_variable_shows_it_and_waits_for_a_person)
{
    scene_keep("database redis");
    scene_config.checks[1].not_configured = true;
    scene_start();
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    expect(render_ready, false, 503,
           "{\"status\": \"not_ready\", \"checks\": {\"database\": \"ok\", \"redis\": \"not "
           "configured\"}, \"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_ready), 0);
}
END_TEST

START_TEST(startup_turns_to_started)
{
    scene_keep("database");
    scene_start();
    expect(render_startup, false, 503,
           "{\"status\": \"starting\", \"checks\": {\"database\": \"starting\"}, "
           "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    ck_assert_int_eq(retry_after(render_startup), 1);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_NAME_NOT_RESOLVED, 0);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_NAME_NOT_RESOLVED, 0);
    expect(render_startup, false, 200,
           "{\"status\": \"started\", \"checks\": {\"database\": \"error: name not resolved\"}, "
           "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
    expect(render_startup, true, 503,
           "{\"status\": \"starting\", " STOPPED
           ", \"checks\": {\"database\": \"stale: no result for 3 s\"}, "
           "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
}
END_TEST

START_TEST(ready_while_draining_without_an_end_says_how_long_already)
{
    const struct drain drain = { .reason = "a new disk", .who = "alice" };

    scene_keep("database");
    scene_start();
    scene_all_ok(0);
    overview_drain(&scene, &drain, scene_moment(0));
    (void)overview_judge(&scene, scene_moment(1500));
    expect(render_ready, false, 503,
           "{\"status\": \"draining\", \"reason\": \"a new disk\", \"drain_elapsed_ms\": 1500, "
           "\"drain_remaining_ms\": null, \"checks\": {\"database\": \"ok\"}, "
           "\"timestamp\": \"2026-11-21T12:00:01.500Z\"}");
}
END_TEST

static void maintain(bool drain, int64_t until_wall_ms)
{
    const struct maintenance maintenance = { .on = true,
                                             .drain = drain,
                                             .since_wall_ms = SCENE_WALL_MS,
                                             .until_wall_ms = until_wall_ms,
                                             .reason = "a move",
                                             .who = "bob" };

    overview_maintain(&scene, &maintenance);
    (void)overview_judge(&scene, scene_moment(1000));
}

START_TEST(maintenance_with_drain_is_not_ready_until_its_end)
{
    scene_keep("database");
    scene_start();
    scene_all_ok(0);
    maintain(true, SCENE_WALL_MS + 61001);
    expect(render_ready, false, 503,
           "{\"status\": \"maintenance\", \"reason\": \"a move\", "
           "\"since\": \"2026-11-21T12:00:00.000Z\", \"until\": \"2026-11-21T12:01:01.001Z\", "
           "\"checks\": {\"database\": \"ok\"}, \"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
    ck_assert_int_eq(retry_after(render_ready), 61);
    expect(render_startup, false, 200,
           "{\"status\": \"started\", \"checks\": {\"database\": \"ok\"}, "
           "\"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
    maintain(true, 0);
    ck_assert_int_eq(retry_after(render_ready), 0);
}
END_TEST

START_TEST(maintenance_without_drain_is_shown_to_who_asks)
{
    scene_keep("");
    scene_config.require_none = true;
    scene_start();
    maintain(false, SCENE_WALL_MS + 60000);
    expect(render_ready, false, 200,
           "{\"status\": \"ready\", \"checks\": {}, \"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
    scene_view.shape = RENDER_VERBOSE;
    expect(render_ready, false, 200,
           "{\"status\": \"ready\", \"rule\": \"PROBITY_REQUIRE=none: ready without a check\", "
           "\"maintenance\": {\"reason\": \"a move\", \"since\": \"2026-11-21T12:00:00.000Z\", "
           "\"until\": \"2026-11-21T12:01:00.000Z\"}, \"checks\": {}, "
           "\"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
}
END_TEST

START_TEST(verbose_says_which_rule_decided)
{
    scene_keep("database redis");
    scene_start();
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    scene_view.shape = RENDER_VERBOSE;
    expect(render_ready, false, 503,
           "{\"status\": \"not_ready\", \"rule\": \"the first round of the members is not over\", "
           "\"checks\": {\"database\": {\"status\": \"ok\", "
           "\"since\": \"2026-11-21T12:00:00.000Z\", \"age_ms\": 0, \"max_age_ms\": 5000, "
           "\"latency_ms\": 2.3, \"critical\": true, \"rule\": \"critical, fail: ok -> passes\"}, "
           "\"redis\": {\"status\": \"starting\", \"since\": \"2026-11-21T12:00:00.000Z\", "
           "\"age_ms\": null, \"max_age_ms\": 5000, \"latency_ms\": null, \"critical\": true, "
           "\"rule\": \"critical, fail: no verdict yet -> not ready\"}}, "
           "\"timestamp\": \"2026-11-21T12:00:00.000Z\"}");
}
END_TEST

START_TEST(no_rule_is_named_where_nobody_judges_any_more)
{
    static const render_fn pages[] = { render_health, render_ready, render_startup };

    scene_keep("app");
    scene_start();
    scene_all_ok(0);
    scene_view.shape = RENDER_VERBOSE;
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
        struct page_text text;
        const char *body = scene_page(pages[i], true, &text);

        ck_assert_ptr_nonnull(strstr(body, STOPPED ", \""));
        ck_assert_ptr_null(strstr(body, STOPPED ", \"rule"));
    }
}
END_TEST

START_TEST(a_named_group_is_judged_by_its_members_alone)
{
    scene_keep("database redis");
    scene_config.groups[GROUP_NAMED] = "orders";
    scene_config.group_count = GROUP_NAMED + 1;
    scene_config.checks[1].groups = 1U << GROUP_NAMED;
    scene_start();
    scene_view.which = GROUP_NAMED;
    scene_take(1, OUTCOME_OK, HEALTH_REASON_NONE, 0);
    (void)scene_drain(0);
    maintain(true, 0);
    expect(render_group, false, 200,
           "{\"status\": \"ready\", \"group\": \"orders\", \"checks\": {\"redis\": \"ok\"}, "
           "\"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
    scene_take(1, OUTCOME_ERROR, HEALTH_REASON_LOADING, 1000);
    scene_take(1, OUTCOME_ERROR, HEALTH_REASON_LOADING, 1000);
    expect(render_group, false, 503,
           "{\"status\": \"not_ready\", \"group\": \"orders\", "
           "\"checks\": {\"redis\": \"error: loading\"}, "
           "\"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
    ck_assert_int_eq(retry_after(render_group), 5);
    expect(render_group, true, 503,
           "{\"status\": \"not_ready\", " STOPPED
           ", \"group\": \"orders\", \"checks\": {\"redis\": \"stale: no result for 3 s\"}, "
           "\"timestamp\": \"2026-11-21T12:00:01.000Z\"}");
}
END_TEST

START_TEST(health_blames_the_member_that_failed)
{
    scene_keep("database");
    scene_config.checks[0].groups |= 1U << GROUP_LIVENESS;
    scene_start();
    for (int i = 0; i < 3; i++)
        scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 0);
    ck_assert_ptr_nonnull(
        strstr(scene_page(render_health, false, NULL),
               "\"reason\": \"check database failed 3 times in a row: connection refused\""));
    scene_view.shape = RENDER_VERBOSE;
    ck_assert_ptr_nonnull(strstr(scene_page(render_health, false, NULL),
                                 "\"rule\": \"critical, after 3 failures: 3 in a row -> fail\""));
}
END_TEST

START_TEST(what_waits_for_a_person_tells_nobody_to_come_back)
{
    static const render_fn pages[] = { render_ready, render_startup, render_detailed,
                                       render_component };

    for (int misconfigured = 0; misconfigured < 2; misconfigured++) {
        scene_reset();
        scene_keep("app");
        scene_config.checks[0].not_configured = misconfigured == 0;
        scene_config.checks[0].misconfigured = misconfigured == 0 ? NULL : "no address";
        scene_start();
        for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
            struct page_text text;

            (void)scene_page(pages[i], false, &text);
            ck_assert_int_eq(text.status, 503);
            ck_assert_msg(text.retry_after_seconds == 0, "page %zu", i);
        }
    }
}
END_TEST

TCase *render_public_cases(void)
{
    TCase *cases = tcase_create("render_public");

    tcase_add_checked_fixture(cases, scene_reset, NULL);
    tcase_add_test(cases, what_waits_for_a_person_tells_nobody_to_come_back);
    tcase_add_test(cases, health_tells_version_and_uptime_and_what_it_covers);
    tcase_add_test(cases, health_with_an_application_starts_works_and_fails);
    tcase_add_test(cases, ready_shows_a_word_for_each_check);
    tcase_add_test(cases, ready_while_draining_says_so_and_promises_nothing);
    tcase_add_test(cases, ready_while_only_time_is_missing_says_so);
    tcase_add_test(cases, ready_without_a_check_says_what_to_do);
    tcase_add_test(cases, ready_with_a_lost_variable_shows_it_and_waits_for_a_person);
    tcase_add_test(cases, startup_turns_to_started);
    tcase_add_test(cases, ready_while_draining_without_an_end_says_how_long_already);
    tcase_add_test(cases, maintenance_with_drain_is_not_ready_until_its_end);
    tcase_add_test(cases, maintenance_without_drain_is_shown_to_who_asks);
    tcase_add_test(cases, no_rule_is_named_where_nobody_judges_any_more);
    tcase_add_test(cases, verbose_says_which_rule_decided);
    tcase_add_test(cases, a_named_group_is_judged_by_its_members_alone);
    tcase_add_test(cases, health_blames_the_member_that_failed);
    return cases;
}
