/* plan.c - bounds by service, and each selector as a range of the buckets between them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* A service takes some 300 bytes and an indicator 24: no catalogue needs as much. */
enum { ARENA_BYTES = 16 * 1024 * 1024 };

/* Buckets from `first` up to, and without, `until`. */
struct bucket_range {
    int first;
    int until;
};

struct plan_indicator {
    int service;
    struct bucket_range total;
    struct bucket_range mark; /* within `total` */
};

/* The indicators of one service: a run of `by_service`. */
struct plan_service {
    struct plan_bounds bounds;
    int first;
    int count;
};

struct plan {
    struct arena *arena; /* owns everything */
    const struct catalogue *catalogue;
    struct plan_service *services;
    struct plan_indicator *indicators;
    int *by_service; /* indicators ordered by service */
};

/* --- bounds --- */

/* Puts a bound in its place; false when there are too many. */
static bool bounds_add(struct plan_bounds *bounds, int64_t at_ms)
{
    int at = bounds->count;

    for (int i = 0; i < bounds->count; i++) {
        if (bounds->at_ms[i] == at_ms)
            return true;
    }
    if (at_ms <= 0) /* no bound: every duration is at least 0 */
        return true;
    if (bounds->count == LIMIT_THRESHOLDS)
        return false;
    for (; at > 0 && bounds->at_ms[at - 1] > at_ms; at--)
        bounds->at_ms[at] = bounds->at_ms[at - 1];
    bounds->at_ms[at] = at_ms;
    bounds->count++;
    return true;
}

static bool bounds_add_selector(struct plan_bounds *bounds, const struct selector *selector)
{
    return bounds_add(bounds, selector->from_ms) && bounds_add(bounds, selector->below_ms);
}

/* The bucket that begins at the duration, which is 0 or one of the bounds. */
static int bucket_from(const struct plan_bounds *bounds, int64_t at_ms)
{
    return at_ms <= 0 ? 0 : plan_bucket(bounds, (uint64_t)at_ms);
}

static struct bucket_range range_of(const struct plan_bounds *bounds,
                                    const struct selector *selector)
{
    return (struct bucket_range){
        .first = bucket_from(bounds, selector->from_ms),
        .until =
            selector->below_ms == 0 ? bounds->count + 1 : bucket_from(bounds, selector->below_ms),
    };
}

static struct bucket_range range_meet(struct bucket_range a, struct bucket_range b)
{
    return (struct bucket_range){
        .first = a.first > b.first ? a.first : b.first,
        .until = a.until < b.until ? a.until : b.until,
    };
}

/* --- building --- */

static int find_bounds(struct plan *plan, struct error *err)
{
    const struct catalogue *catalogue = plan->catalogue;

    for (int i = 0; i < catalogue->indicator_count; i++) {
        const struct indicator *indicator = &catalogue->indicators[i];
        int service = catalogue_service(catalogue, slice_of(indicator->service));
        struct plan_bounds *bounds = &plan->services[service].bounds;

        plan->indicators[i].service = service;
        plan->services[service].count++;
        if (!bounds_add_selector(bounds, &indicator->total)
            || !bounds_add_selector(bounds, &indicator->mark))
            return error_set(err, E2BIG,
                             "objectives of %s: they name more than %d different durations: let "
                             "some share one, or split the service",
                             indicator->service, LIMIT_THRESHOLDS);
    }
    return 0;
}

static void find_ranges(struct plan *plan)
{
    const struct catalogue *catalogue = plan->catalogue;
    int next = 0;

    for (int i = 0; i < catalogue->service_count; i++) {
        plan->services[i].first = next;
        next += plan->services[i].count;
        plan->services[i].count = 0;
    }
    for (int i = 0; i < catalogue->indicator_count; i++) {
        struct plan_indicator *indicator = &plan->indicators[i];
        struct plan_service *service = &plan->services[indicator->service];

        indicator->total = range_of(&service->bounds, &catalogue->indicators[i].total);
        indicator->mark = range_meet(indicator->total,
                                     range_of(&service->bounds, &catalogue->indicators[i].mark));
        plan->by_service[service->first + service->count++] = i;
    }
}

