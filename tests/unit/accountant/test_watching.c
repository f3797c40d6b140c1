/* test_watching.c - module/accountant/watching.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/watching.h"

#include "suite.h"

enum { NOW = 29740000, H = 3600000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;

START_TEST(coverage_is_watched_time_since_measuring_began)
{
    static const struct {
        int64_t since_ago_ms, until_ago_ms, watched_ms;
        const char *ratio;
    } cases[] = {
        { 10 * H, 0, 10 * H, "1" },
        { 10 * H, 10000, 10 * H - 10000, "1" }, /* the next commit of the watch is not late yet */
        { 10 * H, H, 9 * H, "0.9" },            /* now it is */
        { 10 * H, 0, 5 * H, "0.5" },
        { 3 * H, 0, H, "0.333333" },                                /* rounded down */
        { 1000 * 24 * (int64_t)H, 0, 15 * 24 * (int64_t)H, "0.5" }, /* of the window at most */
        { 0, 0, 0, "0" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct coverage_span span = {
            .from_ms = now_wall_ms - cases[i].until_ago_ms - cases[i].watched_ms,
            .until_ms = now_wall_ms - cases[i].until_ago_ms,
        };
        struct ledger_coverage coverage = {
            .measured_since_ms = now_wall_ms - cases[i].since_ago_ms,
            .watched_until_ms = now_wall_ms - cases[i].until_ago_ms,
            .spans = &span,
            .span_count = 1,
        };
        struct watching watching = { &coverage, now_wall_ms };
        char text[FRACTION_TEXT_BYTES];

        fraction_print(watching_ratio(&watching, NOW - 43200), 6, FRACTION_DOWN, text);
        ck_assert_msg(strcmp(text, cases[i].ratio) == 0, "row %zu: %s", i, text);
    }
}
END_TEST

START_TEST(slices_that_are_touched_by_darkness_are_dark)
{
    static const struct coverage_span spans[] = {
        { (int64_t)NOW * 60000 - 4 * (int64_t)H, (int64_t)NOW * 60000 - 2 * (int64_t)H - 60000 },
        { (int64_t)NOW * 60000 - H + 60000, (int64_t)NOW * 60000 },
    };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)NOW * 60000 - 4 * (int64_t)H,
        .watched_until_ms = (int64_t)NOW * 60000,
        .spans = spans,
        .span_count = 2,
    };
    struct watching watching = { &coverage, now_wall_ms };
    struct watch minutes = watching_minutes(&watching, NOW - 600, NOW + 1);
    struct slice_watch slices = watching_slices(&watching, NOW - 600, NOW + 1, 20);

    ck_assert_int_eq(minutes.watched_minutes, 119 + 60);
    ck_assert_int_eq(minutes.unwatched_minutes, 62);
    ck_assert_int_eq(slices.expected, 13); /* NOW is a multiple of 20 */
    ck_assert_int_eq(slices.unwatched, 5);
    minutes =
        watching_minutes(&(struct watching){ &(struct ledger_coverage){ 0 }, now_wall_ms }, 0, NOW);
    ck_assert_int_eq(minutes.watched_minutes + minutes.unwatched_minutes, 0);
}
END_TEST

TCase *watching_cases(void)
{
    TCase *cases = tcase_create("watching");

    tcase_add_test(cases, coverage_is_watched_time_since_measuring_began);
    tcase_add_test(cases, slices_that_are_touched_by_darkness_are_dark);
    return cases;
}
