/* suite.c - every test case of module/config/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *address_cases(void);
TCase *changes_cases(void);
TCase *checks_cases(void);
TCase *config_cases(void);
TCase *diagnose_cases(void);
TCase *dsn_cases(void);
TCase *entry_cases(void);
TCase *entry_parts_cases(void);
TCase *explain_cases(void);
TCase *file_cases(void);
TCase *groups_cases(void);
TCase *keys_cases(void);
TCase *node_cases(void);
TCase *place_cases(void);
TCase *rules_cases(void);
TCase *same_cases(void);
TCase *snapshot_cases(void);
TCase *sources_cases(void);
TCase *sources_file_cases(void);
TCase *substitute_cases(void);
TCase *url_cases(void);
TCase *value_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        value_cases,   same_cases,        url_cases,     keys_cases,   snapshot_cases,
        dsn_cases,     address_cases,     checks_cases,  config_cases, diagnose_cases,
        entry_cases,   explain_cases,     sources_cases, node_cases,   sources_file_cases,
        changes_cases, entry_parts_cases, file_cases,    groups_cases, place_cases,
        rules_cases,   substitute_cases,
    };

    return suite_run("config", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
