/* publish.c - "slo/NAME" for every objective, the metrics fragments, records for the list. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/publish.h"

#include "accountant/alarm_render.h"
#include "accountant/metrics.h"
#include "accountant/render.h"
#include "base/buf.h"
#include "base/limits.h"

#include <stdio.h>

enum {
    /* A read may take all of its deadline (5 s), and so may the two behind it (2 s each). */
    PUBLICATION_MAX_AGE_MS = 10 * 1000,
    /* A turn and a bit: a publication is not too old before the next one can be there. */
    PUBLICATION_MIN_AGE_MS = 2 * 1000,
    RETRY_AFTER_SECONDS = 5,
    PAGE_BYTES = 256 * 1024,
    /* Of a thousand objectives: a dozen lines each. */
    METRICS_BYTES = 8 * 1024 * 1024,
    METRICS_PAGES = 4,
    ALERT_PAGES = 1,
};

static const char not_renewed[] = "the figures are older than their bound: nobody renews them";

static const struct trouble *trouble_now(const struct clerk *clerk)
{
    if (clerk->no_ledger.code != NULL)
        return &clerk->no_ledger;
    if (clerk->resting)
        return trouble_paused();
    if (clerk->trouble != NULL)
        return clerk->trouble;
    return clerk->unwritten.code != NULL ? &clerk->unwritten : trouble_starting();
}

static struct render_objective objective_of(const struct clerk *clerk, int index)
{
    return (struct render_objective){
        .book = &clerk->book,
        .index = index,
        .latency = trackers_of(&clerk->trackers, index),
        .routes = worst_of(&clerk->worst, index),
        .alarms = &clerk->alarms,
        .incidents = clerk->incidents,
        .forecasts = clerk->forecasts,
    };
}

/* A ledger that is not there does not come by waiting. */
static int retry_after_seconds(const struct clerk *clerk)
{
    return clerk->no_ledger.code == NULL ? RETRY_AFTER_SECONDS : 0;
}

static struct page_text text_of(int status, const struct buf *body, int retry_after_seconds)
{
    return (struct page_text){
        .status = status,
        .retry_after_seconds = retry_after_seconds,
        .body = buf_slice(body),
    };
}

/* Texts of one objective on their way; the memory serves all of them in turn. */
struct easel {
    struct buf page;
    struct buf listed;
    struct buf stale;
};

static void easel_init(struct easel *space)
{
    buf_init(&space->page, PAGE_BYTES);
    buf_init(&space->listed, PAGE_BYTES);
    buf_init(&space->stale, PAGE_BYTES);
}

static void easel_done(struct easel *space)
{
    buf_done(&space->page);
    buf_done(&space->listed);
    buf_done(&space->stale);
}

static void add_record(struct page_builder *builder, const struct clerk *clerk, int index,
                       struct slice json);

/* A page with figures: with the bound exceeded the same figures, marked, and a 503. */
static void add_objective(struct page_builder *builder, struct clerk *clerk, int index,
                          struct easel *space)
{
    struct render_objective objective = objective_of(clerk, index);
    bool usable = clerk_is_usable(clerk, clerk->publishing_at_ms);
    struct shelf_texts texts = { .page = &space->page, .listed = &space->listed };
    struct page_text stale_text;
    struct page_text fresh_text;
    char key[128];

    (void)snprintf(key, sizeof(key), "slo/%s", clerk->book.objectives[index].name);
    shelf_give(&clerk->shelf, &objective, key, &texts);
    if (!buf_ok(texts.page) || !buf_ok(texts.listed))
        return;
    buf_clear(&space->stale);
    render_stale(buf_slice(texts.page), texts.marks,
                 usable ? not_renewed : trouble_now(clerk)->message, &space->stale);
    if (!buf_ok(&space->stale))
        return;
    fresh_text = text_of(200, texts.page, 0);
    stale_text = text_of(503, &space->stale, retry_after_seconds(clerk));
    page_add(builder, key, usable ? &fresh_text : &stale_text, &stale_text);
    add_record(builder, clerk, index, buf_slice(texts.listed));
}

/* Alerts are shown with and without figures: that the ledger is out of reach is one of them. */
static void add_alerts(struct page_builder *builder, const struct clerk *clerk, bool usable)
{
    AUTO(buf_done) struct buf fresh;
    AUTO(buf_done) struct buf stale;
    struct page_text stale_text;
    struct page_text fresh_text;

    buf_init(&fresh, ALARM_PAGE_BYTES);
    buf_init(&stale, ALARM_PAGE_BYTES);
    alarm_render_page(&clerk->alarms, NULL, &fresh);
    alarm_render_page(&clerk->alarms, usable ? not_renewed : trouble_now(clerk)->message, &stale);
    if (!buf_ok(&fresh) || !buf_ok(&stale))
        return;
    fresh_text = text_of(200, &fresh, 0);
    stale_text = text_of(503, &stale, retry_after_seconds(clerk));
    page_add(builder, "slo/alerts", usable ? &fresh_text : &stale_text, &stale_text);
}

/* Whether a target and a window of so many minutes don't say all of what is promised. */
static bool says_more(const struct objective *objective)
{
    return objective->budgeting != BUDGETING_OCCURRENCES
           || objective->calendar.unit != CALENDAR_NONE;
}

/* What the front needs for the list and the gate. */
static void add_record(struct page_builder *builder, const struct clerk *clerk, int index,
                       struct slice json)
{
    const struct objective *objective = &clerk->book.objectives[index];
    const struct verdict *verdict = &clerk->book.verdicts[index];

