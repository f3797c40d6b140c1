/* test_plan.c - module/slo/plan.c: what the indicators of a catalogue make of a tally's events. */
/* SPDX-License-Identifier: MIT */
#include "slo/plan.h"

#include "slo/tally.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const jobs_routes[] = { "/v1/jobs", "/v1/jobs/*" };
static const char *const users_routes[] = { "/users/{id}" };

/* --- catalogues --- */

static void add_indicator(struct catalogue_builder *builder, struct indicator indicator)
{
    static int number;
    struct objective objective = { .type = OBJECTIVE_CUSTOM, .window_minutes = 60 };

    (void)snprintf(objective.name, sizeof(objective.name), "o%d", number++);
    (void)snprintf(objective.service, sizeof(objective.service), "%s", indicator.service);
    ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
}

static struct catalogue *catalogue_of(const struct indicator *indicator)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");

    add_indicator(builder, *indicator);
    return catalogue_finish(&builder);
}

static struct status_set statuses(int low, int high)
{
    struct status_set set = { { 0 } };

    status_set_add(&set, low, high);
    return set;
}

/* --- what counts, by hand --- */

struct sample {
    const char *route;
    enum event_method method;
    int status;
    uint64_t duration_ms;
};

/* The definition, one event at a time. */
static void naive_count(const struct indicator *indicator, const struct sample *sample,
                        struct plan_share *share)
{
    struct slice route = slice_of(sample->route);
    bool marked;

    if (sample->status == STATUS_CLIENT_CLOSED
        || !selector_takes_series(&indicator->total, route, sample->method)
        || !selector_takes_outcome(&indicator->total, sample->status, sample->duration_ms))
        return;
    marked = selector_takes_series(&indicator->mark, route, sample->method)
             && selector_takes_outcome(&indicator->mark, sample->status, sample->duration_ms);
    share->total++;
    share->bad += marked != indicator->marks_good;
}

static void add_sample(struct tally *tally, int service, const struct sample *sample)
{
    int series = tally_series(tally, service, slice_of(sample->route), sample->method);
    struct tally_event event = { 60000, sample->duration_ms, (uint32_t)series,
                                 (uint16_t)sample->status };

    ck_assert_int_ge(series, 0);
    ck_assert(tally_add(tally, &event));
}

/* What the plan makes of all rows of the tally, for one indicator. */
static struct plan_share share_of(const struct tally *tally, int indicator)
{
    const struct plan *plan = tally_plan(tally);
    AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
    struct plan_share share = { 0 };

    for (int i = 0; i < tally_row_count(tally); i++) {
        const struct tally_row *row = tally_row_at(tally, i);
        struct plan_view *views = NULL;
        int count = plan_views(plan, tally_series_at(tally, row->series), arena, &views);

        for (int k = 0; k < count; k++) {
            struct plan_share part = plan_count(plan, &views[k], row->cells);

            if (views[k].indicator != indicator)
                continue;
            share.total += part.total;
            share.bad += part.bad;
        }
    }
    return share;
}

