/* test_histogram.c - module/slo/histogram.c */
/* SPDX-License-Identifier: MIT */
#include "slo/histogram.h"

#include "suite.h"

#include <errno.h>
#include <stdlib.h>

enum { VALUES = 5000, ARENA_BYTES = 4 << 20 };

/* A small generator of our own, so that every run sees the same numbers. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Shapes that are hard on a histogram: one value, edges, two humps, zeros, beyond the maximum. */
static uint64_t value_of(int shape, uint64_t *state)
{
    static const uint64_t edges[] = { 0, 127, 128, 255, 256, 257, 499, 500, 501, 511, 512, 2000 };
    uint64_t random = next_random(state);

    switch (shape) {
    case 0:
        return 777;
    case 1:
        return edges[random % ARRAY_LENGTH(edges)];
    case 2:
        return random % 2 ? 3 + random % 5 : 60000 + random % 5000;
    case 3:
        return 0;
    case 4:
        return random % 4 ? random % 100 : HISTOGRAM_MAX_VALUE - random % 3;
    default:
        return random % 100000;
    }
}

static int compare_values(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

START_TEST(a_bucket_holds_its_value_and_is_narrow)
{
    for (uint64_t value = 0; value <= HISTOGRAM_MAX_VALUE; value += 1 + value / 500) {
        uint32_t index = histogram_index(value);

        ck_assert_uint_le(histogram_low(index), value);
        ck_assert_uint_ge(histogram_high(index), value);
        ck_assert_uint_le((histogram_high(index) - histogram_low(index)) * 128, value);
        if (value < HISTOGRAM_EXACT)
            ck_assert_uint_eq(histogram_high(index), histogram_low(index));
    }
    ck_assert_uint_eq(histogram_index(HISTOGRAM_MAX_VALUE), histogram_index(UINT64_MAX));
    ck_assert_uint_eq(histogram_index(HISTOGRAM_MAX_VALUE),
                      HISTOGRAM_GROUPS * HISTOGRAM_GROUP_BUCKETS - 1);
}
END_TEST

START_TEST(buckets_follow_each_other_without_a_gap)
{
    for (uint32_t i = 1; i < HISTOGRAM_GROUPS * HISTOGRAM_GROUP_BUCKETS; i++) {
        ck_assert_uint_eq(histogram_low(i), histogram_high(i - 1) + 1);
        ck_assert_uint_eq(histogram_index(histogram_low(i)), i);
        ck_assert_uint_eq(histogram_index(histogram_high(i)), i);
    }
}
END_TEST

START_TEST(a_quantile_is_never_better_than_the_truth_and_within_a_128th)
{
    static const uint64_t percents[] = { 0, 1, 50, 90, 95, 99, 100 };

    for (int shape = 0; shape < 6; shape++) {
        AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
        static uint64_t values[VALUES];
        struct histogram histogram;
        uint64_t state = 42;

        histogram_init(&histogram, arena);
        for (int i = 0; i < VALUES; i++) {
            values[i] = value_of(shape, &state);
            ck_assert(histogram_add(&histogram, values[i]));
        }
        qsort(values, VALUES, sizeof(values[0]), compare_values);
        for (size_t p = 0; p < ARRAY_LENGTH(percents); p++) {
            uint64_t rank = (VALUES * percents[p] + 99) / 100;
            uint64_t truth = values[rank == 0 ? 0 : rank - 1];
            uint64_t found = histogram_quantile(&histogram, percents[p], 100);

            ck_assert_uint_ge(found, truth);
            ck_assert_uint_le((found - truth) * 128, truth);
        }
    }
}
END_TEST

START_TEST(an_empty_histogram_has_no_quantile)
{
    struct histogram histogram;

    histogram_init(&histogram, NULL);
    ck_assert_uint_eq(histogram_quantile(&histogram, 95, 100), 0);
    ck_assert_uint_eq(histogram_count_from(&histogram, 0), 0);
}
END_TEST

START_TEST(counts_from_500_and_2000_are_exact)
{
    static const uint64_t thresholds[] = { 0, 100, 200, 250, 300, 500, 1000, 2000 };
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct histogram histogram;
    uint64_t expected[ARRAY_LENGTH(thresholds)] = { 0 };

    histogram_init(&histogram, arena);
    for (uint64_t value = 0; value < 4096; value++) {
        ck_assert(histogram_add(&histogram, value));
        for (size_t t = 0; t < ARRAY_LENGTH(thresholds); t++)
            expected[t] += value >= thresholds[t];
    }
    for (size_t t = 0; t < ARRAY_LENGTH(thresholds); t++)
        ck_assert_uint_eq(histogram_count_from(&histogram, thresholds[t]), expected[t]);
    /* 3001 lies inside a bucket: all of it counts, which is never better than the truth. */
    ck_assert_uint_ge(histogram_count_from(&histogram, 3001), 4096 - 3001);
}
END_TEST

/* What a histogram is on disk; two are equal when these bytes are. */
static void encode(const struct histogram *histogram, struct buf *buf)
{
    buf_init(buf, 64 * 1024);
    histogram_encode(histogram, buf);
    ck_assert(buf_ok(buf));
}

START_TEST(parts_merge_to_the_same_bits_in_any_order)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    static const int orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 } };
    AUTO(buf_done) struct buf first;
    struct histogram parts[3];
    uint64_t state = 7;

    for (int p = 0; p < 3; p++) {
        histogram_init(&parts[p], arena);
        for (int i = 0; i < 500; i++)
            ck_assert(histogram_add(&parts[p], value_of(p + 3, &state)));
    }
    buf_init(&first, 64 * 1024);
    for (size_t o = 0; o < ARRAY_LENGTH(orders); o++) {
        AUTO(buf_done) struct buf bytes;
        struct histogram whole;

        histogram_init(&whole, arena);
        for (int p = 0; p < 3; p++)
            ck_assert(histogram_merge(&whole, &parts[orders[o][p]], 1));
        encode(&whole, &bytes);
        if (o == 0)
            buf_append(&first, buf_slice(&bytes));
        ck_assert_uint_eq(whole.count, 1500);
        ck_assert(slice_equals(buf_slice(&first), buf_slice(&bytes)));
    }
}
END_TEST

