/* test_gate.c - may I deploy? */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/limits.h"
#include "front/handlers.h"

#include "house.h"
#include "suite.h"

#include <stdio.h>

#define OBJECTIVE(name, service, status, left, of)                       \
    {                                                                    \
        (name), (service), (status), { (left), (of) }, { "{}", 2 }, NULL \
    }

static const struct page_objective objectives[] = {
    OBJECTIVE("good", "a", BUDGET_MET, 6198, 10000),
    OBJECTIVE("tenth", "a", BUDGET_AT_RISK, 1, 10),
    OBJECTIVE("nothing", "b", BUDGET_BREACHED, 0, 10),
    OBJECTIVE("debt", "b", BUDGET_BREACHED, -315, 10000),
    OBJECTIVE("twice", "b", BUDGET_BREACHED, -10001, 10000),
    OBJECTIVE("often", "b", BUDGET_BREACHED, -8991, 100),
    OBJECTIVE("few", "c", BUDGET_INSUFFICIENT_DATA, -5, 10),
    OBJECTIVE("none", "c", BUDGET_NO_DATA, 0, 1),
};

static const struct {
    const char *query;
    int want;
    const char *holds;
} cases[] = {
    { "slo=good", 200,
      "{\"decision\": \"go\", \"as_of\": \"2026-11-21T12:39:33.000Z\", "
      "\"reasons\": []}" },
    { "slo=good&min_budget=0.6198", 200, "\"go\"" },
    { "slo=good&min_budget=0.61981", 503, "error budget 61.9 % left, 62 % asked" },
    { "slo=tenth&min_budget=0.1", 200, "\"go\"" },
    { "slo=tenth&min_budget=0.10000000000000001", 503, "\"stop\"" },
    { "slo=nothing", 503, "error budget exhausted, nothing left" },
    { "slo=debt", 503, "error budget exhausted, 3.2 % over" },
    { "slo=twice", 503, "\"error budget exhausted 2.1 times over\"" },
    { "slo=often", 503, "\"error budget exhausted 91 times over\"" },
    { "slo=few", 200, "too few events to judge" },
    { "slo=none&min_budget=1", 200, "no events in the window" },
    { "service=a", 200, "\"go\"" },
    { "service=b", 503, "{\"slo\": \"nothing\", \"reason\"" },
    { "service=a&slo=debt", 404, "not_found" },
    { "service=nobody", 404, "not_found" },
    { "slo=god", 404, "not_found" },
    { "", 503, "\"stop\"" },
    { "min_budget=1.01", 400, "min_budget" },
    { "min_budget=-0.1", 400, "min_budget" },
    { "min_budget=ten", 400, "min_budget" },
    { "min_budget=1e-1", 400, "min_budget" },
    { "min_budget=0.1&min_budget=0.2", 400, "twice" },
    { "min-budget=0.9", 400, "unknown parameter" },
    { "slo=", 400, "empty" },
};

START_TEST(the_gate_decides_exactly)
{
    struct house house;
    char request[128];

    house_init(&house, false);
    house_publish_slo(&house, objectives, (int)ARRAY_LENGTH(objectives), NULL);
    (void)snprintf(request, sizeof(request), "GET /slo/gate?%s", cases[_i].query);
    ck_assert_msg(house_ask(&house, request, "") == cases[_i].want, "%s: %d %s", request,
                  house.response.status, buf_text(&house.text));
    ck_assert_msg(strstr(buf_text(&house.text), cases[_i].holds) != NULL, "%s: %s", request,
                  buf_text(&house.text));
    ck_assert_ptr_null(strstr(house.response.head.data, "Retry-After"));
    house_done(&house);
}
END_TEST

START_TEST(stale_figures_and_no_ledger_are_unknown)
{
    struct house house;

    house_init(&house, false);
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate", ""), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"unknown\""));
    house_publish_slo(&house, objectives, 1, "the ledger does not answer");
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate?slo=good", ""), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"unknown\""));
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "the ledger does not answer"));
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate?slo=god", ""), 404);
    house.no_figures = true;
    house_publish_slo(&house, objectives, 1, "DATABASE_URL is not set");
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate?slo=god", ""), 404);
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate?slo=good", ""), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"as_of\": null"));
    house_done(&house);
}
END_TEST

static const struct {
    const char *objective; /* of the override for service b */
    int64_t expires_at_ms;
    const char *query;
    int want;
    const char *holds;
} overrides[] = {
    { "", INT64_MAX, "service=b", 200, "\"override\": {\"id\": \"1\", \"slo\": null, " },
    { "", INT64_MAX, "service=b", 200,
      "{\"slo\": \"nothing\", \"reason\": \"error budget exhausted" },
    { "debt", INT64_MAX, "slo=debt", 200,
      "\"slo\": \"debt\", \"service\": \"b\", \"reason\": \"hotfix\"" },
    { "debt", INT64_MAX, "slo=nothing", 503, "\"stop\"" },
    { "debt", INT64_MAX, "service=b", 503, "\"stop\"" },
    { "", 1, "service=b", 503, "\"stop\"" },
    { "", INT64_MAX, "slo=tenth&min_budget=0.5", 503, "\"stop\"" },
    { "", INT64_MAX, "slo=good", 200, "\"reasons\": []}" },
};

