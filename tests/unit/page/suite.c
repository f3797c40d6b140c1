/* suite.c - every test case of module/page/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *metrics_cases(void);
TCase *page_cases(void);
TCase *slot_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = { metrics_cases, page_cases, slot_cases };

    return suite_run("page", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
