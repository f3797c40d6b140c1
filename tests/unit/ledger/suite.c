/* suite.c - every test case of module/ledger/ that needs no Postgres; the rest is in
 * tests/integration/test_ledger*.py and test_migrate.py. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *arrays_cases(void);
TCase *counted_cases(void);
TCase *coverage_cases(void);
TCase *derived_cases(void);
TCase *desk_cases(void);
TCase *estimate_cases(void);
TCase *feed_cases(void);
TCase *history_cases(void);
TCase *plan_cases(void);
TCase *rows_cases(void);
TCase *schema_cases(void);
TCase *trouble_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = { arrays_cases,  counted_cases, coverage_cases,
                                            derived_cases, desk_cases,    estimate_cases,
                                            feed_cases,    history_cases, plan_cases,
                                            rows_cases,    schema_cases,  trouble_cases };

    return suite_run("ledger", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
