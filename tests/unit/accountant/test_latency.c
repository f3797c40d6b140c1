/* test_latency.c - module/accountant/latency.c */
/* SPDX-License-Identifier: MIT */
#include "accountant/latency.h"

#include "base/arena.h"
#include "base/buf.h"
#include "slo/histogram.h"

#include "suite.h"

enum { NOW = 29740037, WINDOW = 43200, INDICATOR = 2 };

/* Rows of one test: built from (minute, duration, how often). */
struct sample {
    int32_t minute;
    uint64_t duration_ms;
    int times;
};

static struct ledger_histogram rows[64];
static struct buf bytes[64];

static struct latency_rows encode(const struct sample *samples, int count)
{
    for (int i = 0; i < count; i++) {
        AUTO(arena_free) struct arena *arena = arena_new(1 << 20);
        struct histogram histogram;

        histogram_init(&histogram, arena);
        for (int j = 0; j < samples[i].times; j++)
            ck_assert(histogram_add(&histogram, samples[i].duration_ms));
        buf_done(&bytes[i]);
        buf_init(&bytes[i], 1 << 16);
        histogram_encode(&histogram, &bytes[i]);
        rows[i] = (struct ledger_histogram){ INDICATOR, samples[i].minute, buf_slice(&bytes[i]) };
    }
    return (struct latency_rows){ rows, count, INDICATOR };
}

static struct window *make_window(void)
{
    static const int32_t span = WINDOW;
    struct window *window = window_new(0, &span, 1);

    ck_assert_ptr_nonnull(window);
    window_advance(window, NOW);
    return window;
}

static void put_events(struct window *window, int32_t minute)
{
    ck_assert_int_eq(
        window_set_quarter(window, minute / WINDOW_QUARTER_MINUTES, (struct window_sum){ 1, 0 }),
        0);
}

static void fill(struct latency *latency, const struct window *window, const struct sample *sample)
{
    struct latency_rows filled = encode(sample, 1);
    int32_t from;
    int32_t to;

    ck_assert(latency_wants(latency, window, 24, &from, &to));
    ck_assert_int_le(from, sample->minute);
    ck_assert_int_ge(to, sample->minute);
    ck_assert_int_eq(latency_fill(latency, from, to, &filled), 0);
}

static void expect_p50(struct latency *latency, uint64_t want_ms)
{
    struct latency_percentiles percentiles;

    ck_assert_int_eq(latency_compute(latency, &percentiles), 0);
    ck_assert_int_eq(percentiles.known, want_ms > 0);
    ck_assert_uint_eq(percentiles.p50_ms, want_ms);
}

START_TEST(a_window_without_events_needs_no_reading)
{
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    int32_t from;
    int32_t to;

    latency_advance(latency, NOW);
    ck_assert(!latency_wants(latency, window, 24, &from, &to));
    expect_p50(latency, 0);
}
END_TEST

START_TEST(missing_hours_are_read_newest_first_in_bounded_slices)
{
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    struct latency_rows none = { NULL, 0, INDICATOR };
    int32_t newest = NOW / 60;
    int32_t expected_to = newest;
    int slices = 0;
    int32_t from;
    int32_t to;

    for (int32_t minute = NOW - WINDOW + 1; minute <= NOW; minute += 10)
        put_events(window, minute);
    latency_advance(latency, NOW);
    while (latency_wants(latency, window, 24, &from, &to)) {
        ck_assert_int_eq(to, expected_to * 60 + 59);
        ck_assert_int_le(to - from + 1, 24 * 60);
        ck_assert_int_eq(from % 60, 0);
        ck_assert_int_eq(latency_fill(latency, from, to, &none), 0);
        expected_to = from / 60 - 1;
        slices++;
    }
    ck_assert_int_eq(expected_to, (NOW - WINDOW + 1) / 60 - 1);
    ck_assert_int_eq(slices, 31);
}
END_TEST

START_TEST(percentiles_are_upper_edges_over_rows_of_all_files)
{
    static const struct sample samples[] = {
        { NOW, 10, 50 },
        { NOW - 1, 100, 40 },
        { NOW, 1000, 10 },
        { NOW - 1, 5000, 1 },
    };
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    struct latency_rows filled = encode(samples, 4);
    struct latency_percentiles percentiles;
    int32_t from;
    int32_t to;

    rows[3].indicator = INDICATOR + 1; /* somebody else's */
    put_events(window, NOW);
    latency_advance(latency, NOW);
    ck_assert(latency_wants(latency, window, 24, &from, &to));
    ck_assert_int_eq(latency_fill(latency, from, to, &filled), 0);
    ck_assert_int_eq(latency_compute(latency, &percentiles), 0);
    ck_assert(percentiles.known);
    ck_assert_uint_eq(percentiles.p50_ms, 10);
    ck_assert_uint_eq(percentiles.p95_ms, histogram_high(histogram_index(1000)));
    ck_assert_uint_ge(percentiles.p99_ms, 1000);
}
END_TEST

