/* suite.c - every test case of module/auth/. */
/* SPDX-License-Identifier: MIT */
#include "suite.h"

TCase *access_cases(void);
TCase *admission_cases(void);
TCase *base64url_cases(void);
TCase *claims_cases(void);
TCase *jwt_cases(void);
TCase *pass_cases(void);

int main(void)
{
    static const suite_cases_fn cases[] = {
        access_cases, admission_cases, base64url_cases, claims_cases, jwt_cases, pass_cases,
    };

    return suite_run("auth", cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
