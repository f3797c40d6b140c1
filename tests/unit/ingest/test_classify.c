/* test_classify.c - module/ingest/classify.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/classify.h"

#include "base/utf8.h"
#include "suite.h"

#include <stdio.h>

#define NOW_MS INT64_C(1795262400000)

static struct catalogue *catalogue;
static struct classifier *classifier;

/* A catalogue of the services api, app and web. */
static struct catalogue *three_services(void)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");
    static const char *const services[] = { "web", "api" };

    for (size_t i = 0; i < ARRAY_LENGTH(services); i++) {
        struct objective objective = { .type = OBJECTIVE_CUSTOM, .window_minutes = 60 };
        struct indicator indicator = { .service = services[i] };

        (void)snprintf(objective.name, sizeof(objective.name), "%s", services[i]);
        (void)snprintf(objective.service, sizeof(objective.service), "%s", services[i]);
        ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    }
    return catalogue_finish(&builder);
}

static struct classifier *classifier_for(const char *service, const struct templates *templates,
                                         bool strict)
{
    return classifier_new(
        &(struct classifier_settings){ catalogue, templates, strict, service, false });
}

static void set_up(void)
{
    catalogue = three_services();
    classifier = classifier_for("app", NULL, false);
}

static void tear_down(void)
{
    classifier_free(&classifier);
    catalogue_free(&catalogue);
}

static struct line line_of(struct slice path)
{
    return (struct line){ NOW_MS, 1, 200, SLICE("app"), SLICE("GET"), path };
}

static struct slice route_of(struct slice path)
{
    struct line line = line_of(path);
    uint32_t series = 0;

    ck_assert_int_eq(classifier_judge(classifier, &line, NOW_MS, &series), VERDICT_EVENT);
    return classifier_series(classifier, series).route;
}

START_TEST(what_stands_for_one_of_many_becomes_id)
{
    static const struct {
        const char *path;
        const char *route;
    } cases[] = {
        { "/", "/" },
        { "", "other" },
        { "/items", "/items" },
        { "/items/", "/items/" },
        { "/items/5", "/items/{id}" },
        { "/items/5/", "/items/{id}/" },
        { "/5", "/{id}" },
        { "/items/00012345678901234567890", "/items/{id}" },
        { "/items/5/parts/6", "/items/{id}/parts/{id}" },
        { "/items/5a", "/items/5a" },
        { "/v1/items", "/v1/items" },
        { "/u/123E4567-e89b-12d3-a456-426614174000", "/u/{id}" },
        { "/u/abcdefab-cdef-abcd-efab-cdefabcdefab", "/u/{id}" },
        { "/u/123e4567-e89b-12d3-a456-42661417400", "/u/123e4567-e89b-12d3-a456-42661417400" },
        { "/u/0123456789abcdef", "/u/{id}" },
        { "/u/0123456789abcde", "/u/0123456789abcde" },
        { "/u/abcdefabcdefabcdef", "/u/abcdefabcdefabcdef" },
        { "//7//", "//{id}//" },
        { "*", "*" },
        { "/caf\xc3\xa9/7", "/caf\xc3\xa9/{id}" },
        { "/bad\xff/7/\xc3", "/bad\xef\xbf\xbd/{id}/\xef\xbf\xbd" },
    };

    /* Twice: what is found in the table must be what was put there. */
    for (size_t i = 0; i < 2 * ARRAY_LENGTH(cases); i++) {
        size_t at = i % ARRAY_LENGTH(cases);

        ck_assert_msg(slice_equals_text(route_of(slice_of(cases[at].path)), cases[at].route), "%s",
                      cases[at].path);
    }
}
END_TEST

START_TEST(a_nul_never_reaches_a_route)
{
    ck_assert(slice_equals_text(route_of((struct slice){ "/a\0b", 4 }), "/a\xef\xbf\xbd"
                                                                        "b"));
    ck_assert(slice_equals_text(route_of((struct slice){ "/a\0bcdefghij/1", 14 }),
                                "/a\xef\xbf\xbd"
                                "bcdefghij/{id}"));
}
END_TEST

START_TEST(a_template_over_its_bound_is_other)
{
    char path[LIMIT_ROUTE_BYTES + 100];
    size_t length;

    memset(path, 'x', sizeof(path));
    path[0] = '/';
    ck_assert_uint_eq(route_of((struct slice){ path, LIMIT_ROUTE_BYTES - 1 }).length,
                      LIMIT_ROUTE_BYTES - 1);
    ck_assert(slice_equals_text(route_of((struct slice){ path, LIMIT_ROUTE_BYTES }), "other"));
    for (length = 1; length < sizeof(path); length++)
        path[length] = (char)0xff;
    ck_assert(slice_equals_text(route_of((struct slice){ path, sizeof(path) }), "other"));
}
END_TEST

