/* test_estimate.c - module/ledger/estimate.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/estimate.h"

#include "suite.h"

static struct arena *arena;
static struct histogram durations;
static struct estimate_status statuses[STATUS_COUNTS];

static void set_up(void)
{
    arena = arena_new(1 << 20);
    histogram_init(&durations, arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

/* Ten 200s of 100 to 1000 ms, three 404s of 2, 3 and 4 ms, two 503s and one 499. */
static struct evidence example(void)
{
    struct status_counts counts = { { 0 } };

    for (uint64_t i = 1; i <= 10; i++)
        ck_assert(histogram_add(&durations, i * 100));
    for (uint64_t i = 2; i <= 4; i++)
        ck_assert(histogram_add(&durations, i));
    status_counts_add(&counts, 200, 10);
    status_counts_add(&counts, 404, 3);
    status_counts_add(&counts, 499, 1);
    status_counts_add(&counts, 503, 2);
    return (struct evidence){
        .statuses = statuses,
        .status_count = estimate_statuses(&counts, statuses),
        .total = 15,
        .errors = 2,
        .durations = &durations,
    };
}

struct wanted {
    int total_low; /* statuses that are looked at; 0: all */
    int total_high;
    int mark_low; /* and that are marked; 0: all */
    int mark_high;
    int64_t from_ms;
    int64_t below_ms;
    bool marks_good;
    uint64_t total;
    uint64_t bad;
    bool exact;
};

static void check_row(const struct wanted *row, const struct evidence *evidence, int index)
{
    struct indicator indicator = { .marks_good = row->marks_good };
    struct estimate estimate;

    if (row->total_low != 0)
        status_set_add(&indicator.total.statuses, row->total_low, row->total_high);
    if (row->mark_low != 0)
        status_set_add(&indicator.mark.statuses, row->mark_low, row->mark_high);
    indicator.mark.from_ms = row->from_ms;
    indicator.mark.below_ms = row->below_ms;
    estimate = estimate_share(&indicator, true, evidence);
    ck_assert_msg(estimate.known, "row %d is not known", index);
    ck_assert_msg(estimate.total == row->total && estimate.bad == row->bad
                      && estimate.exact == row->exact,
                  "row %d: total %d, bad %d, exact %d", index, (int)estimate.total,
                  (int)estimate.bad, estimate.exact);
}

START_TEST(estimates_are_exact_by_status_and_never_better_than_the_truth_by_duration)
{
    static const struct wanted rows[] = {
        { 0, 0, 500, 599, 0, 0, false, 15, 2, true },     /* availability */
        { 0, 0, 404, 404, 0, 0, false, 15, 3, true },     /* one status */
        { 200, 299, 500, 599, 0, 0, false, 10, 0, true }, /* bad is none of what counts */
        { 0, 0, 200, 299, 0, 0, true, 15, 5, true },      /* told by what is good */
        { 100, 499, 0, 0, 500, 0, false, 13, 6, true },   /* an edge of a bucket: exact */
        { 100, 499, 0, 0, 501, 0, false, 13, 6, false },  /* 500 shares the bucket of 501 */
        { 100, 499, 0, 0, 0, 500, true, 13, 6, true },    /* good below 500 ms */
        { 100, 499, 0, 0, 0, 501, true, 13, 6, false },   /* 500 may be good, and is not trusted */
        { 100, 499, 0, 0, 200, 500, false, 13, 3, true }, /* between two edges */
        { 100, 499, 0, 0, 500, 200, false, 13, 0, true }, /* between nothing */
        { 0, 0, 0, 0, 500, 0, false, 15, 8, false },      /* how long 503s took is not known */
        { 100, 499, 404, 404, 500, 0, false, 13, 3, false }, /* nor which of the slow are 404s */
        { 100, 499, 200, 299, 500, 0, false, 13, 6, false },
        { 200, 299, 0, 0, 2, 0, false, 10, 10, true },               /* all of them are slow */
        { 100, 499, 0, 0, INT64_C(1) << 40, 0, false, 13, 0, true }, /* beyond the last bucket */
    };
    struct evidence evidence = example();

    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        check_row(&rows[i], &evidence, (int)i);
}
END_TEST

