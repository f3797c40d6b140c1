/* test_trouble.c - module/accountant/trouble.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/trouble.h"

#include "suite.h"

#include <errno.h>

START_TEST(every_failure_has_a_code_and_says_what_to_do)
{
    static const struct {
        int number;
        const char *code;
        const char *part;
    } cases[] = {
        { ENODATA, "ledger_schema_missing", "probity migrate upgrade" },
        { ESTALE, "ledger_schema_older", "probity migrate upgrade" },
        { ENOTSUP, "ledger_schema_newer", "migrate downgrade" },
        { ECONNREFUSED, "ledger_unreachable", "refuses connections" },
        { ETIMEDOUT, "ledger_unreachable", "in time" },
        { EACCES, "ledger_unreachable", "password" },
        { 9999, "ledger_unreachable", "log" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct trouble *trouble = trouble_of(cases[i].number);

        ck_assert_str_eq(trouble->code, cases[i].code);
        ck_assert_ptr_nonnull(strstr(trouble->message, cases[i].part));
    }
    ck_assert_str_eq(trouble_starting()->code, "starting");
}
END_TEST

TCase *trouble_cases(void)
{
    TCase *cases = tcase_create("trouble");

    tcase_add_test(cases, every_failure_has_a_code_and_says_what_to_do);
    return cases;
}
