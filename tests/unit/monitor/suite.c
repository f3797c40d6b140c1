/* suite.c - every test case of module/monitor/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *annals_cases(void);
TCase *chronicle_cases(void);
TCase *envelope_cases(void);
TCase *history_cases(void);
TCase *keeper_cases(void);
TCase *metrics_cases(void);
TCase *monitor_cases(void);
TCase *overview_cases(void);
TCase *pause_cases(void);
TCase *recollection_cases(void);
TCase *reload_cases(void);
TCase *render_detailed_cases(void);
TCase *render_facts_cases(void);
TCase *render_history_cases(void);
TCase *render_ietf_cases(void);
TCase *render_pages_cases(void);
TCase *render_public_cases(void);
TCase *render_text_cases(void);
TCase *report_cases(void);
TCase *rule_cases(void);
TCase *state_cases(void);
TCase *uptime_cases(void);
TCase *vault_cases(void);
TCase *verdict_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        annals_cases,        chronicle_cases,      envelope_cases,    history_cases,
        keeper_cases,        metrics_cases,        monitor_cases,     overview_cases,
        pause_cases,         recollection_cases,   reload_cases,      render_detailed_cases,
        render_facts_cases,  render_history_cases, render_ietf_cases, render_pages_cases,
        render_public_cases, render_text_cases,    report_cases,      rule_cases,
        state_cases,         uptime_cases,         vault_cases,       verdict_cases,
    };

    return suite_run("monitor", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
