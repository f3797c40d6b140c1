/* test_catalogue.c - module/slo/catalogue.c */
/* SPDX-License-Identifier: MIT */
#include "slo/catalogue.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>

static struct objective promise(const char *name, const char *service)
{
    struct objective objective = { .window_minutes = 43200 };

    (void)snprintf(objective.name, sizeof(objective.name), "%s", name);
    (void)snprintf(objective.service, sizeof(objective.service), "%s", service);
    return objective;
}

static int add(struct catalogue_builder *builder, const char *name, const char *service,
               int64_t from_ms)
{
    struct objective objective = promise(name, service);
    struct indicator indicator = { .service = service, .mark.from_ms = from_ms };
    struct error err = { .code = 0 };

    return catalogue_add(builder, &objective, &indicator, &err);
}

START_TEST(the_built_in_objectives_share_an_indicator)
{
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    struct error err = { .code = 0 };
    int availability;
    int error_rate;

    ck_assert_int_eq(catalogue_built_in("api", &catalogue, &err), 0);
    ck_assert_int_eq(catalogue->objective_count, 4);
    ck_assert_int_eq(catalogue->indicator_count, 3);
    ck_assert_int_eq(catalogue->service_count, 1);
    availability = catalogue_objective(catalogue, SLICE("api-availability"));
    error_rate = catalogue_objective(catalogue, SLICE("api-error-rate"));
    ck_assert_int_eq(catalogue->objectives[availability].indicator,
                     catalogue->objectives[error_rate].indicator);
    ck_assert_str_eq(
        catalogue->indicators[catalogue->objectives[availability].indicator].definition,
        "total{} bad{status=500-599}");
    ck_assert_int_eq(catalogue->objectives[availability].rule_count, RULE_DEFAULT_COUNT);
    ck_assert_int_eq(catalogue_objective(catalogue, SLICE("other")), -1);
    ck_assert_int_eq(catalogue_service(catalogue, SLICE("api")), 0);
    ck_assert_int_eq(catalogue_service(catalogue, SLICE("web")), -1);
}
END_TEST

START_TEST(catalogues_are_equal_when_they_promise_the_same)
{
    static const char *const services[] = { "api", "web" };
    AUTO(catalogue_free) struct catalogue *one = NULL;
    AUTO(catalogue_free) struct catalogue *same = NULL;
    AUTO(catalogue_free) struct catalogue *more = NULL;
    AUTO(catalogue_free) struct catalogue *other = NULL;
    struct objective changed;
    const struct objective *kept;

    ck_assert_int_eq(catalogue_built_in("api", &one, NULL), 0);
    ck_assert_int_eq(catalogue_built_in("api", &same, NULL), 0);
    ck_assert_int_eq(catalogue_built_in_all(services, 2, &more, NULL), 0);
    ck_assert_int_eq(catalogue_built_in("web", &other, NULL), 0);
    ck_assert(catalogue_equal(one, same));
    ck_assert(!catalogue_equal(one, more));
    ck_assert(!catalogue_equal(one, other));
    kept = same->objectives;
    changed = kept[0];
    changed.document = "{}";
    same->objectives = &changed;
    same->objective_count = one->objective_count = 1;
    ck_assert(!catalogue_equal(one, same));
    same->objectives = kept;
    ck_assert(catalogue_equal(one, same));
}
END_TEST

START_TEST(every_service_has_its_built_in_objectives_once)
{
    static const char *const services[] = { "shop", "api", "shop", "api" };
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;

    ck_assert_int_eq(catalogue_built_in_all(services, 4, &catalogue, NULL), 0);
    ck_assert_int_eq(catalogue->objective_count, 2 * OBJECTIVE_BUILT_IN_COUNT);
    ck_assert_int_eq(catalogue->service_count, 2);
    ck_assert_int_ge(catalogue_objective(catalogue, SLICE("api-availability")), 0);
    ck_assert_int_ge(catalogue_objective(catalogue, SLICE("shop-latency-p99")), 0);
}
END_TEST