START_TEST(a_changed_minute_replaces_what_it_was)
{
    static const struct sample first = { NOW, 10, 3 };
    static const struct sample again[] = { { NOW, 20, 5 }, { NOW, 20, 4 } };
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    struct latency_rows changed;
    int32_t from;
    int32_t to;

    put_events(window, NOW);
    latency_advance(latency, NOW);
    fill(latency, window, &first);
    expect_p50(latency, 10);
    changed = encode(again, 2);
    ck_assert_int_eq(latency_change(latency, &changed), 0);
    ck_assert(!latency_wants(latency, window, 24, &from, &to));
    expect_p50(latency, 20);
}
END_TEST

START_TEST(a_late_change_in_an_old_hour_reads_that_hour_alone)
{
    static const struct sample old = { NOW - 600, 10, 3 };
    static const struct sample late = { NOW - 590, 30, 9 };
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    struct latency_rows changed;
    int32_t from;
    int32_t to;

    put_events(window, NOW - 600);
    latency_advance(latency, NOW);
    fill(latency, window, &old);
    changed = encode(&late, 1);
    ck_assert_int_eq(latency_change(latency, &changed), 0);
    ck_assert(latency_wants(latency, window, 24, &from, &to));
    ck_assert_int_eq(from, (NOW - 600) / 60 * 60);
    ck_assert_int_eq(to, from + 59);
}
END_TEST

START_TEST(hours_are_merged_as_they_age_and_split_again_at_the_edge)
{
    static const struct sample newest = { NOW, 40, 7 };
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    int32_t from;
    int32_t to;

    put_events(window, NOW);
    latency_advance(latency, NOW);
    fill(latency, window, &newest);
    window_advance(window, NOW + 600);
    latency_advance(latency, NOW + 600);
    ck_assert(!latency_wants(latency, window, 24, &from, &to));
    expect_p50(latency, 40);

    /* The hour is the window's edge now: minutes fall out of it one by one. */
    window_advance(window, NOW + WINDOW - 1);
    latency_advance(latency, NOW + WINDOW - 1);
    fill(latency, window, &newest);
    expect_p50(latency, 40);
    window_advance(window, NOW + WINDOW);
    latency_advance(latency, NOW + WINDOW);
    ck_assert(!latency_wants(latency, window, 24, &from, &to));
    expect_p50(latency, 0);
}
END_TEST

START_TEST(bytes_that_are_no_histogram_are_left_out_and_counted)
{
    static const struct sample good = { NOW, 10, 3 };
    AUTO(latency_free) struct latency *latency = latency_new(WINDOW);
    AUTO(window_free) struct window *window = make_window();
    struct latency_rows filled = encode(&good, 1);
    int32_t from;
    int32_t to;

    rows[1] = (struct ledger_histogram){ INDICATOR, NOW, SLICE("\xff\xff") };
    filled.count = 2;
    put_events(window, NOW);
    latency_advance(latency, NOW);
    ck_assert(latency_wants(latency, window, 24, &from, &to));
    ck_assert_int_eq(latency_fill(latency, from, to, &filled), 0);
    ck_assert_uint_eq(latency_unreadable(latency), 1);
    expect_p50(latency, 10);
}
END_TEST

START_TEST(memory_that_runs_out_leaves_hours_unknown_not_wrong)
{
    static const struct sample sample = { NOW, 10, 3 };
    AUTO(window_free) struct window *window = make_window();
    struct latency_rows filled = encode(&sample, 1);
    bool failed = true;

    put_events(window, NOW);
    for (int n = 0; failed; n++) {
        AUTO(latency_free) struct latency *latency = NULL;
        struct latency_percentiles percentiles;
        int32_t from = 0;
        int32_t to = 0;
        int code = -1;

        malloc_fail_at(n);
        latency = latency_new(WINDOW);
        if (latency != NULL) {
            latency_advance(latency, NOW);
            if (latency_wants(latency, window, 24, &from, &to))
                code = latency_fill(latency, from, to, &filled);
            if (code == 0)
                code = latency_compute(latency, &percentiles);
        }
        failed = malloc_failed();
        malloc_fail_at(-1);
        if (code == 0)
            ck_assert_uint_eq(percentiles.p50_ms, 10);
        else
            ck_assert(failed);
    }
}
END_TEST

TCase *latency_cases(void)
{
    TCase *cases = tcase_create("latency");

    tcase_add_test(cases, a_window_without_events_needs_no_reading);
    tcase_add_test(cases, missing_hours_are_read_newest_first_in_bounded_slices);
    tcase_add_test(cases, percentiles_are_upper_edges_over_rows_of_all_files);
    tcase_add_test(cases, a_changed_minute_replaces_what_it_was);
    tcase_add_test(cases, a_late_change_in_an_old_hour_reads_that_hour_alone);
    tcase_add_test(cases, hours_are_merged_as_they_age_and_split_again_at_the_edge);
    tcase_add_test(cases, bytes_that_are_no_histogram_are_left_out_and_counted);
    tcase_add_test(cases, memory_that_runs_out_leaves_hours_unknown_not_wrong);
    return cases;
}
