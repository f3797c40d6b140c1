/* test_trouble.c - module/ledger/trouble.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/trouble.h"

#include "suite.h"

#include <errno.h>

START_TEST(every_failure_has_words_for_people)
{
    static const struct {
        int code;
        const char *sqlstate;
        const char *words;
    } cases[] = {
        { -EPROTO, "25006", "Postgres is read-only" },
        { -EPROTO, "53100", "the disk of Postgres is full" },
        { -EAGAIN, "53300", "Postgres has no free connection" },
        { -EPROTO, "57P01", "Postgres is starting or stopping" },
        { -EPROTO, "42P01", "the schema is missing: run probity migrate upgrade" },
        { -ENODATA, "", "the schema is missing: run probity migrate upgrade" },
        { -ECONNREFUSED, "", "Postgres refuses connections" },
        { -ETIMEDOUT, "", "Postgres does not answer in time" },
        { -EACCES, "28P01", "Postgres refused the login" },
        { -EPROTO, "99999", "Postgres refused what the ledger asked: the log says why" },
        { -EIO, "", "Postgres refused what the ledger asked: the log says why" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_str_eq(trouble_words(cases[i].code, cases[i].sqlstate), cases[i].words);
}
END_TEST

START_TEST(only_classes_22_and_23_blame_the_row)
{
    ck_assert(trouble_is_refused_row("22003"));
    ck_assert(trouble_is_refused_row("23514"));
    ck_assert(!trouble_is_refused_row("53100"));
    ck_assert(!trouble_is_refused_row("2F000"));
    ck_assert(!trouble_is_refused_row(""));
}
END_TEST

TCase *trouble_cases(void)
{
    TCase *cases = tcase_create("trouble");

    tcase_add_test(cases, every_failure_has_words_for_people);
    tcase_add_test(cases, only_classes_22_and_23_blame_the_row);
    return cases;
}
