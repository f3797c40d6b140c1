/* test_window.c - module/slo/window.c */
/* SPDX-License-Identifier: MIT */
#include "slo/window.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

enum { QUARTER = WINDOW_QUARTER_MINUTES, DAY = 1440, MONTH = 30 * DAY, NOW = 29740000 };

static const int32_t spans[] = { 5, 30, 60, 120, 360, DAY, 3 * DAY, MONTH };

/* What a ledger would hold: minutes of a plain array, from `start` on. */
struct plain {
    int32_t start;
    int32_t count;
    struct window_sum *minutes;
};

static struct window_sum *minute_of(const struct plain *plain, int32_t minute)
{
    ck_assert(minute >= plain->start && minute < plain->start + plain->count);
    return &plain->minutes[minute - plain->start];
}

static struct window_sum plain_sum(const struct plain *plain, int32_t from, int32_t until)
{
    struct window_sum sum = { 0, 0 };

    from = from < plain->start ? plain->start : from;
    until = until > plain->start + plain->count ? plain->start + plain->count : until;
    for (int32_t minute = from; minute < until; minute++) {
        sum.total += plain->minutes[minute - plain->start].total;
        sum.bad += plain->minutes[minute - plain->start].bad;
    }
    return sum;
}

/* Tells a change as the ledger's feed does: the minute if it is wanted, then its quarter hour. */
static void change(struct window *window, const struct plain *plain, int32_t minute,
                   struct window_sum sum)
{
    int32_t start = minute - minute % QUARTER;

    *minute_of(plain, minute) = sum;
    if (window_wants(window, minute / QUARTER))
        ck_assert_int_eq(window_set_minute(window, minute, sum), 0);
    ck_assert_int_eq(
        window_set_quarter(window, minute / QUARTER, plain_sum(plain, start, start + QUARTER)), 0);
}

static void give_detail(struct window *window, const struct plain *plain, int32_t quarter)
{
    struct window_sum minutes[QUARTER];

    for (int i = 0; i < QUARTER; i++)
        minutes[i] = plain_sum(plain, quarter * QUARTER + i, quarter * QUARTER + i + 1);
    ck_assert_int_eq(window_set_detail(window, quarter, minutes), 0);
}

static int give_missing(struct window *window, const struct plain *plain, bool ahead)
{
    int32_t quarters[64];
    int count = window_missing(window, ahead, quarters, 64);

    for (int i = 0; i < count; i++)
        give_detail(window, plain, quarters[i]);
    return count;
}

static void load(struct window *window, const struct plain *plain)
{
    window_clear(window);
    for (int32_t at = plain->start / QUARTER * QUARTER; at < plain->start + plain->count;
         at += QUARTER)
        ck_assert_int_eq(
            window_set_quarter(window, at / QUARTER, plain_sum(plain, at, at + QUARTER)), 0);
}

static void expect_span(const struct window *window, const struct plain *plain, int32_t now,
                        int32_t span)
{
    struct window_sum want = plain_sum(plain, now + 1 - span, now + 1);
    struct window_sum sum;

    ck_assert_msg(window_total(window, span, &sum), "span %d unknown", span);
    ck_assert_uint_eq(sum.total, want.total);
    ck_assert_uint_eq(sum.bad, want.bad);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static struct plain make_plain(int32_t start, int32_t count)
{
    struct plain plain = { start, count, calloc((size_t)count, sizeof(struct window_sum)) };

    ck_assert_ptr_nonnull(plain.minutes);
    return plain;
}

static struct window_sum some_events(uint32_t *state)
{
    uint64_t total = next_random(state) % 500;

    /* Now and then more than 32 bits hold. */
    if (next_random(state) % 1000 == 0)
        total += UINT64_C(1) << 40;
    return (struct window_sum){ total, total / 7 };
}

START_TEST(a_window_of_w_is_the_w_minutes_that_end_with_the_open_one)
{
    static const int32_t asked[] = { 1, 5, 6, MONTH - 1, MONTH };
    AUTO(window_free) struct window *window = window_new(0, asked, 5);
    struct plain plain = make_plain(NOW - MONTH, MONTH + 1);
    struct window_sum sum;

    window_advance(window, NOW);
    *minute_of(&plain, NOW) = (struct window_sum){ 1, 0 };
    *minute_of(&plain, NOW - 4) = (struct window_sum){ 10, 1 };
    *minute_of(&plain, NOW - 5) = (struct window_sum){ 100, 2 };
    *minute_of(&plain, NOW - MONTH + 1) = (struct window_sum){ 1000, 3 };
    *minute_of(&plain, NOW - MONTH) = (struct window_sum){ 10000, 4 };
    load(window, &plain);
    ck_assert(!window_total(window, 5, &sum));
    (void)give_missing(window, &plain, false);
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
        static const uint64_t totals[] = { 1, 11, 111, 111, 1111 };

        ck_assert(window_total(window, asked[i], &sum));
        ck_assert_uint_eq(sum.total, totals[i]);
    }
    ck_assert(!window_sum(window, NOW - 2 * MONTH, NOW, &sum));
    free(plain.minutes);
}
END_TEST

