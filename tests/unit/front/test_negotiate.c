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

TCase *negotiate_cases(void)
{
    TCase *tcase = tcase_create("negotiate");

    tcase_add_loop_test(tcase, open_metrics_are_given_to_who_asks_for_them_by_name, 0,
                        (int)ARRAY_LENGTH(cases));
    return tcase;
}
