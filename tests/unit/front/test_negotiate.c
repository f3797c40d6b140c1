/* test_negotiate.c - what an Accept header asks for. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/negotiate.h"

#include "base/auto.h"
#include "suite.h"

static const struct {
    const char *accept;
    bool want;
} cases[] = {
    { "", false },
    { "*/*", false },
    { "application/*", false },
    { "text/plain", false },
    { "application/openmetrics-text", true },
    { "application/openmetrics-text;version=1.0.0", true },
    { "Application/OpenMetrics-Text ; version=1.0.0; charset=utf-8", true },
    { "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
      "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      true },
    { "application/openmetrics-text;q=0", false },
    { "application/openmetrics-text; q=0.000, text/plain", false },
    { "application/openmetrics-text;q=0.001", true },
    { "text/plain, application/openmetrics-text", true },
    { "application/openmetrics-textual", false },
    { ",;,;;=", false },
};

START_TEST(open_metrics_are_given_to_who_asks_for_them_by_name)
{
    ck_assert_msg(
        negotiate_accepts(slice_of(cases[_i].accept), SLICE("application/openmetrics-text"))
            == cases[_i].want,
        "%s", cases[_i].accept);
}
END_TEST

/* What the health endpoints offer: 0 JSON, 1 the IETF's, 2 text. */
static const struct {
    const char *accept;
    int want;
} offers[] = {
    { "", 0 },
    { "*/*", 0 },
    { "application/json", 0 },
    { "application/health+json", 1 },
    { "Application/Health+JSON; charset=utf-8", 1 },
    { "text/plain", 2 },
    { "text/*", 2 },
    { "application/*", 0 },
    { "application/health+json, application/json", 0 },
    { "application/json;q=0.9, application/health+json", 1 },
    { "application/json;q=0.9, application/health+json;q=0.95", 1 },
    { "text/plain;q=0.5, */*;q=0.1", 2 },
    { "text/plain, */*", 0 },
    { "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", 0 },
    { "application/json;q=0, */*", 1 },
    { "*/*, application/json;q=0.1, application/health+json;q=0.2", 2 },
    { "*/*;q=0.3, text/*;q=0.2, text/plain;q=0.4", 2 },
    { "text/plain;q=0.4, text/plain;q=0.2, */*;q=0.3", 2 },
    { "text/plain;q=0.001", 2 },
    { "text/plain;q=0", 0 },
    { "text/plain;q=0.0001", 2 },
    { "text/plain;q=1.1, application/json", 0 },
    { "image/png", 0 },
    { "text/plain;version=0.0.4;q=0.5,application/openmetrics-text", 2 },
    { "text, /, text/, */plain, ;q=1, ,", 0 },
    { "application/health+jsonx", 0 },
};

START_TEST(the_highest_quality_wins_and_the_first_offer_on_a_tie)
{
    static const struct slice media_types[] = { { "application/json", 16 },
                                                { "application/health+json", 23 },
                                                { "text/plain", 10 } };

    ck_assert_msg(negotiate_choose(slice_of(offers[_i].accept), media_types, 3) == offers[_i].want,
                  "%s", offers[_i].accept);
}
END_TEST

TCase *negotiate_cases(void)
{
    TCase *tcase = tcase_create("negotiate");

    tcase_add_loop_test(tcase, open_metrics_are_given_to_who_asks_for_them_by_name, 0,
                        (int)ARRAY_LENGTH(cases));
    tcase_add_loop_test(tcase, the_highest_quality_wins_and_the_first_offer_on_a_tie, 0,
                        (int)ARRAY_LENGTH(offers));
    return tcase;
}
