/* render_pages.c - every page in every shape, fresh and too old, as one set. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/render.h"

#include <stdio.h>

enum {
    /* The details of 64 checks, each with all its queues and what its application reports, stay
     * below it. */
    PAGE_MAX_BYTES = 1024 * 1024,
    KEY_BYTES = 128,
};

#define SHAPE(shape) (1U << (shape))

static const struct page_row {
    const char *key;
    render_fn render;
    unsigned shapes;
} rows[] = {
    { "health", render_health,
      SHAPE(RENDER_JSON) | SHAPE(RENDER_VERBOSE) | SHAPE(RENDER_TEXT) | SHAPE(RENDER_IETF) },
    { "ready", render_ready,
      SHAPE(RENDER_JSON) | SHAPE(RENDER_VERBOSE) | SHAPE(RENDER_TEXT) | SHAPE(RENDER_IETF) },
    { "startup", render_startup,
      SHAPE(RENDER_JSON) | SHAPE(RENDER_VERBOSE) | SHAPE(RENDER_TEXT) | SHAPE(RENDER_IETF) },
    { "detailed", render_detailed, SHAPE(RENDER_JSON) | SHAPE(RENDER_TEXT) | SHAPE(RENDER_IETF) },
};

static const struct page_row group_row = { "group", render_group,
                                           SHAPE(RENDER_JSON) | SHAPE(RENDER_VERBOSE)
                                               | SHAPE(RENDER_TEXT) | SHAPE(RENDER_IETF) };

static const struct page_row component_row = {
    "detailed", render_component, SHAPE(RENDER_JSON) | SHAPE(RENDER_TEXT) | SHAPE(RENDER_IETF)
};

static const char *const suffixes[] = {
    [RENDER_JSON] = "",
    [RENDER_VERBOSE] = ";verbose",
    [RENDER_TEXT] = ";text",
    [RENDER_IETF] = ";ietf",
};

/* A set under construction. */
struct making {
    const struct overview *overview;
    struct page_builder *builder;
    struct buf bodies[2]; /* fresh and too old; their memory serves every page */
    bool failed;          /* out of memory */
};

/* Whether it has, and memory was not out instead: what is appended at once is far smaller than half
 * of the bound. */
static bool has_outgrown(const struct buf *body)
{
    return !buf_ok(body) && body->length > PAGE_MAX_BYTES / 2;
}

/* One page that has outgrown its bound must not take the others along: no publication at all would
 * be a readiness of 503.  Returns false when memory was out instead. */
static bool stay_small(struct page_text *text, struct buf *body)
{
    if (!has_outgrown(body))
        return buf_ok(body);
    buf_clear(body);
    buf_append_text(body, "{\"status\": \"too_large\", \"reason\": \"this page has outgrown its "
                          "bound and is left out\"}");
    text->content_type = NULL;
    return true;
}

static void add_page(struct making *making, const char *key, render_fn render, struct view view)
{
    struct page_text texts[2] = { { 0 }, { 0 } };

    for (int too_old = 0; too_old < 2 && !making->failed; too_old++) {
        struct buf *body = &making->bodies[too_old];

        buf_clear(body);
        view.too_old = too_old != 0;
        render(&view, &texts[too_old], body);
        making->failed = !stay_small(&texts[too_old], body);
        texts[too_old].body = buf_slice(body);
    }
    if (!making->failed)
        page_add(making->builder, key, &texts[0], &texts[1]);
}

/* `name` is what stands behind the row's key, or NULL. */
static void add_shapes(struct making *making, const struct page_row *row, const char *name,
                       int which)
{
    for (enum render_shape shape = RENDER_JSON; shape <= RENDER_IETF; shape++) {
        char key[KEY_BYTES];

        if ((row->shapes & SHAPE(shape)) == 0)
            continue;
        (void)snprintf(key, sizeof(key), "%s%s%.100s%s", row->key, name == NULL ? "" : "/",
                       name == NULL ? "" : name, suffixes[shape]);
        add_page(making, key, row->render,
                 (struct view){ .overview = making->overview, .shape = shape, .which = which });
    }
}

/* The front leaves a fragment out that is too old, so there is no other variant of it. */
static void add_metrics(struct making *making, const char *key, enum metrics_format format)
{
    struct page_text text = { .status = 200 };
    struct buf *body = &making->bodies[0];

    if (making->failed)
        return;
    buf_clear(body);
    render_metrics(making->overview, format, body);
    if (has_outgrown(body))
        buf_clear(body);
    making->failed = !buf_ok(body);
    text.body = buf_slice(body);
    if (!making->failed)
        page_add(making->builder, key, &text, NULL);
}

static void add_all(struct making *making)
{
    const struct config *config = making->overview->config;

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        add_shapes(making, &rows[i], NULL, 0);
    for (int group = GROUP_NAMED; group < config->group_count; group++)
        add_shapes(making, &group_row, config->groups[group], group);
    for (int check = 0; check < config->check_count; check++)
        add_shapes(making, &component_row, config->checks[check].name, check);
    add_metrics(making, "metrics", METRICS_PROMETHEUS);
    add_metrics(making, "metrics/openmetrics", METRICS_OPENMETRICS);
}

struct page_set *render_pages(const struct overview *overview)
{
    struct making making = { .overview = overview,
                             .builder = page_builder_new(OVERVIEW_MAX_AGE_MS) };
    struct page_set *pages = NULL;

    if (making.builder == NULL)
        return NULL;
    for (int i = 0; i < 2; i++)
        buf_init(&making.bodies[i], PAGE_MAX_BYTES);
    add_all(&making);
    for (int i = 0; i < 2; i++)
        buf_done(&making.bodies[i]);
    if (!making.failed)
        pages = page_builder_finish(&making.builder);
    page_builder_free(&making.builder);
    return pages;
}
