/* suite.c - every test case of module/health/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *hysteresis_cases(void);
TCase *latency_cases(void);
TCase *order_cases(void);
TCase *outcome_cases(void);
TCase *reason_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        hysteresis_cases, latency_cases, order_cases, outcome_cases, reason_cases,
    };

    return suite_run("health", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
