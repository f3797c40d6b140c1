/* test_sheet.c - module/ingest/sheet.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sheet.h"

#include "ingest/routes.h"
#include "suite.h"

#include <stdio.h>

/* 2026-11-21T12:04:05Z */
#define NOW_MS INT64_C(1795262645000)

#define REQUEST(target) \
    "- - - [21/Nov/2026:12:04:05 +0000] \"GET " target " HTTP/1.1\" 200 1 \"-\" \"-\" 0.001\n"

static struct catalogue *catalogue;
static struct plan *plan;
static struct counting *counting;
static struct sheet sheet;
static struct source_config source;

/* The services api and app, and an indicator of api. */
static struct catalogue *two_services(void)
{
    AUTO(catalogue_builder_free) struct catalogue_builder *builder = catalogue_builder_new("app");
    struct objective objective = { .name = "api", .window_minutes = 60 };
    struct indicator indicator = { .service = "api", .mark.from_ms = 300 };

    ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
    return catalogue_finish(&builder);
}

static void open_source(struct source_config opened)
{
    struct follow_settings settings = { .service = "app", .plan = plan };

    counting_free(&counting);
    source = opened;
    counting = counting_new(&source, &settings);
    ck_assert_ptr_nonnull(counting);
    counting->now_wall_ms = NOW_MS;
}

static void set_up(void)
{
    catalogue = two_services();
    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
    open_source((struct source_config){ .path = "x", .service = "app", .format = SOURCE_COMBINED });
}

static void tear_down(void)
{
    sheet_clear(&sheet);
    counting_free(&counting);
    plan_free(&plan);
    catalogue_free(&catalogue);
}

static void count(const char *text)
{
    ck_assert_int_eq(sheet_count(&sheet, counting, slice_of(text), 0), strlen(text));
}

static const char *route(uint32_t series)
{
    return tally_series_at(sheet.tally, series)->route;
}

START_TEST(sheet_counts_lines_in_the_sources_format)
{
    count(REQUEST("/items/7?x") REQUEST("/items/8") "{\"time\":1}\n" REQUEST("/health"));
    ck_assert_int_eq(sheet.lines, 4);
    ck_assert_int_eq(sheet.rejected_lines, 1);
    ck_assert_int_eq(counting->counters.rejects[REJECT_FORMAT], 1);
    ck_assert_int_eq(counting->counters.not_counted, 1);
    ck_assert_int_eq(tally_series_count(sheet.tally), 1);
    ck_assert_str_eq(route(0), "/items/{id}");
}
END_TEST

START_TEST(sheet_goes_on_with_templates_that_come_later)
{
    static const char *const texts[] = { "/items/{item}", "/items/{id}/parts/{part}" };
    struct openapi openapi = { .templates = texts, .count = 2 };
    AUTO(templates_free) struct templates *templates = NULL;

    source.strict_templates = true;
    count(REQUEST("/items/7") REQUEST("/items/7/parts/9"));
    ck_assert_int_eq(routes_of(&source, &openapi, &templates, NULL), 0);
    ck_assert(counting_set_templates(counting, templates));
    sheet_renumber(&sheet);
    count(REQUEST("/items/7") REQUEST("/items/a/parts/b") REQUEST("/elsewhere"));
    ck_assert_int_eq(tally_series_count(sheet.tally), 5);
    ck_assert_str_eq(route(0), "/items/{id}"); /* as it was counted */
    ck_assert_str_eq(route(2), "/items/{item}");
    ck_assert_str_eq(route(3), "/items/{id}/parts/{part}");
    ck_assert_str_eq(route(4), "other");
    tear_down();
    set_up(); /* the classifier must not outlive its templates */
}
END_TEST

static const char *line(const char *service, const char *method, const char *path)
{
    static char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"time\":1795262645.000,\"request_id\":\"%032x\",\"service\":\"%s\","
                   "\"method\":\"%s\",\"path\":\"%s\",\"status\":200,\"request_time\":0.300,"
                   "\"bytes\":1,\"upstream_time\":\"0.010\"}\n",
                   7, service, method, path);
    return text;
}

static void check_series(uint32_t index, const char *service, const char *name,
                         enum event_method method)
{
    const struct plan_series *series = tally_series_at(sheet.tally, index);

    ck_assert_str_eq(catalogue->services[series->service], service);
    ck_assert_str_eq(series->route, name);
    ck_assert_int_eq(series->method, method);
}

