/* scene.c - one configuration and one overview, which every test begins anew. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "scene.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct config scene_config;
struct overview scene;
struct view scene_view;
static struct buf page;

static const struct {
    const char *name;
    enum check_kind kind;
} all[] = {
    { "app", CHECK_HTTP },
    { "database", CHECK_POSTGRES },
    { "redis", CHECK_REDIS },
    { "celery", CHECK_CELERY },
};

void scene_reset(void)
{
    scene_view = (struct view){ .shape = RENDER_JSON };
    scene_config = (struct config){ .app_version = "1.4.2",
                                    .check_count = 4,
                                    .groups = { "liveness", "readiness", "startup" },
                                    .group_count = GROUP_NAMED };
    for (int i = 0; i < 4; i++)
        scene_config.checks[i] = (struct check_config){ .id = (uint64_t)i + 1,
                                                        .name = all[i].name,
                                                        .kind = all[i].kind,
                                                        .critical = true,
                                                        .groups = 1U << GROUP_READINESS,
                                                        .limits = check_no_limits,
                                                        .celery = { .expected_workers = -1 },
                                                        .pool_size = 10,
                                                        .timeout_ms = 1000,
                                                        .max_age_ms = 5000,
                                                        .fall = 2,
                                                        .rise = 2 };
    scene_config.checks[SCENE_APP].groups |= 1U << GROUP_STARTUP | 1U << GROUP_LIVENESS;
}

void scene_keep(const char *names)
{
    int kept = 0;

    for (int i = 0; i < scene_config.check_count; i++) {
        if (strstr(names, scene_config.checks[i].name) != NULL)
            scene_config.checks[kept++] = scene_config.checks[i];
    }
    scene_config.check_count = kept;
}

struct moment scene_moment(int64_t after_ms)
{
    return (struct moment){ SCENE_BOOT_MS + after_ms, SCENE_WALL_MS + after_ms };
}

void scene_start(void)
{
    overview_done(&scene);
    memset(&scene, 0, sizeof(scene));
    overview_init(&scene, &scene_config, scene_moment(0));
}

struct outcome scene_look(int check, enum outcome_status status, enum health_reason reason,
                          int64_t after_ms)
{
    return (struct outcome){ .check = scene_config.checks[check].id,
                             .status = status,
                             .reason = reason,
                             .number = 1000,
                             .observed_at_ms = SCENE_BOOT_MS + after_ms,
                             .observed_at_wall_ms = SCENE_WALL_MS + after_ms,
                             .latency_us = 2300 };
}

void scene_take(int check, enum outcome_status status, enum health_reason reason, int64_t after_ms)
{
    struct outcome outcome = scene_look(check, status, reason, after_ms);

    overview_take(&scene, &outcome);
    (void)overview_judge(&scene, scene_moment(after_ms));
}

void scene_all_ok(int64_t after_ms)
{
    for (int i = 0; i < scene_config.check_count; i++)
        scene_take(i, OUTCOME_OK, HEALTH_REASON_NONE, after_ms);
}

bool scene_drain(int64_t after_ms)
{
    const struct drain drain = { .until_boot_ms = SCENE_BOOT_MS + after_ms + 5000,
                                 .reason = "told to end (SIGTERM)" };

    overview_drain(&scene, &drain, scene_moment(after_ms));
    return overview_judge(&scene, scene_moment(after_ms));
}

const char *scene_page(render_fn render, bool too_old, struct page_text *ret_text)
{
    struct page_text text = { 0 };

    buf_done(&page);
    buf_init(&page, 65536);
    scene_view.overview = &scene;
    scene_view.too_old = too_old;
    render(&scene_view, &text, &page);
    ck_assert(buf_ok(&page));
    if (ret_text != NULL)
        *ret_text = text;
    return buf_text(&page);
}