START_TEST(objectives_are_sorted_and_the_home_service_is_always_there)
{
    struct catalogue_builder *builder = catalogue_builder_new("home");
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;

    ck_assert_int_eq(add(builder, "z", "b", 5), 0);
    ck_assert_int_eq(add(builder, "y", "a", 5), 0);
    ck_assert_int_eq(add(builder, "x", "b", 5), 0);
    ck_assert_int_eq(add(builder, "x", "c", 5), -EEXIST);
    catalogue = catalogue_finish(&builder);
    ck_assert_ptr_null(builder);
    ck_assert_str_eq(catalogue->objectives[0].name, "y");
    ck_assert_str_eq(catalogue->objectives[1].name, "x");
    ck_assert_str_eq(catalogue->objectives[2].name, "z");
    ck_assert_int_eq(catalogue->indicator_count, 2);
    ck_assert_int_eq(catalogue->service_count, 3);
    ck_assert_str_eq(catalogue->services[2], "home");
    for (int i = 0; i < catalogue->objective_count; i++)
        ck_assert_str_eq(catalogue->indicators[catalogue->objectives[i].indicator].service,
                         catalogue->objectives[i].service);
}
END_TEST

START_TEST(no_rules_are_not_the_default_rules)
{
    static const struct alert_rule none[1];
    struct catalogue_builder *builder = catalogue_builder_new("home");
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    struct objective objective = promise("quiet", "home");
    struct indicator indicator = { .service = "home" };
    struct error err = { .code = 0 };

    objective.rules = none;
    ck_assert_int_eq(catalogue_add(builder, &objective, &indicator, &err), 0);
    catalogue = catalogue_finish(&builder);
    ck_assert_int_eq(catalogue->objectives[0].rule_count, 0);
}
END_TEST

START_TEST(what_is_kept_takes_a_name_and_a_place)
{
    struct catalogue_builder *builder = catalogue_builder_new("home");
    AUTO(catalogue_free) struct catalogue *catalogue = NULL;
    struct kept_objective kept = { "journey", "home", "{}", "it is composite" };
    struct error err = { .code = 0 };
    char name[16];

    ck_assert_int_eq(catalogue_keep(builder, &kept, &err), 0);
    ck_assert_int_eq(catalogue_keep(builder, &kept, &err), -EEXIST);
    ck_assert_int_eq(add(builder, "journey", "home", 5), -EEXIST);
    for (int i = 1; i < LIMIT_OBJECTIVES; i++) {
        (void)snprintf(name, sizeof(name), "slo-%d", i);
        ck_assert_int_eq(add(builder, name, "home", 5), 0);
    }
    ck_assert_int_eq(add(builder, "one-more", "home", 5), -E2BIG);
    catalogue = catalogue_finish(&builder);
    ck_assert_int_eq(catalogue->kept_count, 1);
    ck_assert_int_eq(catalogue->indicator_count, 1);
    ck_assert_int_eq(catalogue_objective(catalogue, SLICE("journey")), -1);
}
END_TEST

START_TEST(a_catalogue_survives_every_allocation_that_fails)
{
    int code = -ENOMEM;

    for (int n = 0; code != 0; n++) {
        AUTO(catalogue_free) struct catalogue *catalogue = NULL;
        struct error err = { .code = 0 };

        ck_assert_int_lt(n, 1000);
        malloc_fail_at(n);
        code = catalogue_built_in("api", &catalogue, &err);
        malloc_fail_at(-1);
        ck_assert(code == 0 || code == -ENOMEM);
    }
}
END_TEST

TCase *catalogue_cases(void)
{
    TCase *cases = tcase_create("catalogue");

    tcase_add_test(cases, the_built_in_objectives_share_an_indicator);
    tcase_add_test(cases, every_service_has_its_built_in_objectives_once);
    tcase_add_test(cases, catalogues_are_equal_when_they_promise_the_same);
    tcase_add_test(cases, objectives_are_sorted_and_the_home_service_is_always_there);
    tcase_add_test(cases, no_rules_are_not_the_default_rules);
    tcase_add_test(cases, what_is_kept_takes_a_name_and_a_place);
    tcase_add_test(cases, a_catalogue_survives_every_allocation_that_fails);
    return cases;
}
