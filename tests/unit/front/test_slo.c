/* test_slo.c - the list of objectives, and one of them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/handlers.h"

#include "house.h"
#include "suite.h"

#define OBJECTIVE(name, service, status)                                                       \
    {                                                                                          \
        (name), (service), (status), { 1, 2 }, { "{\"" name "\": 1}", sizeof(name) + 6 }, NULL \
    }

static const struct page_objective objectives[] = {
    OBJECTIVE("one", "a", BUDGET_MET),
    OBJECTIVE("two", "a", BUDGET_AT_RISK),
    OBJECTIVE("three", "b", BUDGET_INSUFFICIENT_DATA),
    OBJECTIVE("four", "b", BUDGET_BREACHED),
};

static const struct {
    const char *request;
    int want;
    const char *holds;
} cases[] = {
    { "GET /slo", 200,
      "{\"status\": \"breached\", \"as_of\": \"2026-11-21T12:39:33.000Z\", \"stale\": false, "
      "\"slos\": [{\"one\": 1}, {\"two\": 1}, {\"three\": 1}, {\"four\": 1}]}" },
    { "GET /slo?service=a", 200, "{\"status\": \"at_risk\", " },
    { "GET /slo?service=a", 200, "\"slos\": [{\"one\": 1}, {\"two\": 1}]}" },
    { "GET /slo?status=insufficient_data", 200, "{\"status\": \"insufficient_data\", " },
    { "GET /slo?status=met&service=b", 200, "\"slos\": []}" },
    { "GET /slo?service=nobody", 200, "{\"status\": \"no_data\", " },
    { "GET /slo?status=mett", 400, "status is none of" },
    { "GET /slo?status=", 400, "empty" },
    { "GET /slo?service=a&service=b", 400, "twice" },
    { "GET /slo?servise=a", 400, "unknown parameter" },
    { "GET /slo/one", 200, "slo/one" },
    { "GET /slo/one?x", 400, "unknown parameter" },
    { "GET /slo/five", 404, "no objective has this name" },
    { "GET /slo/alerts", 503, "ledger_unavailable" },
    { "GET /slo/events", 405, "use POST" },
};

START_TEST(the_list_is_chosen_and_joined)
{
    struct house house;

    house_init(&house, false);
    house_publish_slo(&house, objectives, (int)ARRAY_LENGTH(objectives), NULL);
    ck_assert_msg(house_ask(&house, cases[_i].request, "") == cases[_i].want, "%s: %d",
                  cases[_i].request, house.response.status);
    ck_assert_msg(strstr(buf_text(&house.text), cases[_i].holds) != NULL, "%s: %s",
                  cases[_i].request, buf_text(&house.text));
    house_done(&house);
}
END_TEST

START_TEST(stale_figures_are_shown_with_a_503_that_says_why)
{
    struct house house;

    house_init(&house, false);
    house_publish_slo(&house, objectives, 1, "the ledger does not answer");
    ck_assert_int_eq(house_ask(&house, "GET /slo", ""), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text),
                                 "\"stale\": true, \"reason\": \"the ledger does not answer\", "
                                 "\"slos\": [{\"one\": 1}]}"));
    house_done(&house);
}
END_TEST

START_TEST(without_any_figures_every_slo_endpoint_says_why)
{
    struct house house;

    house_init(&house, false);
    house_publish_slo(&house, NULL, 0, "DATABASE_URL is not set");
    ck_assert_int_eq(house_ask(&house, "GET /slo", ""), 503);
    ck_assert_ptr_nonnull(strstr(buf_text(&house.text), "\"code\": \"ledger_unavailable\", "
                                                        "\"message\": \"DATABASE_URL is not set"));
    ck_assert_int_eq(house_ask(&house, "GET /slo/one", ""), 503);
    house.no_figures = true;
    house_publish_slo(&house, objectives, 1, "DATABASE_URL is not set");
    ck_assert_int_eq(house_ask(&house, "GET /slo/one", ""), 503);
    ck_assert_int_eq(house_ask(&house, "GET /slo/two", ""), 404);
    house_done(&house);
}
END_TEST

TCase *slo_cases(void)
{
    TCase *tcase = tcase_create("slo");

    tcase_add_loop_test(tcase, the_list_is_chosen_and_joined, 0, (int)ARRAY_LENGTH(cases));
    tcase_add_test(tcase, stale_figures_are_shown_with_a_503_that_says_why);
    tcase_add_test(tcase, without_any_figures_every_slo_endpoint_says_why);
    return tcase;
}
