/* suite.c - every test case of module/front/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *counters_cases(void);
TCase *drain_cases(void);
TCase *events_cases(void);
TCase *gate_cases(void);
TCase *health_cases(void);
TCase *lag_cases(void);
TCase *look_cases(void);
TCase *negotiate_cases(void);
TCase *query_cases(void);
TCase *record_cases(void);
TCase *request_cases(void);
TCase *router_cases(void);
TCase *slo_cases(void);
TCase *when_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        counters_cases, drain_cases,  events_cases,    gate_cases,  health_cases,
        lag_cases,      look_cases,   negotiate_cases, query_cases, record_cases,
        request_cases,  router_cases, slo_cases,       when_cases,
    };

    return suite_run("front", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