START_TEST(lines_are_counted_by_service_route_and_method)
{
    open_source((struct source_config){ .path = "x", .service = "app" });
    for (int i = 0; i < 3; i++) {
        count(line("", "GET", "/items/7"));
        count(line("app", "GET", "/items/8"));
        count(line("api", "GET", "/items/7"));
        count(line("api", "DELETE", "/items/7"));
        count(line("unknown", "GET", "/items/7"));
        count(line("app", "OPTIONS", "/items/7"));
    }
    ck_assert_int_eq(tally_row_count(sheet.tally), 3);
    check_series(0, "app", "/items/{id}", EVENT_GET);
    check_series(1, "api", "/items/{id}", EVENT_GET);
    check_series(2, "api", "/items/{id}", EVENT_DELETE);
    ck_assert_uint_eq(tally_row_totals(tally_row_at(sheet.tally, 0)).total, 6);
    ck_assert_uint_eq(tally_row_at(sheet.tally, 1)->cells->counts[1], 3);
    ck_assert_uint_eq(counting->counters.events, 12);
    ck_assert_uint_eq(counting->counters.not_counted, 6);
    ck_assert_uint_eq(sheet.lines, 18);
}
END_TEST

START_TEST(a_line_behind_a_torn_one_counts)
{
    char torn[1024];

    open_source((struct source_config){ .path = "x", .service = "app" });
    for (int length = 1; length < 100; length++) {
        (void)snprintf(torn, sizeof(torn), "%.*s%s", length, line("app", "GET", "/items/7"),
                       line("app", "GET", "/items/8"));
        count(torn);
        ck_assert_uint_eq(counting->counters.events, (uint64_t)length);
        ck_assert_uint_eq(counting->counters.rejects[REJECT_NOT_JSON], (uint64_t)length);
    }
    /* Torn twice; and a line that no other stands behind. */
    (void)snprintf(torn, sizeof(torn), "{\"time\":17{\"time\":1%s{\"ti\n",
                   line("app", "GET", "/items/9"));
    count(torn);
    ck_assert_uint_eq(counting->counters.events, 100);
    ck_assert_uint_eq(counting->counters.rejects[REJECT_NOT_JSON], 102);
    ck_assert_uint_eq(sheet.lines, 202);
    /* What a client sends is in quotes that are escaped. */
    count(line("app", "GET", "/items/{\\\"time\\\":1"));
    ck_assert_uint_eq(counting->counters.events, 101);
    ck_assert_uint_eq(sheet.lines, 203);
}
END_TEST

START_TEST(a_tally_that_was_taken_is_followed_by_one_with_numbers_of_its_own)
{
    AUTO(tally_free) struct tally *first = NULL;
    char path[32];

    open_source((struct source_config){ .path = "x", .service = "app" });
    for (int i = 0; i < 150; i++) {
        (void)snprintf(path, sizeof(path), "/page-%d", i);
        count(line("", "GET", path));
    }
    first = sheet_take(&sheet);
    ck_assert_int_eq(tally_series_count(first), 150);
    ck_assert_ptr_null(sheet.tally);
    count(line("", "GET", "/page-149"));
    count(line("", "GET", "/page-3"));
    ck_assert_int_eq(tally_series_count(sheet.tally), 2);
    check_series(0, "app", "/page-149", EVENT_GET);
    check_series(1, "app", "/page-3", EVENT_GET);
}
END_TEST

START_TEST(positions_are_kept_under_the_sources_service_if_it_is_known)
{
    static const struct {
        const char *service;
        const char *home;
    } cases[] = { { "api", "api" }, { "app", "app" }, { "nobody-promised-anything", "app" } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        open_source((struct source_config){ .path = "x", .service = cases[i].service });
        ck_assert_str_eq(catalogue->services[counting->home], cases[i].home);
    }
}
END_TEST

START_TEST(lines_that_do_not_fit_are_left_for_the_next_tally)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "X" };
    static const char *const services[] = { "app", "api" };
    int counted = 0;

    open_source((struct source_config){ .path = "x", .service = "app" });
    for (int i = 0; !sheet.full; i++) {
        char path[32];
        const char *text;

        (void)snprintf(path, sizeof(path), "/page-%d", i / 14);
        text = line(services[i / 7 % 2], methods[i % 7], path);
        counted += sheet_count(&sheet, counting, slice_of(text), 0) > 0;
        ck_assert_int_lt(i, LIMIT_TALLY_SERIES + 1);
    }
    ck_assert_int_eq(counted, LIMIT_TALLY_SERIES);
    ck_assert_uint_eq(sheet.lines, LIMIT_TALLY_SERIES);
    sheet_clear(&sheet);
    count(line("app", "GET", "/page-0"));
    ck_assert_int_eq(tally_series_count(sheet.tally), 1);
}
END_TEST

TCase *sheet_cases(void)
{
    TCase *cases = tcase_create("sheet");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, sheet_counts_lines_in_the_sources_format);
    tcase_add_test(cases, sheet_goes_on_with_templates_that_come_later);
    tcase_add_test(cases, lines_are_counted_by_service_route_and_method);
    tcase_add_test(cases, a_line_behind_a_torn_one_counts);
    tcase_add_test(cases, a_tally_that_was_taken_is_followed_by_one_with_numbers_of_its_own);
    tcase_add_test(cases, positions_are_kept_under_the_sources_service_if_it_is_known);
    tcase_add_test(cases, lines_that_do_not_fit_are_left_for_the_next_tally);
    return cases;
}