START_TEST(an_indicator_counts_what_its_selectors_mean)
{
    static const struct sample samples[] = {
        { "/v1/jobs", EVENT_GET, 200, 0 },        { "/v1/jobs", EVENT_POST, 201, 299 },
        { "/v1/jobs/{id}", EVENT_GET, 200, 300 }, { "/v1/jobs/{id}", EVENT_GET, 404, 1500 },
        { "/users/{id}", EVENT_GET, 200, 10 },    { "/users/{id}", EVENT_DELETE, 503, 2999 },
        { "/users/{id}", EVENT_GET, 429, 3000 },  { "/v1/jobs", EVENT_GET, 499, 60000 },
        { "other", EVENT_OTHER, 500, 5000 },
    };
    struct status_set errors = statuses(500, STATUS_HIGH);
    struct status_set answers = statuses(STATUS_LOW, 499);
    const struct {
        const char *what;
        struct indicator indicator;
        struct plan_share want;
    } cases[] = {
        { "availability", { .mark.statuses = errors }, { 8, 2 } },
        { "the same, told by what is good",
          { .mark.statuses = answers, .marks_good = true },
          { 8, 2 } },
        { "latency: all but 5xx; at or over 300 ms is bad",
          { .total.statuses = answers, .mark.from_ms = 300 },
          { 6, 3 } },
        { "latency: good strictly below 300 ms",
          { .total.statuses = answers, .mark.below_ms = 300, .marks_good = true },
          { 6, 3 } },
        { "499 is never an event, even when it is asked for",
          { .total.statuses = statuses(499, 499) },
          { 0, 0 } },
        { "a route and all below it",
          { .total = { .routes = jobs_routes, .route_count = 2 }, .mark.statuses = errors },
          { 4, 0 } },
        { "one route, good only by GET",
          { .total = { .routes = users_routes, .route_count = 1 },
            .mark.methods = 1u << EVENT_GET,
            .marks_good = true },
          { 3, 1 } },
        { "bad only on another route",
          { .mark = { .routes = users_routes, .route_count = 1, .statuses = errors } },
          { 8, 1 } },
        { "two methods, a status, a range of durations",
          { .total = { .methods = 1u << EVENT_GET | 1u << EVENT_POST,
                       .from_ms = 1,
                       .below_ms = 3000 },
            .mark.statuses = statuses(404, 404) },
          { 4, 1 } },
        { "a mark that reaches beyond the total",
          { .total.below_ms = 300, .mark = { .from_ms = 10, .below_ms = 4000 } },
          { 3, 2 } },
        { "a mark beside the total", { .total.below_ms = 300, .mark.from_ms = 300 }, { 3, 0 } },
        { "a range that is empty", { .total = { .from_ms = 500, .below_ms = 300 } }, { 0, 0 } },
        { "everything is bad", { .marks_good = false }, { 8, 8 } },
        { "everything is good", { .marks_good = true }, { 8, 0 } },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct indicator indicator = cases[i].indicator;
        AUTO(catalogue_free) struct catalogue *catalogue = NULL;
        AUTO(plan_free) struct plan *plan = NULL;
        AUTO(tally_free) struct tally *tally = NULL;
        struct plan_share naive = { 0 };
        struct plan_share share;

        indicator.service = "app";
        catalogue = catalogue_of(&indicator);
        ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
        tally = tally_new(plan);
        for (size_t k = 0; k < ARRAY_LENGTH(samples); k++) {
            add_sample(tally, 0, &samples[k]);
            naive_count(&indicator, &samples[k], &naive);
        }
        share = share_of(tally, 0);
        ck_assert_msg(share.total == cases[i].want.total && share.bad == cases[i].want.bad,
                      "%s: %d of %d", cases[i].what, (int)share.bad, (int)share.total);
        ck_assert_uint_eq(naive.total, share.total);
        ck_assert_uint_eq(naive.bad, share.bad);
    }
}
END_TEST

START_TEST(bounds_are_those_of_a_services_selectors_each_once)
{
    static const int64_t want[] = { 100, 300, 2000 };
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    AUTO(plan_free) struct plan *plan = NULL;
    int app;
    int web;

    add_indicator(builder, (struct indicator){ .service = "app", .mark.from_ms = 2000 });
    add_indicator(builder, (struct indicator){ .service = "app",
                                               .total = { .from_ms = 100, .below_ms = 2000 },
                                               .mark.below_ms = 300 });
    add_indicator(builder, (struct indicator){ .service = "web", .mark.from_ms = 50 });
    catalogue = catalogue_finish(&builder);
    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
    app = catalogue_service(catalogue, SLICE("app"));
    web = catalogue_service(catalogue, SLICE("web"));
    ck_assert_int_eq(plan_bounds(plan, app)->count, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(plan_bounds(plan, app)->at_ms[i], want[i]);
    ck_assert_int_eq(plan_bounds(plan, web)->count, 1);
    ck_assert_int_eq(plan_indicator_count(plan, app), 2);
    ck_assert_int_eq(plan_indicator_count(plan, web), 1);
}
END_TEST

START_TEST(too_many_durations_are_refused_in_words)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    AUTO(plan_free) struct plan *plan = NULL;
    struct error err = { 0 };

    for (int i = 1; i <= LIMIT_THRESHOLDS + 1; i++)
        add_indicator(builder, (struct indicator){ .service = "app", .mark.from_ms = i });
    catalogue = catalogue_finish(&builder);
    ck_assert_int_eq(plan_new(catalogue, &plan, &err), -E2BIG);
    ck_assert_ptr_null(plan);
    ck_assert_ptr_nonnull(strstr(err.text, "objectives of app"));
    ck_assert_ptr_nonnull(strstr(err.text, "32 different durations"));
}
END_TEST

START_TEST(a_service_without_objectives_is_counted_in_one_bucket)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");
    AUTO(catalogue_free) struct catalogue *catalogue = catalogue_finish(&builder);
    AUTO(plan_free) struct plan *plan = NULL;

    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
    ck_assert_int_eq(plan_bounds(plan, 0)->count, 0);
    ck_assert_int_eq(plan_bucket(plan_bounds(plan, 0), 12345), 0);
    ck_assert_int_eq(plan_indicator_count(plan, 0), 0);
}
END_TEST

/* --- random catalogues, random events --- */

enum { CATALOGUES = 60, INDICATORS = 12, EVENTS = 1500 };

