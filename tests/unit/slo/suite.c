/* suite.c - every test case of module/slo/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *alert_cases(void);
TCase *budget_cases(void);
TCase *calendar_cases(void);
TCase *catalogue_cases(void);
TCase *counts_cases(void);
TCase *forecast_cases(void);
TCase *fraction_cases(void);
TCase *golden_cases(void);
TCase *histogram_cases(void);
TCase *incident_cases(void);
TCase *lint_cases(void);
TCase *objective_cases(void);
TCase *openslo_cases(void);
TCase *openslo_run_cases(void);
TCase *plan_cases(void);
TCase *problem_cases(void);
TCase *rule_cases(void);
TCase *selector_cases(void);
TCase *slices_cases(void);
TCase *status_counts_cases(void);
TCase *tally_cases(void);
TCase *track_cases(void);
TCase *unwatched_cases(void);
TCase *varint_cases(void);
TCase *wide_cases(void);
TCase *wilson_cases(void);
TCase *window_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        alert_cases,    budget_cases,    calendar_cases,  catalogue_cases,   counts_cases,
        forecast_cases, fraction_cases,  golden_cases,    histogram_cases,   incident_cases,
        lint_cases,     objective_cases, openslo_cases,   openslo_run_cases, plan_cases,
        problem_cases,  rule_cases,      selector_cases,  slices_cases,      status_counts_cases,
        tally_cases,    track_cases,     unwatched_cases, varint_cases,      wide_cases,
        wilson_cases,   window_cases,
    };

    return suite_run("slo", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
