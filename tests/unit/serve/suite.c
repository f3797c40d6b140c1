/* suite.c - every test case of module/serve/. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "suite.h"

TCase *child_cases(void);
TCase *conductor_cases(void);
TCase *cue_cases(void);
TCase *host_cases(void);
TCase *render_cases(void);
TCase *resolver_cases(void);
TCase *rotate_cases(void);
TCase *site_cases(void);
TCase *template_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = { child_cases,  conductor_cases, cue_cases,
                                            host_cases,   render_cases,    resolver_cases,
                                            rotate_cases, site_cases,      template_cases };

    return suite_run("serve", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