static const char *const services[] = { "api", "app", "web" };
static const char *const routes[] = { "/", "/v1/jobs", "/v1/jobs/{id}", "/users/{id}", "other" };
static const char *const patterns[] = { "/", "/v1/jobs", "/v1/*", "/users/{id}", "*", "/none" };
static const int64_t bounds_ms[] = { 1, 50, 51, 300, 1000, 5000 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static int64_t random_bound(uint64_t *state)
{
    return next_random(state) % 2 == 0 ? 0 : bounds_ms[next_random(state) % 6];
}

static struct selector random_selector(uint64_t *state)
{
    struct selector selector = { .from_ms = random_bound(state), .below_ms = random_bound(state) };

    if (next_random(state) % 2 == 0) {
        selector.route_count = 1 + (int)(next_random(state) % 2);
        selector.routes = &patterns[next_random(state) % 5];
    }
    if (next_random(state) % 2 == 0)
        selector.methods = 1 + (unsigned)(next_random(state) % ((1u << EVENT_METHOD_COUNT) - 1));
    for (uint64_t i = next_random(state) % 3; i > 0; i--) {
        int low = STATUS_LOW + (int)(next_random(state) % 500);
        int high = low + (int)(next_random(state) % (uint64_t)(STATUS_HIGH - low + 1));

        status_set_add(&selector.statuses, low, high);
    }
    return selector;
}

static struct catalogue *random_catalogue(uint64_t *state)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");

    for (int i = 0; i < INDICATORS; i++)
        add_indicator(builder, (struct indicator){ .service = services[next_random(state) % 3],
                                                   .total = random_selector(state),
                                                   .mark = random_selector(state),
                                                   .marks_good = next_random(state) % 2 == 0 });
    return catalogue_finish(&builder);
}

/* Durations at, just below and just above what selectors name, and others. */
static struct sample random_sample(uint64_t *state)
{
    static const int common[] = { 200, 201, 304, 404, 499, 500, 503, 599, 100 };
    uint64_t duration_ms = (uint64_t)bounds_ms[next_random(state) % 6] + next_random(state) % 3;

    return (struct sample){
        .route = routes[next_random(state) % ARRAY_LENGTH(routes)],
        .method = (enum event_method)(next_random(state) % EVENT_METHOD_COUNT),
        .status = next_random(state) % 4 == 0 ? STATUS_LOW + (int)(next_random(state) % 500)
                                              : common[next_random(state) % 9],
        .duration_ms = next_random(state) % 4 == 0 ? next_random(state) % 8000 : duration_ms - 1,
    };
}

START_TEST(any_catalogue_counts_any_events_as_one_by_one)
{
    uint64_t state = 20260101;

    for (int round = 0; round < CATALOGUES; round++) {
        AUTO(catalogue_free) struct catalogue *catalogue = random_catalogue(&state);
        AUTO(plan_free) struct plan *plan = NULL;
        AUTO(tally_free) struct tally *tally = NULL;
        struct plan_share naive[INDICATORS] = { { 0, 0 } };

        ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
        tally = tally_new(plan);
        for (int i = 0; i < EVENTS; i++) {
            struct sample sample = random_sample(&state);
            int service = (int)(next_random(&state) % (uint64_t)catalogue->service_count);

            add_sample(tally, service, &sample);
            for (int k = 0; k < catalogue->indicator_count; k++) {
                if (strcmp(catalogue->indicators[k].service, catalogue->services[service]) == 0)
                    naive_count(&catalogue->indicators[k], &sample, &naive[k]);
            }
        }
        for (int k = 0; k < catalogue->indicator_count; k++) {
            struct plan_share share = share_of(tally, k);

            ck_assert_msg(share.total == naive[k].total && share.bad == naive[k].bad, "%d: %s",
                          round, catalogue->indicators[k].definition);
        }
    }
}
END_TEST

START_TEST(memory_that_runs_out_is_reported)
{
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    int n = 0;

    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    for (;; n++) {
        AUTO(plan_free) struct plan *plan = NULL;
        int code;

        malloc_fail_at(n);
        code = plan_new(catalogue, &plan, NULL);
        ck_assert_int_eq(code, malloc_failed() ? -ENOMEM : 0);
        malloc_fail_at(-1);
        if (code == 0)
            break;
    }
    ck_assert_int_ge(n, 1);
}
END_TEST

TCase *plan_cases(void)
{
    TCase *cases = tcase_create("plan");

    tcase_add_test(cases, an_indicator_counts_what_its_selectors_mean);
    tcase_add_test(cases, bounds_are_those_of_a_services_selectors_each_once);
    tcase_add_test(cases, too_many_durations_are_refused_in_words);
    tcase_add_test(cases, a_service_without_objectives_is_counted_in_one_bucket);
    tcase_add_test(cases, any_catalogue_counts_any_events_as_one_by_one);
    tcase_add_test(cases, memory_that_runs_out_is_reported);
    return cases;
}
