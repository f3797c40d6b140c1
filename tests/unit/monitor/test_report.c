/* test_report.c - module/monitor/report.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/report.h"

#include "base/log.h"
#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct report report;
static char said[8192];

/* What report_changes() writes to stderr, as JSON lines. */
static const char *changes(void)
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    size_t length;

    ck_assert_ptr_nonnull(file);
    (void)fflush(stderr);
    (void)dup2(fileno(file), STDERR_FILENO);
    report_changes(&report, &scene);
    (void)fflush(stderr);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    rewind(file);
    length = fread(said, 1, sizeof(said) - 1, file);
    said[length] = '\0';
    (void)fclose(file);
    return said;
}

static int lines(const char *text)
{
    int count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void begin(void)
{
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON, "test");
    scene_reset();
    scene_keep("redis");
    scene_start();
    report_init(&report, &scene);
}

START_TEST(report_says_a_change_once_and_a_round_never)
{
    ck_assert_str_eq(changes(), "");
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert_int_eq(lines(changes()), 2); /* the check and readiness */
    ck_assert_ptr_nonnull(strstr(said, "starting -> ok"));
    ck_assert_ptr_nonnull(strstr(said, "not_ready -> ready"));
    for (int i = 0; i < 10; i++) {
        scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 20 + i);
        ck_assert_str_eq(changes(), "");
    }
}
END_TEST

START_TEST(report_of_an_outage_has_the_drivers_words_and_its_end_the_duration)
{
    struct outcome outcome = scene_look(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 1000);

    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    (void)changes();
    snprintf(outcome.detail, sizeof(outcome.detail), "connect: Connection refused (111)");
    overview_take(&scene, &outcome);
    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(1000));
    ck_assert_int_eq(lines(changes()), 2);
    ck_assert_ptr_nonnull(strstr(said, "\"check\": \"redis\""));
    ck_assert_ptr_nonnull(strstr(said, "\"reason\": \"connection refused\""));
    ck_assert_ptr_nonnull(strstr(said, "connect: Connection refused (111)"));
    ck_assert_ptr_nonnull(strstr(said, "readiness: ready -> not_ready: redis\""));
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 4000);
    ck_assert_str_eq(changes(), "");
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 4500);
    ck_assert_int_eq(lines(changes()), 2);
    ck_assert_ptr_nonnull(strstr(said, "\"lasted_ms\": 3500"));
    ck_assert_ptr_nonnull(strstr(said, "readiness: not_ready -> ready\""));
    ck_assert_ptr_null(strstr(said, "Connection refused (111)"));
}
END_TEST

START_TEST(report_names_the_spell_and_says_when_its_reason_changes_once_a_second)
{
    char want[64];

    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 20);
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 30);
    (void)snprintf(want, sizeof(want), "\"error_id\": \"%s\"", scene.checks[0].error_id);
    ck_assert_ptr_nonnull(strstr(changes(), want));
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 500);
    ck_assert_str_eq(changes(), ""); /* too soon */
    scene_take(0, OUTCOME_ERROR, HEALTH_REASON_TIMEOUT, 1030);
    ck_assert_int_eq(lines(changes()), 1);
    ck_assert_ptr_nonnull(strstr(said, "error -> error: timeout after 1000 ms"));
    ck_assert_ptr_nonnull(strstr(said, "\"lasted_ms\": 1000"));
    ck_assert_ptr_nonnull(strstr(said, want));
    scene.checks[0].verdict.number = 900; /* another number is no news */
    ck_assert_str_eq(changes(), "");
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 3000);
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 3030);
    ck_assert_ptr_nonnull(strstr(changes(), want)); /* the line that ends it */
    ck_assert_ptr_nonnull(strstr(said, "\"lasted_ms\": 3000"));
}
END_TEST

START_TEST(report_of_what_cannot_be_looked_at_is_one_line_with_its_id)
{
    char want[64];

    scene_reset();
    scene_keep("database redis");
    scene_config.checks[0].not_configured = true;
    scene_config.checks[1].misconfigured = "url holds no address";
    scene_start();
    report_init(&report, &scene);
    ck_assert_int_eq(lines(changes()), 2);
    ck_assert_ptr_nonnull(strstr(said, "check database: starting -> not configured"));
    ck_assert_ptr_nonnull(strstr(said, "check redis: starting -> error: misconfigured"));
    for (int i = 0; i < 2; i++) {
        (void)snprintf(want, sizeof(want), "\"error_id\": \"%s\"", scene.checks[i].error_id);
        ck_assert_ptr_nonnull(strstr(said, want));
    }
    (void)overview_judge(&scene, scene_moment(5000));
    ck_assert_str_eq(changes(), "");
}
END_TEST

START_TEST(report_follows_checks_through_a_reload)
{
    static struct config next;

    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    (void)changes();
    next = scene_config;
    next.checks[1] = next.checks[0];
    next.checks[0].id = 77;
    next.checks[0].name = "cache";
    next.check_count = 2;
    overview_reload(&scene, &next, scene_moment(20));
    (void)overview_judge(&scene, scene_moment(20));
    ck_assert_str_eq(changes(), "");
    scene_take(0, OUTCOME_DEGRADED, HEALTH_REASON_SLOW, 30); /* by its id */
    ck_assert_int_eq(lines(changes()), 1);
    ck_assert_ptr_nonnull(strstr(said, "check redis: ok -> degraded"));
}
END_TEST

START_TEST(report_tells_once_that_the_disk_hangs_and_that_it_answers_again)
{
    scene.keeping.busy_since_ms = SCENE_BOOT_MS;
    (void)overview_judge(&scene, scene_moment(5000));
    ck_assert_str_eq(changes(), "");
    (void)overview_judge(&scene, scene_moment(5001));
    ck_assert_ptr_nonnull(strstr(changes(), "has not answered for 5 s"));
    (void)overview_judge(&scene, scene_moment(60000));
    ck_assert_ptr_null(strstr(changes(), "not answered"));
    scene.keeping.busy_since_ms = SCENE_BOOT_MS + 59000; /* the next write */
    ck_assert_ptr_nonnull(strstr(changes(), "answers again"));
}
END_TEST

START_TEST(report_of_a_drain_and_of_liveness)
{
    scene_reset();
    scene_keep("app");
    scene_start();
    report_init(&report, &scene);
    scene_take(0, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    ck_assert_ptr_nonnull(strstr(changes(), "liveness: ok"));
    (void)scene_drain(20);
    ck_assert_int_eq(lines(changes()), 1);
    ck_assert_ptr_nonnull(strstr(said, "ready -> draining"));
    ck_assert_str_eq(changes(), "");
}
END_TEST

TCase *report_cases(void)
{
    TCase *cases = tcase_create("report");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, report_says_a_change_once_and_a_round_never);
    tcase_add_test(cases, report_of_an_outage_has_the_drivers_words_and_its_end_the_duration);
    tcase_add_test(cases, report_names_the_spell_and_says_when_its_reason_changes_once_a_second);
    tcase_add_test(cases, report_of_what_cannot_be_looked_at_is_one_line_with_its_id);
    tcase_add_test(cases, report_follows_checks_through_a_reload);
    tcase_add_test(cases, report_tells_once_that_the_disk_hangs_and_that_it_answers_again);
    tcase_add_test(cases, report_of_a_drain_and_of_liveness);
    return cases;
}
