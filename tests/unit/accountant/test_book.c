/* test_book.c - module/accountant/book.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/book.h"

#include "fake_ledger.h"

#include "suite.h"

#include <errno.h>

enum { NOW = 29740000 };

static const int64_t now_wall_ms = (int64_t)NOW * 60000;
static struct catalogue *catalogue;

static void begin(struct book *book)
{
    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    ck_assert_int_eq(book_init(book, catalogue), 0);
}

static void end(struct book *book)
{
    book_done(book);
    catalogue_free(&catalogue);
}

static const struct coverage_span hour = { (int64_t)NOW * 60000 - 3600000,
                                           (int64_t)NOW * 60000 - 2000 };
static const struct ledger_coverage an_hour = {
    .measured_since_ms = (int64_t)NOW * 60000 - 3600000,
    .watched_until_ms = (int64_t)NOW * 60000 - 2000,
    .spans = &hour,
    .span_count = 1,
};

/* What one read tells. */
struct telling {
    int64_t wall_ms;
    bool anew;
    const struct fake_minute *minutes;
    int count;
    const struct ledger_coverage *coverage; /* NULL: the last hour */
    const struct ledger_exclusion *exclusions;
    int exclusion_count;
};

static int tell(struct book *book, const struct telling *telling)
{
    struct ledger_news news = {
        .complete = true,
        .anew = telling->anew,
        .coverage = telling->coverage == NULL ? &an_hour : telling->coverage,
        .exclusions = telling->exclusions,
        .exclusion_count = telling->exclusion_count,
    };
    struct arena *arena = NULL;

    book_expect(book, telling->wall_ms);
    for (int i = 0; telling->anew && i < book->tracks->count; i++)
        window_clear(book->windows[i]);
    for (int i = 0; i < telling->count; i++)
        fake_minute_set(book->windows[telling->minutes[i].track], telling->minutes[i].minute,
                        telling->minutes[i].sum);
    return book_apply(book, &news, &arena, telling->wall_ms);
}

static void apply(struct book *book, int64_t wall_ms, bool anew, const struct fake_minute *minutes,
                  int count)
{
    ck_assert_int_eq(tell(book, &(struct telling){ .wall_ms = wall_ms,
                                                   .anew = anew,
                                                   .minutes = minutes,
                                                   .count = count }),
                     0);
}

START_TEST(changes_replace_minutes_and_are_judged_at_once)
{
    static const struct fake_minute first[] = {
        { 0, NOW - 1, { 10000, 4 } },
        { 1, NOW - 1, { 9996, 7 } },
    };
    static const struct fake_minute second[] = { { 0, NOW - 1, { 20000, 18 } } };
    struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, first, 2);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 10000);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_MET);
    /* Error rate counts the same events: they are kept once. */
    ck_assert_int_eq(book.tracks->count, 3);
    ck_assert_uint_eq(book.verdicts[1].whole.bad, 4);
    ck_assert_int_eq(book.verdicts[3].status, BUDGET_NO_DATA);
    apply(&book, now_wall_ms + 1000, false, second, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 20000);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_AT_RISK);
    ck_assert_uint_eq(book.verdicts[2].whole.bad, 7);
    ck_assert_int_eq(book.as_of_wall_ms, now_wall_ms + 1000);
    end(&book);
}
END_TEST

START_TEST(every_span_ends_with_the_open_minute)
{
    static const uint64_t totals[VERDICT_SPANS] = { 1, 11, 111, 1111, 11111, 111111, 1111111 };
    struct fake_minute minutes[VERDICT_SPANS];
    struct window_sum sum;
    struct book book;
    uint64_t each = 1;

    begin(&book);
    /* One entry at the far edge of every span, ten times as large each time. */
    for (int i = 0; i < VERDICT_SPANS; i++, each *= 10)
        minutes[i] = (struct fake_minute){ 0, NOW - verdict_spans[i].minutes + 1, { each, 0 } };
    apply(&book, now_wall_ms, true, minutes, VERDICT_SPANS);
    for (int i = 0; i < VERDICT_SPANS; i++) {
        ck_assert_uint_eq(book.verdicts[0].spans[i].total, totals[i]);
        ck_assert(book_sum(&book, 0, verdict_spans[i].minutes, &sum));
        ck_assert_uint_eq(sum.total, totals[i]);
    }
    ck_assert_uint_eq(book.verdicts[0].whole.total, 1111111);
    end(&book);
}
END_TEST