START_TEST(any_history_in_any_order_sums_as_a_plain_array_does)
{
    struct plain plain = make_plain(NOW - 40 * DAY, 50 * DAY);
    AUTO(window_free) struct window *window = window_new(0, spans, (int)ARRAY_LENGTH(spans));
    uint32_t state = 20261121;
    int32_t now = NOW;
    int late_fetches = 0;

    for (int32_t i = 0; i < 40 * DAY; i++) {
        if (next_random(&state) % 3 != 0)
            plain.minutes[i] = some_events(&state);
    }
    window_advance(window, now);
    load(window, &plain);
    (void)give_missing(window, &plain, false);
    for (int turn = 0; turn < 3000; turn++) {
        int changes = (int)(next_random(&state) % 4);

        now += next_random(&state) % 3 == 0 ? 1 : 0;
        window_advance(window, now);
        for (int i = 0; i < changes; i++) {
            /* Mostly now, sometimes late, rarely ahead of the clock. */
            int32_t late = next_random(&state) % 5 == 0
                               ? (int32_t)(next_random(&state) % (uint32_t)MONTH)
                               : (int32_t)(next_random(&state) % 3);
            bool ahead = next_random(&state) % 20 == 0;

            change(window, &plain, ahead ? now + 1 + late % 30 : now - late, some_events(&state));
        }
        late_fetches += give_missing(window, &plain, false);
        (void)give_missing(window, &plain, true);
        expect_span(window, &plain, now, spans[turn % (int)ARRAY_LENGTH(spans)]);
    }
    /* What comes next has been asked for in time; only late events into empty quarter hours whose
     * minutes nobody wanted yet may be left. */
    ck_assert_int_le(late_fetches, 10);
    free(plain.minutes);
}
END_TEST

START_TEST(minutes_that_are_not_known_are_no_silent_zero)
{
    static const int32_t asked[] = { 60, 6 * 60 };
    struct plain plain = make_plain(NOW - DAY, 2 * DAY);
    AUTO(window_free) struct window *window = window_new(0, asked, 2);
    int32_t quarters[8];
    struct window_sum sum = { 77, 7 };

    window_advance(window, NOW);
    *minute_of(&plain, NOW - 6 * 60) = (struct window_sum){ 5, 1 };
    load(window, &plain);
    ck_assert(!window_total(window, 6 * 60, &sum));
    ck_assert_uint_eq(sum.total, 77);
    ck_assert(window_total(window, 60, &sum));
    ck_assert_int_eq(window_missing(window, false, quarters, 8), 1);
    ck_assert_int_eq(quarters[0], (NOW - 6 * 60 + 1) / QUARTER);
    ck_assert_int_eq(window_missing(window, true, quarters, 8), 0);
    give_detail(window, &plain, quarters[0]);
    ck_assert(window_total(window, 6 * 60, &sum));
    ck_assert_uint_eq(sum.total, 0);
    free(plain.minutes);
}
END_TEST

START_TEST(a_pinned_minute_can_end_a_sum)
{
    const int32_t pin = NOW - 5 * DAY - 4;
    static const int32_t asked[] = { MONTH };
    struct plain plain = make_plain(NOW - MONTH, MONTH + 1);
    AUTO(window_free) struct window *window = window_new(0, asked, 1);
    uint32_t state = 7;
    struct window_sum want = { 0, 0 };
    struct window_sum sum;

    for (int32_t i = 0; i < plain.count; i++)
        plain.minutes[i] = some_events(&state);
    window_advance(window, NOW);
    load(window, &plain);
    (void)give_missing(window, &plain, false);
    ck_assert(!window_sum(window, pin, NOW + 1, &sum));
    ck_assert_int_eq(window_pin(window, &pin, 1), 0);
    ck_assert_int_eq(give_missing(window, &plain, false), 1);
    window_advance(window, NOW + 20);
    ck_assert(window_sum(window, pin, NOW + 1 - (NOW + 1) % QUARTER, &sum));
    want = plain_sum(&plain, pin, NOW + 1 - (NOW + 1) % QUARTER);
    ck_assert_uint_eq(sum.total, want.total);
    /* Two minutes within one quarter hour. */
    ck_assert(window_sum(window, pin, pin + 1, &sum));
    ck_assert_uint_eq(sum.total, minute_of(&plain, pin)->total);
    ck_assert_int_eq(window_pin(window, NULL, 0), 0);
    window_advance(window, NOW + 21);
    ck_assert(!window_sum(window, pin, NOW, &sum));
    free(plain.minutes);
}
END_TEST