    page_add_objective(builder,
                       &(struct page_objective){
                           .name = objective->name,
                           .service = objective->service,
                           .status = alarms_status(&clerk->alarms, index),
                           .remaining = budget_remaining(objective->target, verdict->whole),
                           .json = json,
                           .promise = says_more(objective) ? objective : NULL,
                       });
}

/* Whose figures, in which format, under which key. */
struct metrics_fragment {
    const char *key;
    enum metrics_format format;
    void (*render)(const struct metrics_sources *sources, enum metrics_format format,
                   struct buf *buf);
};

static const struct metrics_fragment fragments[METRICS_PAGES] = {
    { "metrics", METRICS_PROMETHEUS, metrics_render },
    { "metrics/openmetrics", METRICS_OPENMETRICS, metrics_render },
    { "metrics/fleet", METRICS_PROMETHEUS, metrics_render_fleet },
    { "metrics/fleet/openmetrics", METRICS_OPENMETRICS, metrics_render_fleet },
};

/* The front joins them: they are never answers of their own. */
static void add_fragment(struct page_builder *builder, const struct metrics_sources *sources,
                         const struct metrics_fragment *fragment)
{
    AUTO(buf_done) struct buf body;
    struct page_text text;

    buf_init(&body, METRICS_BYTES);
    fragment->render(sources, fragment->format, &body);
    if (!buf_ok(&body))
        return;
    text = text_of(200, &body, 0);
    page_add(builder, fragment->key, &text, NULL);
}

static void add_metrics(struct page_builder *builder, const struct clerk *clerk, int64_t now_ms)
{
    struct follow_counters ingest;
    struct ledger_counters ledger;
    AUTO(requests_view_done) struct requests_view requests = { 0 };
    struct metrics_sources sources = {
        .book = &clerk->book,
        .alarms = &clerk->alarms,
        .maintenances = &clerk->maintenances,
        .usable = clerk_is_usable(clerk, now_ms),
        .read_at_ms = clerk->read_at_ms,
        .failed_reads = clerk->failed_reads,
        .unreadable_histograms = trackers_unreadable(&clerk->trackers),
        .failed_publications = clerk->failed_publications,
        .now_ms = now_ms,
        .now_wall_ms = clerk->now_wall_ms,
    };

    if (clerk->settings.follower != NULL) {
        follower_counters(clerk->settings.follower, &ingest);
        sources.ingest = &ingest;
        sources.follower = clerk->settings.follower;
    }
    if (clerk->settings.requests != NULL && requests_look(clerk->settings.requests, &requests))
        sources.requests = &requests;
    if (clerk->settings.writer != NULL) {
        ledger_writer_counters(clerk->settings.writer, &ledger);
        sources.ledger = &ledger;
    }
    for (int i = 0; i < METRICS_PAGES; i++)
        add_fragment(builder, &sources, &fragments[i]);
}

/* Figures must not outlive their bound in a publication that nobody renews. */
static int64_t max_age_ms(const struct clerk *clerk, int64_t now_ms)
{
    int64_t left_ms = clerk->settings.config->slo_max_age_ms - (now_ms - clerk->read_at_ms);

    if (!clerk_is_usable(clerk, now_ms) || left_ms > PUBLICATION_MAX_AGE_MS)
        return PUBLICATION_MAX_AGE_MS;
    return left_ms > PUBLICATION_MIN_AGE_MS ? left_ms : PUBLICATION_MIN_AGE_MS;
}

/* Without figures the front says why: an error body names the request, a page can't. */
static void add_objectives(struct page_builder *builder, struct clerk *clerk)
{
    AUTO(easel_done) struct easel space;

    easel_init(&space);
    for (int i = 0; i < clerk->book.count; i++) {
        struct render_objective objective = objective_of(clerk, i);

        if (clerk->book.as_of_wall_ms > 0) {
            add_objective(builder, clerk, i, &space);
            continue;
        }
        buf_clear(&space.listed);
        render_listed(&objective, &space.listed);
        if (buf_ok(&space.listed))
            add_record(builder, clerk, i, buf_slice(&space.listed));
    }
}

/* Every page counts: one that could not be rendered leaves the whole publication out. */
static struct page_set *build(struct clerk *clerk, int64_t now_ms)
{
    AUTO(page_builder_free)
    struct page_builder *builder = page_builder_new(max_age_ms(clerk, now_ms));
    int count = clerk_knows_objectives(clerk) ? clerk->book.count : 0;
    bool known = clerk->book.as_of_wall_ms > 0;
    bool usable = clerk_is_usable(clerk, now_ms);
    struct page_set *set;

    if (builder == NULL)
        return NULL;
    clerk->publishing_at_ms = now_ms;
    if (count > 0)
        add_objectives(builder, clerk);
    add_alerts(builder, clerk, usable);
    waivers_publish(&clerk->waivers, builder);
    maintenances_publish(&clerk->maintenances, builder);
    add_metrics(builder, clerk, now_ms);
    page_set_figures(builder, clerk->book.as_of_wall_ms, usable,
                     usable ? NULL : trouble_now(clerk)->message);
    set = page_builder_finish(&builder);
    if (set == NULL
        || (set->page_count == (known ? count : 0) + METRICS_PAGES + ALERT_PAGES
            && set->objective_count == count))
        return set;
    page_set_free(&set);
    return NULL;
}

void publish_figures(struct clerk *clerk, int64_t now_ms)
{
    struct page_set *set = build(clerk, now_ms);
    bool shown;

    if (set == NULL) {
        clerk->failed_publications++;
        return;
    }
    /* Pages whose fresh answer is a stale one are no good to go on from. */
    shown = set->usable && clerk->book.as_of_wall_ms > 0;
    slot_publish(clerk->settings.slot, &set);
    shelf_keep(&clerk->shelf, shown ? clerk->settings.slot : NULL);
}