START_TEST(a_reload_forgets_what_the_ledger_no_longer_has)
{
    static const struct fake_minute first[] = {
        { 0, NOW - 1, { 100, 1 } },
        { 0, NOW - 2, { 200, 0 } },
    };
    struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, first, 2);
    apply(&book, now_wall_ms, true, first, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 100);
    /* A counter doesn't fall, whatever is recounted. */
    ck_assert_uint_eq(book.counted[0].total, 300);
    ck_assert_uint_eq(book.counted[0].bad, 1);
    apply(&book, now_wall_ms, true, first, 2);
    ck_assert_uint_eq(book.counted[0].total, 500);
    end(&book);
}
END_TEST

START_TEST(counters_do_not_fall_when_minutes_leave_the_window)
{
    static const struct fake_minute first[] = { { 0, NOW - 10, { 100, 1 } } };
    static const struct fake_minute second[] = { { 0, NOW + 50000, { 7, 2 } } };
    struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, first, 1);
    apply(&book, now_wall_ms + (int64_t)50000 * 60000, false, second, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 7);
    ck_assert_uint_eq(book.counted[0].total, 107);
    ck_assert_uint_eq(book.counted[0].bad, 3);
    end(&book);
}
END_TEST

START_TEST(a_counter_over_an_old_ledger_begins_with_nothing)
{
    static const struct fake_minute first[] = { { 0, NOW - 10, { 100, 1 } } };
    static const struct fake_minute second[] = { { 0, NOW - 10, { 130, 1 } } };
    static const struct ledger_coverage old = {
        .measured_since_ms = (int64_t)NOW * 60000 - (int64_t)33 * 86400 * 1000,
    };
    struct telling telling = { now_wall_ms, true, first, 1, &old, NULL, 0 };
    struct book book;

    begin(&book);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.counted[0].total, 0);
    telling.anew = false;
    telling.minutes = second;
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.counted[0].total, 30);
    end(&book);
}
END_TEST

START_TEST(an_event_a_little_ahead_of_the_clock_is_counted_once)
{
    static const struct fake_minute ahead[] = { { 0, NOW + 1, { 5, 0 } } };
    struct book book;

    begin(&book);
    apply(&book, now_wall_ms, true, ahead, 1);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 0);
    ck_assert_uint_eq(book.counted[0].total, 5);
    apply(&book, now_wall_ms + 60000, false, NULL, 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 5);
    ck_assert_uint_eq(book.counted[0].total, 5);
    end(&book);
}
END_TEST

START_TEST(minutes_that_were_watched_are_told_for_any_span)
{
    enum { M = 60000 };
    static const struct coverage_span spans[] = {
        { (int64_t)NOW * M - 100 * M, (int64_t)NOW * M - 50 * M },
        { (int64_t)NOW * M - 20 * M + 1, (int64_t)NOW * M - 2000 },
    };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)NOW * M - 100 * M, .spans = spans, .span_count = 2
    };
    struct book book;
    struct window_sum sum;

    begin(&book);
    ck_assert(!book_sum(&book, 0, 5, &sum));
    ck_assert_int_eq(
        tell(&book, &(struct telling){ .wall_ms = now_wall_ms, .coverage = &coverage }), 0);
    ck_assert(book_sum(&book, 0, 5, &sum));
    ck_assert_int_eq(book_dark_minutes(&book, 0, 5), 0);
    ck_assert_int_eq(book_dark_minutes(&book, 0, 30), 10); /* one was watched in part */
    ck_assert_int_eq(book_dark_minutes(&book, 0, 60), 31);
    ck_assert_int_eq(book_dark_minutes(&book, 0, 1440), 31);
    end(&book);
}
END_TEST

