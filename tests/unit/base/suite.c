/* suite.c - every test case of module/base/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *arena_cases(void);
TCase *slice_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = { arena_cases, slice_cases };

    return suite_run("base", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
