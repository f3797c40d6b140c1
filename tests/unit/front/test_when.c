/* test_when.c - moments as people write them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/when.h"

#include "suite.h"

static const int64_t now_ms = INT64_C(1795262400123);

static const struct {
    const char *text;
    int64_t want_ms; /* -1: no time */
} cases[] = {
    { "now", INT64_C(1795262400123) },
    { "1795262400", INT64_C(1795262400000) },
    { "0", 0 },
    { "-6h", INT64_C(1795262400123) - INT64_C(6) * 3600000 },
    { "-90s", INT64_C(1795262400123) - 90000 },
    { "+30m", INT64_C(1795262400123) + 1800000 },
    { "-30d", INT64_C(1795262400123) - INT64_C(30) * 86400000 },
    { "2026-11-21T12:00:00Z", INT64_C(1795262400000) },
    { "2026-11-21T13:00:00+01:00", INT64_C(1795262400000) },
    { "2026-11-21T12:00:00.5Z", INT64_C(1795262400500) },
    { "2026-11-21T13:00:00 01:00", -1 },
    { "2026-11-21", -1 },
    { "", -1 },
    { "-", -1 },
    { "+", -1 },
    { "yesterday", -1 },
    { "-99999999d", -1 },
    { "-60y", -1 },
    { "7258118401", -1 },
    { "99999999999999999999", -1 },
    { "1795262400.5", -1 },
    { "1e9", -1 },
    { "2500-01-01T00:00:00Z", -1 },
    { "1969-12-31T23:59:59Z", -1 },
};

START_TEST(a_moment_is_read_as_people_write_it)
{
    int64_t got_ms = -1;
    bool is_time = when_parse(slice_of(cases[_i].text), now_ms, &got_ms);

    ck_assert_msg(is_time == (cases[_i].want_ms >= 0), "%s", cases[_i].text);
    ck_assert_msg(got_ms == cases[_i].want_ms, "%s: %lld", cases[_i].text, (long long)got_ms);
}
END_TEST

TCase *when_cases(void)
{
    TCase *tcase = tcase_create("when");

    tcase_add_loop_test(tcase, a_moment_is_read_as_people_write_it, 0, (int)ARRAY_LENGTH(cases));
    return tcase;
}