START_TEST(excluded_minutes_do_not_count_and_both_figures_are_kept)
{
    static const struct fake_minute minutes[] = {
        { 0, NOW - 3, { 1000, 0 } },
        { 0, NOW - 8, { 500, 100 } },
        { 0, NOW - 20, { 300, 30 } },
    };
    static const struct ledger_exclusion exclusions[] = {
        { 0, "app-availability", "a", "", "", NOW - 30, NOW - 10, false },
        { 0, "", "b", "", "", NOW - 12, NOW - 7, false }, /* overlaps, and is for everybody */
    };
    struct telling telling = {
        .wall_ms = now_wall_ms,
        .anew = true,
        .minutes = minutes,
        .count = 3,
        .exclusions = exclusions,
        .exclusion_count = 2,
    };
    struct window_sum sum;
    struct book book;

    begin(&book);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].counted.total, 1800);
    ck_assert_uint_eq(book.verdicts[0].excluded.total, 800);
    ck_assert_uint_eq(book.verdicts[0].excluded.bad, 130);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 1000);
    ck_assert_uint_eq(book.verdicts[0].whole.bad, 0);
    ck_assert_uint_eq(book.verdicts[1].excluded.total, 500);
    ck_assert_uint_eq(book.verdicts[1].whole.bad, 30);
    ck_assert_uint_eq(book.verdicts[2].excluded.total, 0);
    ck_assert(book_sum(&book, 0, 30, &sum));
    ck_assert_uint_eq(sum.total, 1000);
    /* A late event within: it is excluded as well. */
    telling.anew = false;
    telling.minutes = &(const struct fake_minute){ 0, NOW - 8, { 501, 101 } };
    telling.count = 1;
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].excluded.bad, 131);
    /* Taken back. */
    telling.exclusion_count = 0;
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.bad, 131);
    end(&book);
}
END_TEST

START_TEST(sums_that_are_not_known_leave_the_old_figures)
{
    static const struct fake_minute first[] = { { 0, NOW - 7000, { 1000, 0 } } };
    static const struct ledger_exclusion exclusion = { 0,  "",         "a",        "",
                                                       "", NOW - 7001, NOW - 6999, false };
    struct telling telling = { .wall_ms = now_wall_ms, .anew = true, .minutes = first, .count = 1 };
    struct book book;

    begin(&book);
    ck_assert_int_eq(tell(&book, &telling), 0);
    telling.anew = false;
    telling.count = 0;
    telling.wall_ms += 1000;
    telling.exclusions = &exclusion;
    telling.exclusion_count = 1;
    ck_assert_int_eq(tell(&book, &telling), -EAGAIN);
    ck_assert_int_eq(book.as_of_wall_ms, now_wall_ms);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 1000);
    /* The reader brings the minutes that the window has begun to miss. */
    {
        struct window_sum minutes[WINDOW_QUARTER_MINUTES] = { { 0, 0 } };
        int32_t quarter;

        ck_assert_int_eq(window_missing(book.windows[0], false, &quarter, 1), 1);
        minutes[(NOW - 7000) % WINDOW_QUARTER_MINUTES] = (struct window_sum){ 1000, 0 };
        ck_assert_int_eq(window_set_detail(book.windows[0], quarter, minutes), 0);
    }
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 0);
    ck_assert_uint_eq(book.verdicts[0].excluded.total, 1000);
    end(&book);
}
END_TEST

START_TEST(maintenance_excludes_up_to_now_and_less_once_it_was_ended)
{
    static const struct fake_minute minutes[] = {
        { 0, NOW - 30, { 100, 10 } },
        { 0, NOW - 20, { 100, 10 } },
        { 0, NOW, { 100, 10 } },
    };
    struct ledger_exclusion row = { 0, "", "a", "", "", NOW - 20, NOW + 60, true };
    struct telling telling = {
        .wall_ms = now_wall_ms,
        .anew = true,
        .minutes = minutes,
        .count = 3,
        .exclusions = &row,
        .exclusion_count = 1,
    };
    struct ledger_exclusion ended = row;
    struct book book;

    begin(&book);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 100);
    ck_assert_uint_eq(book.verdicts[0].excluded.total, 200);
    telling.anew = false;
    telling.count = 0;
    ended.until_minute = NOW - 10;
    telling.exclusions = &ended;
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 200);
    ck_assert_uint_eq(book.verdicts[0].excluded.total, 100);
    end(&book);
}
END_TEST

