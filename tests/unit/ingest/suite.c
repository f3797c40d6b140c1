/* suite.c - every test case of module/ingest/. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "suite.h"

TCase *trail_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        trail_cases,
    };

    return suite_run("ingest", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
