/* suite.c - every test case of module/ingest/. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "suite.h"

TCase *archive_cases(void);
TCase *batch_cases(void);
TCase *classify_cases(void);
TCase *combined_cases(void);
TCase *decimal_cases(void);
TCase *entry_cases(void);
TCase *fetch_cases(void);
TCase *fields_cases(void);
TCase *follow_cases(void);
TCase *follower_cases(void);
TCase *head_cases(void);
TCase *journal_cases(void);
TCase *line_cases(void);
TCase *meter_cases(void);
TCase *method_cases(void);
TCase *openapi_cases(void);
TCase *replay_cases(void);
TCase *requests_cases(void);
TCase *scan_cases(void);
TCase *sheet_cases(void);
TCase *sight_cases(void);
TCase *templates_cases(void);
TCase *trail_cases(void);
TCase *usual_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        archive_cases, batch_cases,  classify_cases, combined_cases,  decimal_cases, entry_cases,
        fetch_cases,   fields_cases, follow_cases,   follower_cases,  head_cases,    journal_cases,
        line_cases,    meter_cases,  method_cases,   openapi_cases,   replay_cases,  requests_cases,
        scan_cases,    sheet_cases,  sight_cases,    templates_cases, trail_cases,   usual_cases,
    };

    return suite_run("ingest", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