/* One objective of its own kind over the events of `app`. */
static void begin_with(struct book *book, const struct objective *objective)
{
    struct catalogue_builder *builder = catalogue_builder_new("app");
    struct indicator indicator = { .service = "app" };

    ck_assert_ptr_nonnull(builder);
    status_set_add(&indicator.mark.statuses, 500, STATUS_HIGH);
    ck_assert_int_eq(catalogue_add(builder, objective, &indicator, NULL), 0);
    catalogue = catalogue_finish(&builder);
    ck_assert_ptr_nonnull(catalogue);
    ck_assert_int_eq(book_init(book, catalogue), 0);
}

static struct objective objective_of(enum unwatched unwatched)
{
    struct objective objective = {
        .name = "o",
        .service = "app",
        .target = { 99, 100 },
        .target_text = "0.99",
        .window_minutes = 43200,
        .unwatched = unwatched,
    };

    return objective;
}

START_TEST(unwatched_minutes_count_as_the_objective_says)
{
    /* Of the hour before now half an hour was watched, and this minute. */
    static const struct coverage_span spans[] = {
        { (int64_t)(NOW - 60) * 60000, (int64_t)(NOW - 30) * 60000 },
        { (int64_t)NOW * 60000, (int64_t)NOW * 60000 },
    };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)(NOW - 60) * 60000,
        .watched_until_ms = (int64_t)NOW * 60000,
        .spans = spans,
        .span_count = 2,
    };
    static const struct {
        enum unwatched unwatched;
        uint64_t total, bad;
        uint64_t half_total, half_bad; /* in the last half hour, of which this minute was watched */
    } cases[] = {
        { UNWATCHED_IGNORE, 1000, 5, 0, 0 },
        { UNWATCHED_FREEZE, 1000, 5, 0, 0 },
        { UNWATCHED_GOOD, 1967, 5, 935, 0 },    /* 30 and 29 minutes of 1000/31 events, down */
        { UNWATCHED_BAD, 1968, 973, 936, 936 }, /* and up */
    };
    static const struct fake_minute minutes[] = { { 0, NOW - 40, { 1000, 5 } } };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct objective objective = objective_of(cases[i].unwatched);
        struct telling telling = {
            now_wall_ms, true, minutes, 1, &coverage, NULL, 0,
        };
        struct book book;

        begin_with(&book, &objective);
        ck_assert_int_eq(tell(&book, &telling), 0);
        ck_assert_int_eq(book.verdicts[0].watch.watched_minutes, 31);
        ck_assert_int_eq(book.verdicts[0].watch.unwatched_minutes, 30);
        ck_assert_uint_eq(book.verdicts[0].whole.total, cases[i].total);
        ck_assert_uint_eq(book.verdicts[0].whole.bad, cases[i].bad);
        ck_assert_uint_eq(book.verdicts[0].counted.total, 1000);
        ck_assert_uint_eq(book.verdicts[0].spans[1].total, cases[i].half_total);
        ck_assert_uint_eq(book.verdicts[0].spans[1].bad, cases[i].half_bad);
        end(&book);
    }
}
END_TEST

