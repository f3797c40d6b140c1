/* test_render_history.c - module/monitor/render_history.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "monitor/history.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct check_state state;
static struct history history;
static struct buf text;

static void begin(void)
{
    state = (struct check_state){ .history = &history };
    history = (struct history){ .name = "redis" };
    history_begin(&history, SCENE_BOOT_MS);
}

static const char *written(void)
{
    struct json_writer writer;

    buf_done(&text);
    buf_init(&text, 65536);
    json_writer_init(&writer, &text);
    json_open_object(&writer);
    render_history(&state, &writer);
    json_close_object(&writer);
    return buf_text(&text);
}

START_TEST(a_component_without_a_past_knows_nothing)
{
    static const char nothing[] =
        "{\"uptime\": {\"1h\": null, \"24h\": null, \"7d\": null, \"30d\": null}, "
        "\"changes_last_hour\": 0, \"transitions\": [], \"history\": []}";

    ck_assert_str_eq(written(), nothing);
    state.history = NULL;
    ck_assert_str_eq(written(), nothing);
}
END_TEST

START_TEST(the_newest_result_and_transition_come_first)
{
    struct history_transition transition = { .at_wall_ms = SCENE_WALL_MS,
                                             .from = CHECK_STARTING,
                                             .to = CHECK_OK };
    struct history_result result = { .at_wall_ms = SCENE_WALL_MS, .latency_us = 800 };

    history_add_transition(&history, &transition);
    transition = (struct history_transition){ .at_wall_ms = SCENE_WALL_MS + 5000,
                                              .lasted_ms = 5000,
                                              .number = 1000,
                                              .from = CHECK_OK,
                                              .to = CHECK_ERROR,
                                              .reason = HEALTH_REASON_TIMEOUT,
                                              .error_id = "0123abcd" };
    history_add_transition(&history, &transition);
    history_add_result(&history, &result);
    result = (struct history_result){ .at_wall_ms = SCENE_WALL_MS + 1000,
                                      .latency_us = 1000100,
                                      .number = 1000,
                                      .status = OUTCOME_ERROR,
                                      .reason = HEALTH_REASON_TIMEOUT };
    history_add_result(&history, &result);
    ck_assert_ptr_nonnull(strstr(
        written(),
        "\"transitions\": [{\"at\": \"2026-11-21T12:00:05.000Z\", \"from\": \"ok\", \"to\": "
        "\"error\", \"reason\": \"timeout after 1000 ms\", \"lasted_ms\": 5000, "
        "\"error_id\": \"0123abcd\"}, {\"at\": \"2026-11-21T12:00:00.000Z\", \"from\": "
        "\"starting\", \"to\": \"ok\", \"lasted_ms\": 0}], \"history\": ["
        "{\"at\": \"2026-11-21T12:00:01.000Z\", \"status\": \"error\", \"latency_ms\": 1000.1, "
        "\"reason\": \"timeout after 1000 ms\"}, {\"at\": \"2026-11-21T12:00:00.000Z\", "
        "\"status\": \"ok\", \"latency_ms\": 0.8}]}"));
}
END_TEST

static const struct {
    int64_t up_ms, down_ms;
    const char *want;
} shares[] = {
    { 1000, 0, "\"1h\": 1.000000" },
    { 0, 1000, "\"1h\": 0.000000" },
    { 2000, 1000, "\"1h\": 0.666666" },
    { 3599999, 1, "\"1h\": 0.999999" }, /* never rounded up to all of it */
};

START_TEST(uptime_is_rounded_down)
{
    uptime_pass(&history.uptime, UPTIME_UP, shares[_i].up_ms);
    uptime_pass(&history.uptime, UPTIME_DOWN, shares[_i].down_ms);
    ck_assert_msg(strstr(written(), shares[_i].want) != NULL, "%s", buf_text(&text));
}
END_TEST

TCase *render_history_cases(void)
{
    TCase *cases = tcase_create("render_history");

    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, a_component_without_a_past_knows_nothing);
    tcase_add_test(cases, the_newest_result_and_transition_come_first);
    tcase_add_loop_test(cases, uptime_is_rounded_down, 0, (int)ARRAY_LENGTH(shares));
    return cases;
}
