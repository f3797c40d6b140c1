/* test_objective.c - module/slo/objective.c */
/* SPDX-License-Identifier: MIT */
#include "slo/objective.h"

#include "suite.h"

START_TEST(every_service_has_four_objectives_from_the_first_start)
{
    static const struct {
        const char *name, *type, *target;
        int64_t threshold_ms;
    } cases[OBJECTIVE_BUILT_IN_COUNT] = {
        { "api-availability", "availability", "0.999", 0 },
        { "api-error-rate", "error_rate", "0.99", 0 },
        { "api-latency-p95", "latency", "0.95", 500 },
        { "api-latency-p99", "latency", "0.99", 2000 },
    };
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];

    objective_built_in("api", objectives);
    for (int i = 0; i < OBJECTIVE_BUILT_IN_COUNT; i++) {
        struct fraction target;

        ck_assert_str_eq(objectives[i].name, cases[i].name);
        ck_assert_str_eq(objectives[i].service, "api");
        ck_assert_str_eq(objective_type_text(objectives[i].type), cases[i].type);
        ck_assert_str_eq(objectives[i].target_text, cases[i].target);
        ck_assert(fraction_parse(slice_of(cases[i].target), &target));
        ck_assert_int_eq(fraction_compare(objectives[i].target, target), 0);
        ck_assert_int_eq(objectives[i].threshold_ms, cases[i].threshold_ms);
        ck_assert_int_eq(objectives[i].window_minutes, 43200);
        ck_assert_uint_gt(strlen(objectives[i].description), 20);
    }
}
END_TEST

START_TEST(the_longest_service_name_still_gives_whole_and_distinct_names)
{
    struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];
    char service[100];

    memset(service, 's', sizeof(service) - 1);
    service[sizeof(service) - 1] = '\0';
    objective_built_in(service, objectives);
    for (int i = 1; i < OBJECTIVE_BUILT_IN_COUNT; i++)
        ck_assert_str_ne(objectives[i].name, objectives[i - 1].name);
    ck_assert_str_eq(objectives[3].name + 63, "-latency-p99");
}
END_TEST

TCase *objective_cases(void)
{
    TCase *cases = tcase_create("objective");

    tcase_add_test(cases, every_service_has_four_objectives_from_the_first_start);
    tcase_add_test(cases, the_longest_service_name_still_gives_whole_and_distinct_names);
    return cases;
}
