/* test_counted.c - module/ledger/counted.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/counted.h"

#include "suite.h"

#include <errno.h>

static struct arena *arena;
static struct catalogue *catalogue;
static struct counted counted;

static void add(struct catalogue_builder *builder, const char *name, const char *service,
                int32_t slice_minutes)
{
    struct objective objective = { .target = { 9, 10 },
                                   .target_text = "0.9",
                                   .window_minutes = 1440,
                                   .slice_minutes = slice_minutes };
    struct indicator indicator = { .service = service };

    (void)snprintf(objective.name, sizeof(objective.name), "%s", name);
    (void)snprintf(objective.service, sizeof(objective.service), "%s", service);
    status_set_add(&indicator.mark.statuses, 500, name[0] == 'b' ? 503 : 599);
    ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, NULL), 0);
}

/* Two indicators of `app` (ids 10 and 9), one of `web` (id 9); slices of 5, 60 and again 5. */
static void set_up(void)
{
    struct catalogue_builder *builder = catalogue_builder_new("app");
    struct registry registry;

    add(builder, "a", "app", 5);
    add(builder, "a2", "app", 60);
    add(builder, "a3", "app", 5);
    add(builder, "b", "app", 0);
    add(builder, "w", "web", 60);
    catalogue = catalogue_finish(&builder);
    ck_assert_int_eq(catalogue->indicator_count, 3);
    ck_assert_int_eq(registry_init(&registry, catalogue), 0);
    registry.indicators[0] = 10;
    registry.indicators[1] = 9;
    registry.indicators[2] = 9;
    arena = arena_new(1 << 20);
    ck_assert_int_eq(counted_list(&counted, catalogue, &registry, arena), 0);
    registry_done(&registry);
}

static void tear_down(void)
{
    arena_free(&arena);
    catalogue_free(&catalogue);
}

START_TEST(equal_sets_are_equal_texts)
{
    ck_assert_str_eq(counted.services[0].indicators, "{9,10}");
    ck_assert_str_eq(counted.services[0].slices, "{\"10/5\",\"10/60\"}");
    ck_assert_str_eq(counted.services[1].indicators, "{9}");
    ck_assert_str_eq(counted.services[1].slices, "{\"9/60\"}");
}
END_TEST

START_TEST(a_position_restricts_its_own_service)
{
    static const struct {
        const char *indicators;
        const char *slices;
        bool holds[3];
        bool sliced[3];
        bool whole;
    } cases[] = {
        { "{9,10}", "{10/5,10/60}", { true, true, true }, { true, true, true }, true },
        { "{9,10,77}", "{10/5,10/60,8/1}", { true, true, true }, { true, true, true }, true },
        { "{10}", "{10/60}", { true, false, true }, { false, true, true }, false },
        { "{9,10}", "{\"10/5\"}", { true, true, true }, { true, false, true }, false },
        { "{}", "{}", { false, false, true }, { false, false, true }, false },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct counted_file file;

        ck_assert_int_eq(counted_all(&counted, &file, arena), 0);
        counted_restrict(&counted, &file, 0, cases[i].indicators, cases[i].slices);
        ck_assert_int_eq(file.whole, cases[i].whole);
        for (int k = 0; k < 3; k++) {
            ck_assert_int_eq(file.indicators[k], cases[i].holds[k]);
            ck_assert_int_eq(file.slicings[k], cases[i].sliced[k]);
        }
    }
}
END_TEST

START_TEST(a_full_arena_is_told)
{
    AUTO(arena_free) struct arena *small = arena_new(64);
    AUTO(registry_done) struct registry registry;
    struct counted_file file;

    ck_assert_int_eq(registry_init(&registry, catalogue), 0);
    ck_assert_int_eq(counted_list(&(struct counted){ 0 }, catalogue, &registry, small), -ENOMEM);
    while (counted_all(&counted, &file, small) == 0)
        continue;
    ck_assert_int_eq(counted_all(&counted, &file, small), -ENOMEM);
}
END_TEST

TCase *counted_cases(void)
{
    TCase *cases = tcase_create("counted");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, equal_sets_are_equal_texts);
    tcase_add_test(cases, a_position_restricts_its_own_service);
    tcase_add_test(cases, a_full_arena_is_told);
    return cases;
}