START_TEST(routes_beyond_the_bound_are_other)
{
    char path[32];

    for (int i = 0; i < LIMIT_ROUTES; i++) {
        (void)snprintf(path, sizeof(path), "/page-%d", i);
        ck_assert(slice_equals_text(route_of(slice_of(path)), path));
    }
    ck_assert(slice_equals_text(route_of(SLICE("/one-more")), "other"));
    ck_assert(slice_equals_text(route_of(SLICE("/page-7")), "/page-7"));
}
END_TEST

START_TEST(what_is_no_event_of_the_service_is_not_counted)
{
    static const struct {
        const char *service;
        const char *method;
        int status;
        const char *path;
        enum verdict verdict;
    } cases[] = {
        { "app", "GET", 200, "/", VERDICT_EVENT },
        { "", "GET", 200, "/", VERDICT_EVENT },
        { "app", "", 400, "", VERDICT_EVENT },
        { "app", "GET", 499, "/", VERDICT_EVENT },
        { "other", "GET", 200, "/", VERDICT_NOT_COUNTED },
        { "app", "OPTIONS", 200, "/", VERDICT_NOT_COUNTED },
        { "app", "GET", 101, "/", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/health", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/health/", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/health/detailed/redis", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/healthy", VERDICT_EVENT },
        { "app", "GET", 200, "/api/health", VERDICT_EVENT },
        { "app", "GET", 200, "/livez", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/readyz", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/healthz", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/slo", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/slo/gate", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/slow", VERDICT_EVENT },
        { "app", "GET", 200, "/metrics", VERDICT_NOT_COUNTED },
        { "app", "GET", 200, "/metrics/daily", VERDICT_EVENT },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct line line = { NOW_MS,
                             1,
                             (uint16_t)cases[i].status,
                             slice_of(cases[i].service),
                             slice_of(cases[i].method),
                             slice_of(cases[i].path) };
        uint32_t series;

        ck_assert_msg(classifier_judge(classifier, &line, NOW_MS, &series) == cases[i].verdict,
                      "%s %s", cases[i].method, cases[i].path);
    }
}
END_TEST

START_TEST(a_time_that_cannot_be_is_refused)
{
    static const struct {
        int64_t time_ms;
        enum verdict verdict;
    } cases[] = {
        { 0, VERDICT_BAD_TIME },
        { NOW_MS - INT64_C(60000) * LIMIT_RETENTION_MINUTES - 1, VERDICT_BAD_TIME },
        { NOW_MS - INT64_C(60000) * LIMIT_RETENTION_MINUTES, VERDICT_EVENT },
        { NOW_MS + 600000, VERDICT_EVENT },
        { NOW_MS + 600001, VERDICT_BAD_TIME },
        { INT64_C(4102444800000), VERDICT_BAD_TIME },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct line line = line_of(SLICE("/"));
        uint32_t series;

        line.time_ms = cases[i].time_ms;
        ck_assert_int_eq(classifier_judge(classifier, &line, NOW_MS, &series), cases[i].verdict);
    }
}
END_TEST

START_TEST(a_line_belongs_to_the_service_it_names_else_to_the_sources)
{
    static const struct {
        const char *home;
        const char *named;
        const char *service; /* NULL: not counted */
    } cases[] = {
        { "app", "", "app" },        { "app", "web", "web" }, { "app", "api", "api" },
        { "app", "unknown", NULL },  { "web", "", "web" },    { "unknown", "", NULL },
        { "unknown", "app", "app" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(classifier_free)
        struct classifier *of_source = classifier_for(cases[i].home, NULL, false);
        struct line line = line_of(SLICE("/"));
        enum verdict want = cases[i].service == NULL ? VERDICT_NOT_COUNTED : VERDICT_EVENT;
        uint32_t series = 0;

        line.service = slice_of(cases[i].named);
        ck_assert_int_eq(classifier_judge(of_source, &line, NOW_MS, &series), want);
        if (want == VERDICT_EVENT)
            ck_assert_str_eq(catalogue->services[classifier_series(of_source, series).service],
                             cases[i].service);
    }
}
END_TEST

START_TEST(services_and_methods_are_series_of_their_own)
{
    static const char *const services[] = { "app", "web" };
    static const char *const methods[] = { "GET", "POST", "PURGE" };
    uint32_t want = 0;

    for (int round = 0; round < 2; round++) {
        want = 0;
        for (size_t s = 0; s < ARRAY_LENGTH(services); s++) {
            for (size_t m = 0; m < ARRAY_LENGTH(methods); m++) {
                struct line line = line_of(SLICE("/a"));
                uint32_t series = 99;

                line.service = slice_of(services[s]);
                line.method = slice_of(methods[m]);
                ck_assert_int_eq(classifier_judge(classifier, &line, NOW_MS, &series),
                                 VERDICT_EVENT);
                ck_assert_uint_eq(series, want++);
            }
        }
    }
    ck_assert_uint_eq(classifier_series_count(classifier), want);
    ck_assert_int_eq(classifier_series(classifier, 1).method, EVENT_POST);
    ck_assert_int_eq(classifier_series(classifier, 2).method, EVENT_OTHER);
}
END_TEST

START_TEST(each_service_has_routes_up_to_the_bound)
{
    struct line line = line_of(SLICE("/web"));
    char path[32];
    uint32_t series = 0;

    for (int i = 0; i <= LIMIT_ROUTES; i++) {
        (void)snprintf(path, sizeof(path), "/page-%d", i);
        (void)route_of(slice_of(path));
    }
    line.service = SLICE("web");
    ck_assert_int_eq(classifier_judge(classifier, &line, NOW_MS, &series), VERDICT_EVENT);
    ck_assert(slice_equals_text(classifier_series(classifier, series).route, "/web"));
}
END_TEST

START_TEST(a_template_names_the_route_of_the_paths_that_fit_it)
{
    static const char *const texts[] = { "/v1/jobs/{job}", "/v1/jobs/new", "/files/{name}/raw" };
    static const struct {
        const char *path;
        const char *route;
        const char *strict;
    } cases[] = {
        { "/v1/jobs/7", "/v1/jobs/{job}", "/v1/jobs/{job}" },
        { "/v1/jobs/abc", "/v1/jobs/{job}", "/v1/jobs/{job}" },
        { "/v1/jobs/new", "/v1/jobs/new", "/v1/jobs/new" },
        { "/files/\xc3\xa9/raw", "/files/{name}/raw", "/files/{name}/raw" },
        { "/files/\xff/raw", "/files/{name}/raw", "/files/{name}/raw" },
        { "/v1/users/7", "/v1/users/{id}", "other" },
        { "/v1/jobs/", "/v1/jobs/", "other" },
        { "", "other", "other" },
    };
    AUTO(templates_free) struct templates *templates = NULL;

    ck_assert_int_eq(templates_new(texts, 3, &templates, NULL), 0);
    for (int strict = 0; strict < 2; strict++) {
        classifier_free(&classifier);
        classifier = classifier_for("app", templates, strict == 1);
        for (size_t i = 0; i < 2 * ARRAY_LENGTH(cases); i++) {
            size_t at = i % ARRAY_LENGTH(cases);

            ck_assert_msg(slice_equals_text(route_of(slice_of(cases[at].path)),
                                            strict == 1 ? cases[at].strict : cases[at].route),
                          "%s", cases[at].path);
        }
    }
}
END_TEST

START_TEST(memory_that_runs_out_is_reported_and_changes_nothing)
{
    int n = 0;

    for (;; n++) {
        AUTO(classifier_free) struct classifier *made = NULL;
        struct line line = line_of(SLICE("/a"));
        uint32_t series = 99;
        enum verdict verdict = VERDICT_NO_MEMORY;

        malloc_fail_at(n);
        made = classifier_for("app", NULL, false);
        if (made != NULL)
            verdict = classifier_judge(made, &line, NOW_MS, &series);
        ck_assert((verdict == VERDICT_NO_MEMORY) == malloc_failed());
        malloc_fail_at(-1);
        if (made == NULL)
            continue;
        ck_assert_int_eq(classifier_judge(made, &line, NOW_MS, &series), VERDICT_EVENT);
        ck_assert_uint_eq(series, 0);
        if (verdict == VERDICT_EVENT)
            break;
    }
    ck_assert_int_ge(n, 6);
}
END_TEST

START_TEST(a_route_that_was_posted_stays_as_it_is)
{
    static const char *const paths[] = { "/jobs/{id}", "/v2/7", "worker", "/health", "/slo/x" };
    AUTO(classifier_free)
    struct classifier *posted = classifier_new(
        &(struct classifier_settings){ .catalogue = catalogue, .service = "app", .posted = true });

    for (uint32_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        struct line line = line_of(slice_of(paths[i]));
        uint32_t series = 99;

        ck_assert_int_eq(classifier_judge(posted, &line, NOW_MS, &series), VERDICT_EVENT);
        ck_assert_uint_eq(series, i);
        ck_assert(slice_equals_text(classifier_series(posted, series).route, paths[i]));
    }
}
END_TEST

TCase *classify_cases(void)
{
    TCase *cases = tcase_create("classify");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_stands_for_one_of_many_becomes_id);
    tcase_add_test(cases, a_nul_never_reaches_a_route);
    tcase_add_test(cases, a_template_over_its_bound_is_other);
    tcase_add_test(cases, routes_beyond_the_bound_are_other);
    tcase_add_test(cases, what_is_no_event_of_the_service_is_not_counted);
    tcase_add_test(cases, a_time_that_cannot_be_is_refused);
    tcase_add_test(cases, a_line_belongs_to_the_service_it_names_else_to_the_sources);
    tcase_add_test(cases, services_and_methods_are_series_of_their_own);
    tcase_add_test(cases, each_service_has_routes_up_to_the_bound);
    tcase_add_test(cases, a_template_names_the_route_of_the_paths_that_fit_it);
    tcase_add_test(cases, a_route_that_was_posted_stays_as_it_is);
    tcase_add_test(cases, memory_that_runs_out_is_reported_and_changes_nothing);
    return cases;
}
