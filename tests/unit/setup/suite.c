/* suite.c - every test case of module/setup/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *image_cases(void);
TCase *materials_cases(void);
TCase *port_cases(void);
TCase *sheet_cases(void);
TCase *survey_cases(void);
TCase *toml_cases(void);
TCase *words_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = { image_cases,  materials_cases, port_cases, sheet_cases,
                                            survey_cases, toml_cases,      words_cases };

    return suite_run("setup", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