START_TEST(the_dark_can_be_excluded_and_what_it_would_have_cost_is_known)
{
    static const struct coverage_span spans[] = {
        { (int64_t)(NOW - 60) * 60000, (int64_t)(NOW - 30) * 60000 },
        { (int64_t)NOW * 60000, (int64_t)NOW * 60000 },
    };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)(NOW - 60) * 60000,
        .watched_until_ms = (int64_t)NOW * 60000,
        .spans = spans,
        .span_count = 2,
    };
    static const struct ledger_exclusion exclusion = {
        .id = "1",
        .objective = "",
        .reason = "",
        .author = "",
        .from_minute = NOW - 30,
        .until_minute = NOW,
    };
    static const struct fake_minute minutes[] = { { 0, NOW - 40, { 1000, 5 } } };
    struct objective objective = objective_of(UNWATCHED_BAD);
    struct telling telling = { now_wall_ms, true, minutes, 1, &coverage, &exclusion, 1 };
    struct book book;

    begin_with(&book, &objective);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 1000);
    ck_assert_uint_eq(book.verdicts[0].whole.bad, 5);
    ck_assert_uint_eq(book.verdicts[0].plain.total, 1968);
    ck_assert_uint_eq(book.verdicts[0].plain.bad, 973);
    ck_assert_uint_eq(book.verdicts[0].excluded.total, 0);
    end(&book);
}
END_TEST

START_TEST(in_the_dark_a_frozen_objective_keeps_its_status)
{
    static const struct fake_minute bad[] = { { 0, NOW, { 5000, 4000 } } };
    struct objective objective = objective_of(UNWATCHED_FREEZE);
    struct ledger_coverage coverage = an_hour;
    struct telling telling = { .wall_ms = now_wall_ms, .anew = true, .coverage = &coverage };
    struct book book;

    begin_with(&book, &objective);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_NO_DATA);
    telling.wall_ms += 120000;
    telling.anew = false;
    telling.minutes = bad;
    telling.count = 1;
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_NO_DATA);
    ck_assert_uint_eq(book.verdicts[0].whole.bad, 4000);
    coverage.watched_until_ms = telling.wall_ms;
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_int_eq(book.verdicts[0].status, BUDGET_BREACHED);
    end(&book);
}
END_TEST

START_TEST(a_calendar_window_begins_where_the_calendar_says)
{
    /* NOW is 2026-07-18T18:40Z: the month began 17 days and 20:40 before it in Berlin. */
    enum { MONTH_BEGAN = NOW - (17 * 1440 + 20 * 60 + 40) };
    static const struct fake_minute minutes[] = {
        { 0, MONTH_BEGAN - 1, { 700, 0 } },
        { 0, MONTH_BEGAN, { 50, 0 } },
        { 0, NOW, { 6, 0 } },
    };
    struct objective objective = objective_of(UNWATCHED_IGNORE);
    struct telling telling = {
        .wall_ms = now_wall_ms, .anew = true, .minutes = minutes, .count = 3
    };
    struct book book;

    objective.calendar =
        (struct calendar){ CALENDAR_MONTH, 1, "2026-01-01 00:00:00", "Europe/Berlin" };
    objective.window_minutes = calendar_longest_minutes(&objective.calendar);
    begin_with(&book, &objective);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 56);
    ck_assert_int_eq(book.verdicts[0].window.from_minute, MONTH_BEGAN);
    ck_assert_int_eq(book.verdicts[0].window.length_minutes, 31 * 1440);
    end(&book);
}
END_TEST

START_TEST(watched_slices_without_events_are_good_ones)
{
    static const struct coverage_span spans[] = {
        { (int64_t)(NOW - 60) * 60000, (int64_t)(NOW - 30) * 60000 },
        { (int64_t)(NOW - 10) * 60000, (int64_t)NOW * 60000 },
    };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)(NOW - 60) * 60000,
        .watched_until_ms = (int64_t)NOW * 60000,
        .spans = spans,
        .span_count = 2,
    };
    /* One bad slice; of the 61 minutes 20 were not watched. */
    static const struct fake_minute minutes[] = { { 0, NOW - 40, { 1, 1 } } };
    static const struct {
        enum unwatched unwatched;
        uint64_t total, bad;
    } cases[] = {
        { UNWATCHED_IGNORE, 41, 1 },
        { UNWATCHED_GOOD, 61, 1 },
        { UNWATCHED_BAD, 61, 21 },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct objective objective = objective_of(cases[i].unwatched);
        struct telling telling = { now_wall_ms, true, minutes, 1, &coverage, NULL, 0 };
        struct book book;

        objective.budgeting = BUDGETING_TIMESLICES;
        objective.slice_minutes = 1;
        objective.slice_target = (struct fraction){ 9, 10 };
        begin_with(&book, &objective);
        ck_assert_int_eq(tell(&book, &telling), 0);
        ck_assert_uint_eq(book.verdicts[0].whole.total, cases[i].total);
        ck_assert_uint_eq(book.verdicts[0].whole.bad, cases[i].bad);
        end(&book);
    }
}
END_TEST

