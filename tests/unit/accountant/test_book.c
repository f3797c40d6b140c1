/* test_book.c - module/accountant/book.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/book.h"

#include "suite.h"

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct objective objectives[OBJECTIVE_BUILT_IN_COUNT];

static void begin(struct book *book)
{
    objective_built_in("app", objectives);
    ck_assert_int_eq(book_init(book, objectives, OBJECTIVE_BUILT_IN_COUNT), 0);
}

static void apply(struct book *book, int64_t wall_ms, bool reload,
                  const struct ledger_minute *minutes, int count)
{
    struct ledger_changes changes = {
        .reload = reload,
        .minutes = minutes,
        .minute_count = count,
        .coverage = { .measured_since_ms = now_wall_ms - 3600000,
                      .watched_until_ms = wall_ms - 2000,
                      .watched_ms = wall_ms - 2000 - now_wall_ms + 3600000 },
    };

    ck_assert_int_eq(book_apply(book, &changes, wall_ms), 0);
}

START_TEST(changes_replace_minutes_and_are_judged_at_once)
{
    static const struct ledger_minute first[] = {
        { 0, NOW - 1, { 10000, 4 } },
        { 2, NOW - 1, { 9996, 7 } },
        { 99, NOW, { 1, 1 } },
    };
    static const struct ledger_minute second[] = { { 0, NOW - 1, { 20000, 18 } } };
    AUTO(book_done) struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, first, 3);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 10000);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_MET);
    ck_assert_int_eq(book.verdicts[1].status, BUDGET_NO_DATA);
    apply(&book, now_wall_ms + 1000, false, second, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 20000);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_AT_RISK);
    ck_assert_uint_eq(book.verdicts[2].whole.bad, 7);
    ck_assert_int_eq(book.as_of_wall_ms, now_wall_ms + 1000);
}
END_TEST

START_TEST(a_reload_forgets_what_the_ledger_no_longer_has)
{
    static const struct ledger_minute first[] = {
        { 0, NOW - 1, { 100, 1 } },
        { 0, NOW - 2, { 200, 0 } },
    };
    AUTO(book_done) struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, first, 2);
    apply(&book, now_wall_ms, true, first, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 100);
    /* A counter doesn't fall, whatever is recounted. */
    ck_assert_uint_eq(book.counted[0].total, 300);
    ck_assert_uint_eq(book.counted[0].bad, 1);
    apply(&book, now_wall_ms, true, first, 2);
    ck_assert_uint_eq(book.counted[0].total, 500);
}
END_TEST

START_TEST(counters_do_not_fall_when_minutes_leave_the_window)
{
    static const struct ledger_minute first[] = { { 0, NOW - 10, { 100, 1 } } };
    struct ledger_minute second[] = { { 0, NOW + 50000, { 7, 2 } } };
    AUTO(book_done) struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, first, 1);
    apply(&book, now_wall_ms + (int64_t)50000 * 60000, false, second, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 7);
    ck_assert_uint_eq(book.counted[0].total, 107);
    ck_assert_uint_eq(book.counted[0].bad, 3);
}
END_TEST

START_TEST(a_counter_over_an_old_ledger_begins_with_nothing)
{
    static const struct ledger_minute first[] = { { 0, NOW - 10, { 100, 1 } } };
    static const struct ledger_minute second[] = { { 0, NOW - 10, { 130, 1 } } };
    struct ledger_changes changes = {
        .reload = true,
        .minutes = first,
        .minute_count = 1,
        .coverage = { .measured_since_ms = now_wall_ms - (int64_t)33 * 86400 * 1000 },
    };
    AUTO(book_done) struct book book;

    begin(&book);
    ck_assert_int_eq(book_apply(&book, &changes, now_wall_ms), 0);
    ck_assert_uint_eq(book.counted[0].total, 0);
    changes.reload = false;
    changes.minutes = second;
    ck_assert_int_eq(book_apply(&book, &changes, now_wall_ms), 0);
    ck_assert_uint_eq(book.counted[0].total, 30);
}
END_TEST

START_TEST(an_event_a_little_ahead_of_the_clock_is_counted_once)
{
    static const struct ledger_minute ahead[] = { { 0, NOW + 1, { 5, 0 } } };
    AUTO(book_done) struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, ahead, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 0);
    ck_assert_uint_eq(book.counted[0].total, 5);
    apply(&book, now_wall_ms + 60000, false, NULL, 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 5);
    ck_assert_uint_eq(book.counted[0].total, 5);
}
END_TEST