START_TEST(a_window_reaches_further_than_its_spans)
{
    static const int32_t hour = 60;
    AUTO(window_free) struct window *window = window_new(7 * DAY, &hour, 1);
    int32_t quarter = NOW / QUARTER - 7 * 96 + 1;
    struct window_sum sum;

    window_advance(window, NOW);
    ck_assert_int_eq(window_set_quarter(window, quarter, (struct window_sum){ 8, 1 }), 0);
    ck_assert(window_sum(window, quarter * QUARTER, NOW + 1, &sum));
    ck_assert_uint_eq(sum.total, 8);
    /* Quarter hours begin and end sums without being asked for; nothing else does here. */
    ck_assert(!window_sum(window, quarter * QUARTER + 1, NOW + 1, &sum));
    ck_assert_int_eq(window_missing(window, false, &quarter, 1), 0);
}
END_TEST

START_TEST(what_is_outside_is_left_aside_and_ages_out)
{
    static const int32_t asked[] = { DAY };
    const struct window_sum five = { 5, 1 };
    AUTO(window_free) struct window *window = window_new(0, asked, 1);
    int32_t quarter = NOW / QUARTER;

    window_advance(window, NOW);
    ck_assert_int_eq(window_set_quarter(window, quarter - 97, five), 0);
    ck_assert_int_eq(window_set_quarter(window, quarter + 97, five), 0);
    ck_assert_int_eq(window_set_quarter(window, -1, five), 0);
    ck_assert_int_eq(window_set_minute(window, -3, five), 0);
    ck_assert_uint_eq(window_held(window).total, 0);
    for (int i = 0; i < 400; i++) {
        window_advance(window, NOW + i * QUARTER);
        ck_assert_int_eq(window_set_quarter(window, quarter + i, five), 0);
    }
    ck_assert_uint_eq(window_held(window).total, 97 * 5);
    ck_assert_uint_eq(window_quarter(window, quarter + 399).total, 5);
    ck_assert_uint_eq(window_quarter(window, quarter + 302).total, 0);
    window_clear(window);
    ck_assert_uint_eq(window_held(window).total, 0);
}
END_TEST

START_TEST(a_quarter_hour_that_is_emptied_forgets_its_minutes)
{
    AUTO(window_free) struct window *window = window_new(0, spans, 1);
    struct plain plain = make_plain(NOW - 60, 61);
    struct window_sum sum;

    window_advance(window, NOW);
    change(window, &plain, NOW, (struct window_sum){ 9, 9 });
    change(window, &plain, NOW, (struct window_sum){ 0, 0 });
    change(window, &plain, NOW - 1, (struct window_sum){ 3, 1 });
    ck_assert(window_total(window, 5, &sum));
    ck_assert_uint_eq(sum.total, 3);
    free(plain.minutes);
}
END_TEST

START_TEST(a_month_of_one_indicator_takes_little_memory)
{
    AUTO(window_free) struct window *window = window_new(0, spans, (int)ARRAY_LENGTH(spans));

    window_advance(window, NOW);
    ck_assert_uint_lt(window_bytes(window), 2000);
    for (int32_t at = 0; at <= MONTH / QUARTER; at++) {
        struct window_sum sum = { 4000000000, 1 };

        ck_assert_int_eq(window_set_quarter(window, (NOW - MONTH) / QUARTER + at, sum), 0);
    }
    ck_assert_uint_lt(window_bytes(window), 27000);
}
END_TEST

START_TEST(a_window_without_memory_says_so)
{
    int32_t quarter = NOW / QUARTER;
    const struct window_sum one = { 1, 0 };
    const struct window_sum much = { UINT64_C(1) << 40, 0 };
    const struct window_sum minutes[QUARTER] = { { 1, 0 } };

    for (int n = 0; n < 100; n++) {
        struct window *window;
        int code = -1;

        malloc_fail_at(n);
        window = window_new(0, spans, (int)ARRAY_LENGTH(spans));
        if (window != NULL) {
            window_advance(window, NOW);
            code = window_pin(window, &quarter, 1);
            if (code == 0)
                code = window_set_minute(window, NOW, one);
            if (code == 0)
                code = window_set_quarter(window, quarter, one);
            if (code == 0)
                code = window_set_quarter(window, quarter - 1, much);
            if (code == 0)
                code = window_set_detail(window, quarter - 1, minutes);
        }
        ck_assert_int_eq(code != 0, malloc_failed());
        malloc_fail_at(-1);
        window_free(&window);
        if (code == 0)
            return;
    }
    ck_abort_msg("never succeeded");
}
END_TEST

TCase *window_cases(void)
{
    TCase *cases = tcase_create("window");

    tcase_add_test(cases, a_window_of_w_is_the_w_minutes_that_end_with_the_open_one);
    tcase_add_test(cases, any_history_in_any_order_sums_as_a_plain_array_does);
    tcase_add_test(cases, minutes_that_are_not_known_are_no_silent_zero);
    tcase_add_test(cases, a_pinned_minute_can_end_a_sum);
    tcase_add_test(cases, a_window_reaches_further_than_its_spans);
    tcase_add_test(cases, what_is_outside_is_left_aside_and_ages_out);
    tcase_add_test(cases, a_quarter_hour_that_is_emptied_forgets_its_minutes);
    tcase_add_test(cases, a_month_of_one_indicator_takes_little_memory);
    tcase_add_test(cases, a_window_without_memory_says_so);
    return cases;
}
