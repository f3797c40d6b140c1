/* suite.c - every test case of module/accountant/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *accountant_cases(void);
TCase *alarm_render_cases(void);
TCase *alarm_speakers_cases(void);
TCase *alarm_words_cases(void);
TCase *alarms_cases(void);
TCase *book_cases(void);
TCase *clerk_cases(void);
TCase *forecasts_cases(void);
TCase *hour_cases(void);
TCase *incidents_cases(void);
TCase *latency_cases(void);
TCase *logs_cases(void);
TCase *maintenances_cases(void);
TCase *metrics_cases(void);
TCase *publish_cases(void);
TCase *render_cases(void);
TCase *trackers_cases(void);
TCase *traffic_cases(void);
TCase *trouble_cases(void);
TCase *verdict_cases(void);
TCase *watching_cases(void);
TCase *waivers_cases(void);
TCase *worst_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        accountant_cases,   alarm_render_cases, alarm_speakers_cases, alarm_words_cases,
        alarms_cases,       book_cases,         clerk_cases,          forecasts_cases,
        hour_cases,         incidents_cases,    latency_cases,        logs_cases,
        maintenances_cases, metrics_cases,      publish_cases,        render_cases,
        trackers_cases,     traffic_cases,      trouble_cases,        verdict_cases,
        waivers_cases,      watching_cases,     worst_cases
    };

    return suite_run("accountant", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
