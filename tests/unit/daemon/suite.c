/* suite.c - every test case of module/daemon/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *herald_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = { herald_cases };

    return suite_run("daemon", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
