/* test_changes.c - module/config/changes.c */
/* SPDX-License-Identifier: MIT */
#include "config/changes.h"

#include "suite.h"

START_TEST(what_a_reload_changes_is_listed_by_name)
{
    static const struct config before = {
        .checks = { { .id = 1, .name = "app" },
                    { .id = 2, .name = "orders" },
                    { .id = 3, .name = "cache" },
                    { .id = 4, .name = "mail" } },
        .check_count = 4,
    };
    static const struct {
        struct config after;
        const char *want;
    } cases[] = {
        { { .checks = { { .id = 1, .name = "app" },
                        { .id = 2, .name = "orders" },
                        { .id = 3, .name = "cache" },
                        { .id = 4, .name = "mail" } },
            .check_count = 4 },
          "nothing has changed" },
        /* Another order is no change of a check. */
        { { .checks = { { .id = 4, .name = "mail" },
                        { .id = 2, .name = "orders" },
                        { .id = 3, .name = "cache" },
                        { .id = 1, .name = "app" } },
            .check_count = 4 },
          "nothing has changed" },
        { { .checks = { { .id = 1, .name = "app" },
                        { .id = 7, .name = "orders" },
                        { .id = 5, .name = "new" },
                        { .id = 6, .name = "newer" },
                        { .id = 8, .name = "mail" } },
            .check_count = 5 },
          "added: new, newer; changed: orders, mail; removed: cache" },
        /* A check that was given another name is another check. */
        { { .checks = { { .id = 1, .name = "app" },
                        { .id = 2, .name = "orders" },
                        { .id = 3, .name = "kept" },
                        { .id = 4, .name = "mail" } },
            .check_count = 4 },
          "added: kept; removed: cache" },
        { { .check_count = 0 }, "removed: app, orders, cache, mail" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_done) struct buf buf;

        buf_init(&buf, 1024);
        changes_describe(&before, &cases[i].after, &buf);
        ck_assert_str_eq(buf_text(&buf), cases[i].want);
    }
}
END_TEST

START_TEST(sources_are_the_same_when_every_member_is)
{
    static const char *const templates[] = { "/a/{id}", "/b" };
    static const char *const others[] = { "/a/{id}", "/c" };
    const struct source_config source = {
        .name = "a.log",
        .path = "/log/a.log",
        .service = "api",
        .format = SOURCE_JSON,
        .fields = { .time = "t", .method = "m", .path = "p", .status = "s", .duration = "d" },
        .templates = templates,
        .template_count = 2,
    };
    struct source_config changed[] = { source, source, source, source, source, source, source };
    const struct config one = { .sources = &source, .source_count = 1 };
    const struct config none = { .source_count = 0 };

    changed[0].path = "/log/b.log";
    changed[1].service = NULL;
    changed[2].format = SOURCE_COMBINED;
    changed[3].fields.duration_power = 3;
    changed[4].templates = others;
    changed[5].openapi = "http://app/openapi.json";
    changed[6].file_id = SOURCE_PATH;
    ck_assert(changes_same_sources(&one, &one));
    ck_assert(!changes_same_sources(&one, &none));
    ck_assert(changes_same_sources(&none, &none));
    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        const struct config other = { .sources = &changed[i], .source_count = 1 };

        ck_assert_msg(!changes_same_sources(&one, &other), "%zu", i);
    }
}
END_TEST

TCase *changes_cases(void)
{
    TCase *cases = tcase_create("changes");

    tcase_add_test(cases, what_a_reload_changes_is_listed_by_name);
    tcase_add_test(cases, sources_are_the_same_when_every_member_is);
    return cases;
}