int plan_new(const struct catalogue *catalogue, struct plan **ret, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct plan *plan = arena == NULL ? NULL : arena_alloc(arena, sizeof(*plan));
    size_t services = (size_t)catalogue->service_count;
    size_t indicators = (size_t)catalogue->indicator_count;
    int code;

    if (plan == NULL)
        return error_set(err, ENOMEM, "objectives: out of memory");
    plan->catalogue = catalogue;
    plan->services = arena_alloc(arena, services * sizeof(*plan->services) + 1);
    plan->indicators = arena_alloc(arena, indicators * sizeof(*plan->indicators) + 1);
    plan->by_service = arena_alloc(arena, indicators * sizeof(*plan->by_service) + 1);
    if (plan->services == NULL || plan->indicators == NULL || plan->by_service == NULL)
        return error_set(err, ENOMEM, "objectives: out of memory");
    code = find_bounds(plan, err);
    if (code != 0)
        return code;
    find_ranges(plan);
    plan->arena = arena;
    arena = NULL;
    *ret = plan;
    return 0;
}

void plan_free(struct plan **plan)
{
    struct arena *arena;

    if (*plan == NULL)
        return;
    arena = (*plan)->arena; /* the plan itself lives in it */
    arena_free(&arena);
    *plan = NULL;
}

const struct catalogue *plan_catalogue(const struct plan *plan)
{
    return plan->catalogue;
}

const struct plan_bounds *plan_bounds(const struct plan *plan, int service)
{
    assert(service >= 0 && service < plan->catalogue->service_count);
    return &plan->services[service].bounds;
}

int plan_indicator_count(const struct plan *plan, int service)
{
    assert(service >= 0 && service < plan->catalogue->service_count);
    return plan->services[service].count;
}

/* --- counting --- */

int plan_views(const struct plan *plan, const struct plan_series *series, struct arena *arena,
               struct plan_view **ret)
{
    const struct plan_service *service = &plan->services[series->service];
    struct slice route = slice_of(series->route);
    struct plan_view *views = arena_alloc(arena, (size_t)service->count * sizeof(*views) + 1);
    int count = 0;

    if (views == NULL)
        return -1;
    for (int i = 0; i < service->count; i++) {
        int index = plan->by_service[service->first + i];
        const struct indicator *indicator = &plan->catalogue->indicators[index];

        if (!selector_takes_series(&indicator->total, route, series->method))
            continue;
        views[count++] = (struct plan_view){
            .indicator = index,
            .marked = selector_takes_series(&indicator->mark, route, series->method),
        };
    }
    *ret = views;
    return count;
}

static bool takes_status(const struct selector *selector, int status)
{
    return status_set_is_empty(&selector->statuses) || status_set_has(&selector->statuses, status);
}

static uint64_t sum_of(const struct plan_cells *cells, int at, struct bucket_range range)
{
    const uint32_t *counts = &cells->counts[at * cells->bucket_count];
    uint64_t sum = 0;

    for (int i = range.first; i < range.until; i++)
        sum += counts[i];
    return sum;
}

uint64_t plan_cells_sum(const struct plan_cells *cells, int at)
{
    return sum_of(cells, at, (struct bucket_range){ 0, cells->bucket_count });
}

struct plan_share plan_count(const struct plan *plan, const struct plan_view *view,
                             const struct plan_cells *cells)
{
    const struct indicator *indicator = &plan->catalogue->indicators[view->indicator];
    const struct plan_indicator *ranges = &plan->indicators[view->indicator];
    struct plan_share share = { 0 };
    uint64_t marked = 0;

    for (; cells != NULL; cells = cells->next) {
        for (int i = 0; i < cells->status_count; i++) {
            int status = cells->statuses[i];

            if (status == STATUS_CLIENT_CLOSED || !takes_status(&indicator->total, status))
                continue;
            share.total += sum_of(cells, i, ranges->total);
            if (view->marked && takes_status(&indicator->mark, status))
                marked += sum_of(cells, i, ranges->mark);
        }
    }
    share.bad = indicator->marks_good ? share.total - marked : marked;
    return share;
}