START_TEST(what_was_added_can_be_taken_away_and_no_more)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    AUTO(buf_done) struct buf bytes;
    AUTO(buf_done) struct buf other_bytes;
    struct histogram histogram;
    struct histogram other;

    histogram_init(&histogram, arena);
    histogram_init(&other, arena);
    ck_assert(histogram_add(&histogram, 10) && histogram_add(&histogram, 9000));
    ck_assert(histogram_add(&other, 9000));
    encode(&other, &other_bytes);
    ck_assert(histogram_merge(&histogram, &other, -1));
    ck_assert(!histogram_merge(&histogram, &other, -1));
    ck_assert_int_eq(histogram_merge_encoded(&histogram, buf_slice(&other_bytes), -1), -EINVAL);
    ck_assert_uint_eq(histogram.count, 1);
    ck_assert_int_eq(histogram_merge_encoded(&histogram, buf_slice(&other_bytes), 1), 0);
    ck_assert_int_eq(histogram_merge_encoded(&histogram, buf_slice(&other_bytes), -1), 0);
    encode(&histogram, &bytes);
    ck_assert_uint_eq(histogram_quantile(&histogram, 1, 1), 10);
    ck_assert_uint_eq(bytes.length, 4);
}
END_TEST

START_TEST(the_encoded_form_gives_back_the_same_counts)
{
    for (int shape = 0; shape < 6; shape++) {
        AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
        AUTO(buf_done) struct buf bytes;
        AUTO(buf_done) struct buf again;
        struct histogram histogram;
        struct histogram copy;
        uint64_t state = 99;

        histogram_init(&histogram, arena);
        histogram_init(&copy, arena);
        for (int i = 0; i < VALUES; i++)
            ck_assert(histogram_add(&histogram, value_of(shape, &state)));
        encode(&histogram, &bytes);
        ck_assert_int_eq(histogram_merge_encoded(&copy, buf_slice(&bytes), 1), 0);
        encode(&copy, &again);
        ck_assert(slice_equals(buf_slice(&bytes), buf_slice(&again)));
        ck_assert_uint_eq(copy.count, VALUES);
    }
}
END_TEST

