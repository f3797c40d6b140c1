/* scene.h - a configuration with four checks, and looks at them at times of the test's choice. */
#ifndef TESTS_MONITOR_SCENE_H
#define TESTS_MONITOR_SCENE_H

#include "base/buf.h"
#include "monitor/overview.h"
#include "monitor/render.h"

enum { SCENE_APP, SCENE_DATABASE, SCENE_REDIS, SCENE_CELERY };

/* The clocks that scenes begin with: 2026-11-21T12:00:00.000Z, and an hour after the boot. */
#define SCENE_WALL_MS 1795262400000
#define SCENE_BOOT_MS 3600000

extern struct config scene_config;
extern struct overview scene;
extern struct view scene_view; /* how scene_page() writes: as JSON unless the test says else */

/* Puts the configuration back: all four checks, critical, fall 2, rise 2, valid for 5 s. */
void scene_reset(void);

/* Keeps only these checks, a list of names with blanks between. */
void scene_keep(const char *names);

/* The scene begins at its first moment. */
void scene_start(void);

struct moment scene_moment(int64_t after_ms);

/* A look at a check, by its index in the configuration, that ended so long after the beginning. */
struct outcome scene_look(int check, enum outcome_status status, enum health_reason reason,
                          int64_t after_ms);

/* Takes such a look and judges at its time. */
void scene_take(int check, enum outcome_status status, enum health_reason reason, int64_t after_ms);

/* Every check has passed, at that time. */
void scene_all_ok(int64_t after_ms);

/* A signal to end, with 5 s to drain; judges at its time, and returns whether a page changes. */
bool scene_drain(int64_t after_ms);

/* A page as text, and its status; the text is good until the next call. */
const char *scene_page(render_fn render, bool too_old, struct page_text *ret_text);

#endif