START_TEST(an_override_opens_the_gate_and_is_shown)
{
    struct house house;
    char request[128];

    house_init(&house, false);
    house.override = (struct page_override){
        .id = "1",
        .service = "b",
        .objective = overrides[_i].objective,
        .reason = "hotfix",
        .author = "ada",
        .expires_at_ms = overrides[_i].expires_at_ms,
    };
    house_publish_slo(&house, objectives, (int)ARRAY_LENGTH(objectives), NULL);
    (void)snprintf(request, sizeof(request), "GET /slo/gate?%s", overrides[_i].query);
    ck_assert_msg(house_ask(&house, request, "") == overrides[_i].want, "%s: %s", request,
                  buf_text(&house.text));
    ck_assert_msg(strstr(buf_text(&house.text), overrides[_i].holds) != NULL, "%s: %s", request,
                  buf_text(&house.text));
    /* Shown where it was needed, and nowhere else. */
    ck_assert((strstr(buf_text(&house.text), "override") != NULL)
              == (overrides[_i].want == 200 && strstr(request, "good") == NULL));
    house_done(&house);
}
END_TEST

START_TEST(an_override_is_no_answer_to_doubt)
{
    struct house house;

    house_init(&house, false);
    house.override = (struct page_override){ .id = "1",
                                             .service = "b",
                                             .objective = "",
                                             .reason = "hotfix",
                                             .author = "ada",
                                             .expires_at_ms = INT64_MAX };
    house_publish_slo(&house, objectives, (int)ARRAY_LENGTH(objectives), "Postgres is away");
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate?service=b", ""), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"unknown\""));
    house_done(&house);
}
END_TEST

static const struct {
    const char *query;
    bool shown;
} maintained[] = {
    { "service=b", true },
    { "slo=debt", true },
    { "", true },
    { "slo=good", false },
};

START_TEST(maintenance_is_told_to_whoever_deploys_into_it)
{
    static const struct maintenance over = { .on = true, .until_wall_ms = 1000, .id = "old" };
    static const struct maintenance now = { .on = true,
                                            .drain = true,
                                            .since_wall_ms = 1000,
                                            .until_wall_ms = INT64_C(7258118400000),
                                            .id = "a1",
                                            .reason = "new disks",
                                            .who = "ada@db1" };
    static const struct page_maintenance maintenances[] = { { "b", &over }, { "b", &now } };
    struct house house;
    char request[128];

    house_init(&house, false);
    house.maintenances = maintenances;
    house.maintenance_count = 2;
    house_publish_slo(&house, objectives, (int)ARRAY_LENGTH(objectives), NULL);
    (void)snprintf(request, sizeof(request), "GET /slo/gate?%s", maintained[_i].query);
    (void)house_ask(&house, request, "");
    ck_assert(
        (strstr(buf_text(&house.text), "\"maintenance\": [{\"service\": \"b\", \"id\": \"a1\", "
                                       "\"since\": \"1970-01-01T00:00:01.000Z\", \"until\": "
                                       "\"2200-01-01T00:00:00.000Z\", \"reason\": \"new disks\", "
                                       "\"author\": \"ada@db1\", \"drain\": true}]}")
         != NULL)
        == maintained[_i].shown);
    ck_assert((strstr(buf_text(&house.text), "maintenance") != NULL) == maintained[_i].shown);
    house_done(&house);
}
END_TEST

START_TEST(many_objectives_have_room_for_their_reasons)
{
    static struct page_objective many[LIMIT_OBJECTIVES];
    static char names[LIMIT_OBJECTIVES][96];
    struct house house;

    for (int i = 0; i < LIMIT_OBJECTIVES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%095d", i);
        many[i] = (struct page_objective)OBJECTIVE(names[i], "a", BUDGET_NO_DATA, 1, 1);
    }
    house_init(&house, false);
    house_publish_slo(&house, many, LIMIT_OBJECTIVES, NULL);
    ck_assert_int_eq(house_ask(&house, "GET /slo/gate", ""), 200);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), names[LIMIT_OBJECTIVES - 1]));
    house_done(&house);
}
END_TEST

TCase *gate_cases(void)
{
    TCase *tcase = tcase_create("gate");

    tcase_add_loop_test(tcase, the_gate_decides_exactly, 0, (int)ARRAY_LENGTH(cases));
    tcase_add_test(tcase, stale_figures_and_no_ledger_are_unknown);
    tcase_add_loop_test(tcase, an_override_opens_the_gate_and_is_shown, 0,
                        (int)ARRAY_LENGTH(overrides));
    tcase_add_test(tcase, an_override_is_no_answer_to_doubt);
    tcase_add_loop_test(tcase, maintenance_is_told_to_whoever_deploys_into_it, 0,
                        (int)ARRAY_LENGTH(maintained));
    tcase_add_test(tcase, many_objectives_have_room_for_their_reasons);
    return tcase;
}
