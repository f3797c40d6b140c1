/* test_sheet.c - module/ingest/sheet.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sheet.h"

#include "suite.h"

#include "ingest/routes.h"

/* 2026-11-21T12:04:05Z */
#define NOW_MS INT64_C(1795262645000)

#define REQUEST(target) \
    "- - - [21/Nov/2026:12:04:05 +0000] \"GET " target " HTTP/1.1\" 200 1 \"-\" \"-\" 0.001\n"

static struct catalogue *catalogue;
static struct plan *plan;
static struct counting *counting;
static struct sheet sheet;
static struct source_config source;

static void set_up(void)
{
    struct follow_settings settings = { .service = "app" };

    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    ck_assert_int_eq(plan_new(catalogue, &plan, NULL), 0);
    settings.plan = plan;
    source = (struct source_config){ .path = "x", .service = "app", .format = SOURCE_COMBINED };
    counting = counting_new(&source, &settings);
    ck_assert_ptr_nonnull(counting);
    counting->now_wall_ms = NOW_MS;
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

TCase *sheet_cases(void)
{
    TCase *cases = tcase_create("sheet");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, sheet_counts_lines_in_the_sources_format);
    tcase_add_test(cases, sheet_goes_on_with_templates_that_come_later);
    return cases;
}
