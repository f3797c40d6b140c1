/* test_render_text.c - module/monitor/render_text.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

static void begin(void)
{
    scene_reset();
    scene_view.shape = RENDER_TEXT;
}

static void expect(render_fn render, bool too_old, int status, const char *body)
{
    struct page_text text;

    ck_assert_str_eq(scene_page(render, too_old, &text), body);
    ck_assert_int_eq(text.status, status);
    ck_assert_str_eq(text.content_type, "text/plain; charset=utf-8");
    ck_assert(text.vary_accept);
}

START_TEST(text_has_a_line_for_each_check_and_the_verdict_last)
{
    scene_start();
    expect(render_ready, false, 503,
           "[-]app starting\n[-]database starting\n[-]redis starting\n[-]celery starting\n"
           "not_ready\n");
    scene_all_ok(0);
    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 0);
    scene_take(SCENE_REDIS, OUTCOME_ERROR, HEALTH_REASON_REFUSED, 0);
    scene_take(SCENE_CELERY, OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 0);
    expect(render_ready, false, 503,
           "[+]app ok\n[+]database ok\n[-]redis connection refused\n[+]celery degraded: busy\n"
           "not_ready\n");
    expect(render_startup, false, 200,
           "[+]app ok\n[+]database ok\n[-]redis connection refused\n[+]celery degraded: busy\n"
           "started\n");
    expect(render_health, false, 200, "[+]app ok\nok\n");
    expect(render_detailed, false, 503,
           "[+]app ok\n[+]database ok\n[-]redis connection refused\n[+]celery degraded: busy\n"
           "unhealthy\n");
    scene_view.which = SCENE_REDIS;
    expect(render_component, false, 503,
           "[-]redis connection refused\nerror: connection refused\n");
    scene_reset();
    scene_view.shape = RENDER_TEXT;
    scene_view.which = SCENE_REDIS;
    scene_config.checks[SCENE_REDIS].not_configured = true;
    scene_start();
    expect(render_component, false, 503, "[-]redis not configured\nnot configured\n");
}
END_TEST

START_TEST(text_too_old_says_so)
{
    scene_keep("database");
    scene_start();
    scene_all_ok(0);
    expect(render_ready, true, 503,
           "[-]database stale: no result for 3 s\nnot_ready: the thread that judges health has "
           "stopped: nothing is known since the time in timestamp\n");
}
END_TEST

START_TEST(text_keeps_a_reason_on_its_line)
{
    const struct drain drain = { .reason = "move\n[+]redis ok\x7f" };

    scene_keep("database");
    scene_start();
    scene_all_ok(0);
    overview_drain(&scene, &drain, scene_moment(0));
    (void)overview_judge(&scene, scene_moment(0));
    expect(render_ready, false, 503, "[+]database ok\ndraining: move [+]redis ok \n");
}
END_TEST

TCase *render_text_cases(void)
{
    TCase *cases = tcase_create("render_text");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, text_has_a_line_for_each_check_and_the_verdict_last);
    tcase_add_test(cases, text_too_old_says_so);
    tcase_add_test(cases, text_keeps_a_reason_on_its_line);
    return cases;
}