START_TEST(without_statuses_only_server_errors_are_told_apart)
{
    static const struct wanted rows[] = {
        { 0, 0, 500, 599, 0, 0, false, 15, 2, true },
        { 100, 499, 0, 0, 500, 0, false, 13, 6, true },
        { 0, 0, 100, 498, 0, 0, true, 15, 2, true }, /* 499 is no event: nothing is missing */
    };
    struct evidence evidence = example();
    struct indicator indicator = { 0 };

    evidence.statuses = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        check_row(&rows[i], &evidence, (int)i);
    status_set_add(&indicator.mark.statuses, 404, 404);
    ck_assert(!estimate_share(&indicator, true, &evidence).known);
    ck_assert(estimate_share(&indicator, false, &evidence).known);
}
END_TEST

START_TEST(without_durations_everything_may_have_been_slow)
{
    struct evidence evidence = example();

    evidence.durations = NULL;
    check_row(&(struct wanted){ 100, 499, 0, 0, 500, 0, false, 13, 13, false }, &evidence, 0);
    check_row(&(struct wanted){ 100, 499, 0, 0, 0, 500, true, 13, 13, false }, &evidence, 1);
}
END_TEST

START_TEST(a_series_that_is_not_marked_has_nothing_bad_or_nothing_good)
{
    struct evidence evidence = example();
    struct indicator indicator = { 0 };

    status_set_add(&indicator.mark.statuses, 500, 599);
    ck_assert_uint_eq(estimate_share(&indicator, false, &evidence).bad, 0);
    indicator.marks_good = true;
    ck_assert_uint_eq(estimate_share(&indicator, false, &evidence).bad, 15);
}
END_TEST

/* Random events: the estimate lies on the worse side of what they really were. */
START_TEST(random_events_are_never_better_in_the_estimate)
{
    uint64_t state = (uint64_t)_i + 1;
    struct status_counts counts = { { 0 } };
    struct indicator indicator = { 0 };
    struct evidence evidence = { .statuses = statuses, .durations = &durations };
    struct estimate estimate;
    uint64_t total = 0;
    uint64_t bad = 0;

    status_set_add(&indicator.total.statuses, 200, 200 + _i % 300);
    status_set_add(&indicator.mark.statuses, 200 + _i % 50, 404);
    indicator.mark.from_ms = _i % 3 == 0 ? 0 : 7 * _i;
    indicator.mark.below_ms = _i % 2 == 0 ? 0 : 7 * _i + 400;
    for (int i = 0; i < 200; i++) {
        static const int codes[] = { 200, 201, 301, 404, 404, 499, 500, 503 };
        int status = codes[(state = state * 6364136223846793005u + 1442695040888963407u) >> 61];
        uint64_t duration_ms = (state >> 33) % 2000;

        status_counts_add(&counts, status, 1);
        if (status == 499)
            continue;
        if (status < 500)
            ck_assert(histogram_add(&durations, duration_ms));
        if (!selector_takes_outcome(&indicator.total, status, duration_ms))
            continue;
        total++;
        bad += selector_takes_outcome(&indicator.mark, status, duration_ms);
    }
    evidence.status_count = estimate_statuses(&counts, statuses);
    estimate = estimate_share(&indicator, true, &evidence);
    ck_assert_uint_eq(estimate.total, total);
    ck_assert_uint_ge(estimate.bad, bad);
    ck_assert(!estimate.exact || estimate.bad == bad);
    indicator.marks_good = true;
    estimate = estimate_share(&indicator, true, &evidence);
    ck_assert_uint_ge(estimate.bad, total - bad);
    ck_assert(!estimate.exact || estimate.bad == total - bad);
}
END_TEST

TCase *estimate_cases(void)
{
    TCase *cases = tcase_create("estimate");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases,
                   estimates_are_exact_by_status_and_never_better_than_the_truth_by_duration);
    tcase_add_test(cases, without_statuses_only_server_errors_are_told_apart);
    tcase_add_test(cases, without_durations_everything_may_have_been_slow);
    tcase_add_test(cases, a_series_that_is_not_marked_has_nothing_bad_or_nothing_good);
    tcase_add_loop_test(cases, random_events_are_never_better_in_the_estimate, 0, 100);
    return cases;
}
