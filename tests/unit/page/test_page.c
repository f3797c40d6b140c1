/* test_page.c - module/page/page.c */
/* SPDX-License-Identifier: MIT */
#include "page/page.h"

#include "base/limits.h"

#include "suite.h"

#include <stdio.h>

static struct page_set *build(void)
{
    struct page_builder *builder = page_builder_new(3000);
    const struct page_text fresh = { .status = 200, .body = SLICE("{}") };
    const struct page_text too_old = { .status = 503,
                                       .retry_after_seconds = 1,
                                       .body = SLICE("{\"x\": 1}") };
    const struct page_objective objective = {
        .name = "a",
        .service = "s",
        .status = BUDGET_MET,
        .remaining = { 1, 2 },
        .json = SLICE("{}"),
    };

    if (builder == NULL)
        return NULL;
    page_add(builder, "ready", &fresh, &too_old);
    page_add(builder, "metrics", &fresh, NULL);
    page_add_objective(builder, &objective);
    page_set_figures(builder, 1, true, NULL);
    return page_builder_finish(&builder);
}

START_TEST(page_carries_its_headers_with_the_exact_length)
{
    AUTO(page_set_free) struct page_set *set = build();
    const struct page *page = page_find(set, SLICE("ready"));

    ck_assert_str_eq(page->fresh.head.data, "Status: 200 OK\r\nContent-Type: application/json\r\n"
                                            "Cache-Control: no-store\r\n"
                                            "X-Content-Type-Options: nosniff\r\n"
                                            "Content-Length: 2\r\n");
    ck_assert_ptr_nonnull(strstr(page->too_old.head.data, "Retry-After: 1\r\n"));
    ck_assert_int_eq(page->too_old.status, 503);
    ck_assert_str_eq(page->too_old.body.data, "{\"x\": 1}");
}
END_TEST

START_TEST(every_status_of_the_api_has_its_phrase)
{
    static const int statuses[] = {
        200, 201, 202, 400, 401, 403, 404, 405, 409, 413, 429, 503, 508
    };

    for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++)
        ck_assert_str_ne(page_status_phrase(statuses[i]), "Status");
    ck_assert_str_eq(page_status_phrase(202), "Accepted");
}
END_TEST

START_TEST(page_without_a_too_old_answer_serves_the_fresh_one)
{
    AUTO(page_set_free) struct page_set *set = build();

    ck_assert_int_eq(page_find(set, SLICE("metrics"))->too_old.status, 200);
    ck_assert_ptr_null(page_find(set, SLICE("metric")));
}
END_TEST

START_TEST(every_page_of_a_thousand_is_found_by_its_key)
{
    struct page_builder *builder = page_builder_new(3000);
    AUTO(page_set_free) struct page_set *set = NULL;
    const struct page_text text = { .status = 200, .body = SLICE("{}") };
    char key[32];

    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "slo/%d", i * 7919 % 1000);
        page_add(builder, key, &text, NULL);
    }
    set = page_builder_finish(&builder);
    ck_assert_ptr_nonnull(set);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof(key), "slo/%d", i);
        ck_assert_str_eq(page_find(set, slice_of(key))->key, key);
    }
    ck_assert_ptr_null(page_find(set, SLICE("slo/1000")));
    ck_assert_ptr_null(page_find(set, SLICE("slo/")));
    ck_assert_ptr_null(page_find(set, SLICE("")));
}
END_TEST

START_TEST(page_set_that_does_not_fit_is_never_half_published)
{
    struct page_builder *builder = page_builder_new(3000);
    const struct page_text text = { .status = 200, .body = SLICE("{}") };

    for (int i = 0; i < LIMIT_OBJECTIVES + 65; i++)
        page_add(builder, "x", &text, NULL);
    ck_assert_ptr_null(page_builder_finish(&builder));
    ck_assert_ptr_null(builder);
}
END_TEST

START_TEST(page_set_is_whole_or_nothing_when_memory_is_out)
{
    for (int n = 0; n < 1000; n++) {
        struct page_set *set;
        int failed;

        malloc_fail_at(n);
        set = build();
        failed = malloc_failed();
        malloc_fail_at(-1);
        ck_assert(failed == (set == NULL));
        page_set_free(&set);
        if (!failed)
            return;
    }
    ck_abort_msg("never succeeded");
}
END_TEST

TCase *page_cases(void)
{
    TCase *cases = tcase_create("page");

    tcase_add_test(cases, page_carries_its_headers_with_the_exact_length);
    tcase_add_test(cases, every_status_of_the_api_has_its_phrase);
    tcase_add_test(cases, page_without_a_too_old_answer_serves_the_fresh_one);
    tcase_add_test(cases, every_page_of_a_thousand_is_found_by_its_key);
    tcase_add_test(cases, page_set_that_does_not_fit_is_never_half_published);
    tcase_add_test(cases, page_set_is_whole_or_nothing_when_memory_is_out);
    return cases;
}