START_TEST(coverage_is_watched_time_since_measuring_began)
{
    enum { H = 3600000 };
    static const struct {
        int64_t since_ago_ms, until_ago_ms, watched_ms;
        const char *ratio;
    } cases[] = {
        { 10 * H, 0, 10 * H, "1" },
        { 10 * H, 10000, 10 * H - 10000, "1" }, /* the next commit of the watch is not late yet */
        { 10 * H, H, 9 * H, "0.9" },            /* now it is */
        { 10 * H, 0, 5 * H, "0.5" },
        { 10 * H, 0, 11 * H, "1" },  /* two watchers are no better than one */
        { 3 * H, 0, H, "0.333333" }, /* rounded down */
        { 1000 * 24 * (int64_t)H, 0, 15 * 24 * (int64_t)H, "0.5" }, /* of the window at most */
        { 0, 0, 0, "0" },
    };
    AUTO(book_done) struct book book;

    begin(&book);
    ck_assert_int_eq(book_coverage(&book).numerator == 0, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char text[FRACTION_TEXT_BYTES];

        book.as_of_wall_ms = now_wall_ms;
        book.coverage = (struct ledger_coverage){
            .measured_since_ms = now_wall_ms - cases[i].since_ago_ms,
            .watched_until_ms = now_wall_ms - cases[i].until_ago_ms,
            .watched_ms = cases[i].watched_ms,
        };
        fraction_print(book_coverage(&book), 6, FRACTION_DOWN, text);
        ck_assert_msg(strcmp(text, cases[i].ratio) == 0, "row %zu: %s", i, text);
    }
}
END_TEST

START_TEST(minutes_that_were_watched_are_told_for_any_span)
{
    enum { M = 60000 };
    const struct coverage_span spans[] = {
        { now_wall_ms - 100 * M, now_wall_ms - 50 * M },
        { now_wall_ms - 20 * M + 1, now_wall_ms - 2000 },
    };
    struct ledger_changes changes = { .coverage = { .spans = spans, .span_count = 2 } };
    AUTO(book_done) struct book book;
    struct window_sum sum;

    begin(&book);
    ck_assert(!book_sum(&book, 0, 5, &sum));
    ck_assert_int_eq(book_apply(&book, &changes, now_wall_ms), 0);
    ck_assert(book_sum(&book, 0, 5, &sum));
    ck_assert_int_eq(book_watched_minutes(&book, 0, 5), 5);
    ck_assert_int_eq(book_watched_minutes(&book, 0, 30), 20); /* one was watched in part */
    ck_assert_int_eq(book_watched_minutes(&book, 0, 60), 29);
    ck_assert_int_eq(book_watched_minutes(&book, 0, 1440), 70);
}
END_TEST

START_TEST(figures_without_memory_say_so)
{
    static const struct ledger_minute minutes[] = { { 0, NOW, { 1, 0 } }, { 1, NOW, { 1, 0 } } };
    struct ledger_changes changes = { .reload = true, .minutes = minutes, .minute_count = 2 };

    objective_built_in("app", objectives);
    for (int n = 0; n < 11; n++) {
        struct book book;
        int code;

        malloc_fail_at(n);
        code = book_init(&book, objectives, OBJECTIVE_BUILT_IN_COUNT);
        if (code == 0)
            code = book_apply(&book, &changes, now_wall_ms);
        ck_assert_int_eq(code != 0, malloc_failed());
        malloc_fail_at(-1);
        book_done(&book);
        ck_assert_int_ne(code, 0);
    }
}
END_TEST

TCase *book_cases(void)
{
    TCase *cases = tcase_create("book");

    tcase_add_test(cases, changes_replace_minutes_and_are_judged_at_once);
    tcase_add_test(cases, a_reload_forgets_what_the_ledger_no_longer_has);
    tcase_add_test(cases, counters_do_not_fall_when_minutes_leave_the_window);
    tcase_add_test(cases, a_counter_over_an_old_ledger_begins_with_nothing);
    tcase_add_test(cases, an_event_a_little_ahead_of_the_clock_is_counted_once);
    tcase_add_test(cases, coverage_is_watched_time_since_measuring_began);
    tcase_add_test(cases, minutes_that_were_watched_are_told_for_any_span);
    tcase_add_test(cases, figures_without_memory_say_so);
    return cases;
}