START_TEST(malformed_bytes_are_refused_and_change_nothing)
{
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
        { "", 0 },
        { "\1", 1 },
        { "\2\7", 2 },               /* another version */
        { "\1\6", 2 },               /* another width of buckets */
        { "\1\7\5", 3 },             /* an index without a count */
        { "\1\7\5\0", 4 },           /* a count of zero */
        { "\1\7\5\x80", 4 },         /* a cut varint */
        { "\1\7\5\x81\0", 5 },       /* a varint that is longer than need be */
        { "\1\7\x80\x15\1", 5 },     /* index 2688: behind the last bucket */
        { "\1\7\xff\x14\1\0\1", 7 }, /* the same, by a second step */
        { "\1\7\5\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 13 },     /* 65 bits */
        { "\1\7\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\1", 15 }, /* the sum overflows */
    };
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct histogram histogram;

    histogram_init(&histogram, arena);
    ck_assert(histogram_add(&histogram, 5));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct slice bytes = { cases[i].bytes, cases[i].length };

        ck_assert_int_eq(histogram_merge_encoded(&histogram, bytes, 1), -EINVAL);
        ck_assert_uint_eq(histogram.count, 1);
        ck_assert_uint_eq(histogram_count_from(&histogram, 0), 1);
    }
}
END_TEST

START_TEST(random_bytes_never_do_harm)
{
    AUTO(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    struct histogram histogram;
    uint64_t state = 3;

    histogram_init(&histogram, arena);
    for (int round = 0; round < 20000; round++) {
        char bytes[24] = { 1, 7 };
        uint64_t before = histogram.count;
        size_t length = 2 + next_random(&state) % 22;

        for (size_t i = 2; i < length; i++)
            bytes[i] = (char)(next_random(&state) & (round % 2 ? 0x7f : 0xff));
        if (histogram_merge_encoded(&histogram, (struct slice){ bytes, length }, 1) != 0)
            ck_assert_uint_eq(histogram.count, before);
        else
            ck_assert_int_eq(
                histogram_merge_encoded(&histogram, (struct slice){ bytes, length }, -1), 0);
        ck_assert_uint_eq(histogram.count, 0);
    }
}
END_TEST

START_TEST(a_full_arena_leaves_the_counts_as_they_were)
{
    AUTO(arena_free) struct arena *arena = arena_new(2500);
    struct histogram histogram;

    histogram_init(&histogram, arena);
    ck_assert(histogram_add(&histogram, 1));
    ck_assert(histogram_add(&histogram, 200));
    ck_assert(!histogram_add(&histogram, 300));
    ck_assert_int_eq(histogram_merge_encoded(&histogram, (struct slice){ "\1\7\x80\x10\1", 5 }, 1),
                     -ENOMEM);
    ck_assert_uint_eq(histogram.count, 2);
    ck_assert(histogram_add(&histogram, 100));
}
END_TEST

TCase *histogram_cases(void)
{
    TCase *cases = tcase_create("histogram");

    tcase_add_test(cases, a_bucket_holds_its_value_and_is_narrow);
    tcase_add_test(cases, buckets_follow_each_other_without_a_gap);
    tcase_add_test(cases, a_quantile_is_never_better_than_the_truth_and_within_a_128th);
    tcase_add_test(cases, an_empty_histogram_has_no_quantile);
    tcase_add_test(cases, counts_from_500_and_2000_are_exact);
    tcase_add_test(cases, parts_merge_to_the_same_bits_in_any_order);
    tcase_add_test(cases, what_was_added_can_be_taken_away_and_no_more);
    tcase_add_test(cases, the_encoded_form_gives_back_the_same_counts);
    tcase_add_test(cases, malformed_bytes_are_refused_and_change_nothing);
    tcase_add_test(cases, random_bytes_never_do_harm);
    tcase_add_test(cases, a_full_arena_leaves_the_counts_as_they_were);
    return cases;
}
