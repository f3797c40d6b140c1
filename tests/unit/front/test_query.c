/* test_query.c - strict query parameters. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/query.h"

#include "suite.h"

static const struct {
    const char *query;
    const char *slo;     /* NULL: not given */
    const char *service; /* NULL: not given */
    bool want;
} cases[] = {
    { "", NULL, NULL, true },
    { "slo=a", "a", NULL, true },
    { "service=b&slo=a", "a", "b", true },
    { "&slo=a&", "a", NULL, true },
    { "slo=a%2Db%c3%A4", "a-b\xc3\xa4", NULL, true },
    { "s%6Co=a", "a", NULL, true },
    { "slo=a+b", "a b", NULL, true },
    { "slo=a=b", "a=b", NULL, true },
    { "slo", NULL, NULL, false },
    { "slo=", NULL, NULL, false },
    { "slo=a&slo=a", NULL, NULL, false },
    { "Slo=a", NULL, NULL, false },
    { "sol=a", NULL, NULL, false },
    { "=a", NULL, NULL, false },
    { "slo=%", NULL, NULL, false },
    { "slo=%4", NULL, NULL, false },
    { "slo=%zz", NULL, NULL, false },
    { "slo=a%00b", NULL, NULL, false },
};

START_TEST(a_query_is_read_strictly)
{
    struct query_parameter known[] = { { .name = "slo" }, { .name = "service" } };
    AUTO(buf_done) struct buf trouble;

    buf_init(&trouble, 512);
    ck_assert_msg(query_parse(slice_of(cases[_i].query), known, 2, &trouble) == cases[_i].want,
                  "%s: %s", cases[_i].query, buf_text(&trouble));
    ck_assert_int_eq(trouble.length == 0, cases[_i].want);
    if (!cases[_i].want)
        return;
    ck_assert_int_eq(known[0].given, cases[_i].slo != NULL);
    ck_assert_int_eq(known[1].given, cases[_i].service != NULL);
    ck_assert_str_eq(known[0].value, cases[_i].slo == NULL ? "" : cases[_i].slo);
    ck_assert_str_eq(known[1].value, cases[_i].service == NULL ? "" : cases[_i].service);
}
END_TEST

START_TEST(a_value_that_is_too_long_is_refused_and_not_cut)
{
    struct query_parameter known[] = { { .name = "slo" } };
    AUTO(buf_done) struct buf trouble;
    AUTO(buf_done) struct buf query;

    buf_init(&trouble, 512);
    buf_init(&query, 1024);
    buf_append_text(&query, "slo=");
    for (int i = 0; i < QUERY_VALUE_BYTES; i++)
        buf_append_char(&query, 'a');
    ck_assert(!query_parse(buf_slice(&query), known, 1, &trouble));
}
END_TEST

TCase *query_cases(void)
{
    TCase *tcase = tcase_create("query");

    tcase_add_loop_test(tcase, a_query_is_read_strictly, 0, (int)ARRAY_LENGTH(cases));
    tcase_add_test(tcase, a_value_that_is_too_long_is_refused_and_not_cut);
    return tcase;
}