/* Events that were posted with the time of before the first look. */
START_TEST(slices_of_before_measuring_began_take_no_quiet_ones_place)
{
    static const struct coverage_span spans[] = {
        { (int64_t)(NOW - 9) * 60000 - 1, (int64_t)NOW * 60000 },
    };
    static const struct ledger_coverage coverage = {
        .measured_since_ms = (int64_t)(NOW - 9) * 60000 - 1,
        .watched_until_ms = (int64_t)NOW * 60000,
        .spans = spans,
        .span_count = 1,
    };
    static const struct fake_minute minutes[] = {
        { 0, NOW - 100, { 1, 1 } },
        { 0, NOW - 50, { 1, 0 } },
        { 0, NOW - 10, { 1, 0 } }, /* measuring began within it */
        { 0, NOW - 3, { 1, 0 } },
    };
    struct objective objective = objective_of(UNWATCHED_IGNORE);
    struct telling telling = { now_wall_ms, true, minutes, 4, &coverage, NULL, 0 };
    struct book book;

    objective.budgeting = BUDGETING_TIMESLICES;
    objective.slice_minutes = 1;
    objective.slice_target = (struct fraction){ 9, 10 };
    begin_with(&book, &objective);
    ck_assert_int_eq(tell(&book, &telling), 0);
    ck_assert_uint_eq(book.verdicts[0].whole.total, 3 + 10);
    ck_assert_uint_eq(book.verdicts[0].whole.bad, 1);
    end(&book);
}
END_TEST

START_TEST(figures_without_memory_say_so)
{
    static const struct fake_minute minutes[] = { { 0, NOW, { 1, 0 } } };
    int n = 0;

    ck_assert_int_eq(catalogue_built_in("app", &catalogue, NULL), 0);
    for (;; n++) {
        struct telling telling = {
            .wall_ms = now_wall_ms, .anew = true, .minutes = minutes, .count = n < 20 ? 0 : 1
        };
        struct book book;
        int code;

        malloc_fail_at(n);
        code = book_init(&book, catalogue);
        if (code == 0)
            code = tell(&book, &telling);
        malloc_fail_at(-1);
        book_done(&book);
        if (code == 0)
            break;
        ck_assert_int_eq(code, -ENOMEM);
    }
    ck_assert_int_gt(n, 8);
    catalogue_free(&catalogue);
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
    tcase_add_test(cases, minutes_that_were_watched_are_told_for_any_span);
    tcase_add_test(cases, every_span_ends_with_the_open_minute);
    tcase_add_test(cases, excluded_minutes_do_not_count_and_both_figures_are_kept);
    tcase_add_test(cases, sums_that_are_not_known_leave_the_old_figures);
    tcase_add_test(cases, maintenance_excludes_up_to_now_and_less_once_it_was_ended);
    tcase_add_test(cases, unwatched_minutes_count_as_the_objective_says);
    tcase_add_test(cases, the_dark_can_be_excluded_and_what_it_would_have_cost_is_known);
    tcase_add_test(cases, in_the_dark_a_frozen_objective_keeps_its_status);
    tcase_add_test(cases, a_calendar_window_begins_where_the_calendar_says);
    tcase_add_test(cases, watched_slices_without_events_are_good_ones);
    tcase_add_test(cases, slices_of_before_measuring_began_take_no_quiet_ones_place);
    tcase_add_test(cases, figures_without_memory_say_so);
    return cases;
}
