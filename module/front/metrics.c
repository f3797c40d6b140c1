/* metrics.c - joins the fragments of both owners with the front's own families. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "base/auto.h"
#include "base/log.h"
#include "front/negotiate.h"
#include "front/process.h"

enum { OWNERS = 2 };

struct fragment {
    const char *owner;
    const struct page_set *set; /* held */
    int64_t age_ms;
    bool stale; /* left out, and said */
};

static struct fragment take(const char *owner, struct slot *slot)
{
    struct fragment fragment = { .owner = owner, .set = slot_acquire(slot), .stale = true };

    if (fragment.set != NULL) {
        fragment.age_ms = slot_age_ms(fragment.set);
        fragment.stale = fragment.age_ms > fragment.set->max_age_ms;
    }
    return fragment;
}

enum part { PART_OWN, PART_FLEET, PARTS };

static void append(const struct fragment *fragment, enum part part, struct metrics_writer *writer)
{
    static const struct slice keys[PARTS][2] = {
        [PART_OWN] = { [METRICS_PROMETHEUS] = { "metrics", 7 },
                       [METRICS_OPENMETRICS] = { "metrics/openmetrics", 19 } },
        [PART_FLEET] = { [METRICS_PROMETHEUS] = { "metrics/fleet", 13 },
                         [METRICS_OPENMETRICS] = { "metrics/fleet/openmetrics", 25 } },
    };
    const struct page *page =
        fragment->stale ? NULL : page_find(fragment->set, keys[part][writer->format]);

    if (page != NULL)
        buf_append(writer->buf, page->fresh.body);
}

static void describe_publications(const struct fragment fragments[OWNERS],
                                  struct metrics_writer *writer)
{
    metrics_family(writer, "probity_publication_age_seconds", METRICS_GAUGE,
                   "Age of what each owner published last.");
    for (int i = 0; i < OWNERS; i++) {
        if (fragments[i].set != NULL)
            metrics_seconds_from_ms(
                writer, (struct metrics_label[]){ { "owner", fragments[i].owner }, { 0 } },
                fragments[i].age_ms);
    }
    metrics_family(writer, "probity_publication_stale", METRICS_GAUGE,
                   "1 when an owner's publication is too old: its families are left out.");
    for (int i = 0; i < OWNERS; i++)
        metrics_int(writer, (struct metrics_label[]){ { "owner", fragments[i].owner }, { 0 } },
                    fragments[i].stale);
}

static void describe_front(const struct sources *sources, struct metrics_writer *writer)
{
    counters_describe(&sources->counters, writer);
    if (sources->journal != NULL)
        events_describe(sources->journal, writer);
    metrics_family(writer, "probity_front_open_connections", METRICS_GAUGE,
                   "Connections that are open now.");
    metrics_int(writer, NULL, sources->open_connections);
    metrics_family(writer, "probity_loop_lag_seconds", METRICS_GAUGE,
                   "Longest turn of the front's loop in the last ten seconds: what a request "
                   "waited for others at most.");
    metrics_seconds_from_us(writer, NULL, sources->loop_lag_us);
    metrics_family(writer, "probity_log_dropped_total", METRICS_COUNTER,
                   "Lines of our own log that were dropped because its output was stuck.");
    metrics_uint(writer, NULL, log_dropped());
    metrics_family(writer, "probity_build_info", METRICS_INFO, "The program's version.");
    metrics_uint(writer, (struct metrics_label[]){ { "version", PACKAGE_VERSION }, { 0 } }, 1);
    process_describe(sources->process_started_at_wall_ms, writer);
}

enum scope { SCOPE_INSTANCE, SCOPE_FLEET, SCOPE_UNKNOWN };

/* Other parameters are ignored: whoever scrapes may have a reason for them. */
static enum scope scope_of(struct slice query)
{
    enum scope scope = SCOPE_INSTANCE;

    while (query.length > 0) {
        struct slice value = slice_cut(&query, '&');
        struct slice name = slice_cut(&value, '=');

        if (slice_equals_text(name, "scope"))
            scope = slice_equals_text(value, "fleet") ? SCOPE_FLEET : SCOPE_UNKNOWN;
    }
    return scope;
}

/* Behind a load balancer each scrape meets another instance: only what is the same in all of them
 * makes series that mean something. */
static void write_families(struct exchange *exchange, enum scope scope,
                           struct metrics_writer *writer)
{
    struct fragment fragments[OWNERS] = { take("monitor", exchange->sources->health),
                                          take("accountant", exchange->sources->slo) };

    for (int i = 0; i < OWNERS; i++) {
        append(&fragments[i], PART_FLEET, writer);
        if (scope == SCOPE_INSTANCE)
            append(&fragments[i], PART_OWN, writer);
    }
    if (scope == SCOPE_INSTANCE) {
        describe_publications(fragments, writer);
        describe_front(exchange->sources, writer);
    }
    for (int i = 0; i < OWNERS; i++)
        slot_release(&fragments[i].set);
}

void metrics_give(struct exchange *exchange)
{
    struct buf *body = &exchange->response->own_body;
    bool open_metrics =
        negotiate_accepts(exchange->request->accept, SLICE("application/openmetrics-text"));
    enum scope scope = scope_of(exchange->request->query);
    struct metrics_writer writer;

    if (scope == SCOPE_UNKNOWN) {
        response_error(exchange->response, exchange->request,
                       &(struct response_error){ .status = 400,
                                                 .code = "bad_request",
                                                 .message = "scope is not fleet: say scope=fleet "
                                                            "or leave it out" });
        return;
    }
    metrics_init(&writer, body, open_metrics ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
    write_families(exchange, scope, &writer);
    if (open_metrics)
        buf_append_text(body, "# EOF\n");
    response_text(
        exchange->response,
        &(struct page_text){
            .status = 200,
            .content_type = open_metrics
                                ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8",
            .vary_accept = true,
        });
}
