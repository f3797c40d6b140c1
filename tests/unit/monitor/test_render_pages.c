/* test_render_pages.c - module/monitor/render_pages.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/render.h"

#include "scene.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every shape of it has the same two statuses. */
static const struct {
    const char *key;
    int shapes;
    int fresh, too_old;
} cases[] = {
    { "health", 4, 200, 503 },
    { "ready", 4, 503, 503 },
    { "startup", 4, 503, 503 },
    { "detailed", 3, 503, 503 },
    { "detailed/app", 3, 200, 503 },
    { "detailed/database", 3, 503, 503 },
    { "detailed/redis", 3, 200, 503 },
    { "detailed/celery", 3, 200, 503 },
    { "group/orders", 4, 200, 503 },
    { "metrics", 1, 200, 200 },
    { "metrics/openmetrics", 1, 200, 200 },
};

static void begin(void)
{
    scene_reset();
    scene_config.groups[GROUP_NAMED] = "orders";
    scene_config.group_count = GROUP_NAMED + 1;
    scene_config.checks[SCENE_REDIS].groups |= 1U << GROUP_NAMED;
    scene_start();
    scene_take(SCENE_APP, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    scene_take(SCENE_REDIS, OUTCOME_OK, HEALTH_REASON_NONE, 10);
    scene_take(SCENE_CELERY, OUTCOME_DEGRADED, HEALTH_REASON_BUSY, 10);
}

static const struct page *find(const struct page_set *pages, const char *key, const char *shape)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%s%s", key, shape);
    return page_find(pages, slice_of(text));
}

START_TEST(pages_hold_every_key_of_the_contract_in_its_shapes)
{
    static const char *const shapes[] = { "", ";verbose", ";text", ";ietf" };
    AUTO(page_set_free) struct page_set *pages = render_pages(&scene);
    int all = 0;

    ck_assert_ptr_nonnull(pages);
    ck_assert_int_eq(pages->max_age_ms, 3000);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int found = 0;

        for (size_t s = 0; s < ARRAY_LENGTH(shapes); s++) {
            const struct page *page = find(pages, cases[i].key, shapes[s]);

            if (page == NULL)
                continue;
            found++;
            ck_assert_msg(page->fresh.status == cases[i].fresh, "%s", page->key);
            ck_assert_msg(page->too_old.status == cases[i].too_old, "%s", page->key);
        }
        ck_assert_msg(found == cases[i].shapes, "%s: %d", cases[i].key, found);
        all += found;
    }
    ck_assert_int_eq(pages->page_count, all);
}
END_TEST

START_TEST(each_shape_has_its_media_type_and_says_that_it_varies)
{
    static const char *const wants[][2] = {
        { "", "application/json" },
        { ";verbose", "application/json" },
        { ";text", "text/plain; charset=utf-8" },
        { ";ietf", "application/health+json" },
    };
    AUTO(page_set_free) struct page_set *pages = render_pages(&scene);

    for (size_t i = 0; i < ARRAY_LENGTH(wants); i++) {
        const struct page *page = find(pages, "ready", wants[i][0]);
        char want[128];

        (void)snprintf(want, sizeof(want), "Content-Type: %s\r\n", wants[i][1]);
        ck_assert_ptr_nonnull(strstr(page->fresh.head.data, want));
        ck_assert_ptr_nonnull(strstr(page->too_old.head.data, want));
        ck_assert_ptr_nonnull(strstr(page->fresh.head.data, "Vary: Accept\r\n"));
    }
}
END_TEST

START_TEST(a_page_that_outgrows_its_bound_takes_no_other_along)
{
    AUTO(page_set_free) struct page_set *pages = NULL;
    char *huge = malloc(700000);

    memset(huge, 'x', 699999);
    huge[699999] = '\0';
    scene_config.checks[SCENE_DATABASE].misconfigured = huge;
    scene_config.checks[SCENE_APP].misconfigured = huge;
    scene_take(SCENE_REDIS, OUTCOME_OK, HEALTH_REASON_NONE, 20);
    pages = render_pages(&scene);
    ck_assert_ptr_nonnull(pages);
    ck_assert_int_eq(find(pages, "ready", "")->fresh.status, 503);
    ck_assert_ptr_nonnull(strstr(find(pages, "ready", "")->fresh.body.data, "misconfigured"));
    ck_assert_ptr_nonnull(strstr(find(pages, "detailed", "")->fresh.body.data, "too_large"));
    ck_assert_int_eq(find(pages, "detailed", "")->fresh.status, 503);
    free(huge);
}
END_TEST

START_TEST(pages_fail_cleanly_whichever_allocation_fails)
{
    for (int n = 0;; n++) {
        AUTO(page_set_free) struct page_set *pages = NULL;

        malloc_fail_at(n);
        pages = render_pages(&scene);
        if (!malloc_failed())
            break;
        ck_assert_ptr_null(pages);
    }
    malloc_fail_at(-1);
}
END_TEST

TCase *render_pages_cases(void)
{
    TCase *tcase = tcase_create("render_pages");

    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, pages_hold_every_key_of_the_contract_in_its_shapes);
    tcase_add_test(tcase, each_shape_has_its_media_type_and_says_that_it_varies);
    tcase_add_test(tcase, a_page_that_outgrows_its_bound_takes_no_other_along);
    tcase_add_test(tcase, pages_fail_cleanly_whichever_allocation_fails);
    return tcase;
}
