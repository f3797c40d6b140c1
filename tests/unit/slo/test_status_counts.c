/* test_status_counts.c - module/slo/status_counts.c */
/* SPDX-License-Identifier: MIT */
#include "slo/status_counts.h"

#include "suite.h"

#include <errno.h>
#include <stdlib.h>

enum { ENCODED_BYTES = 16 * 1024, ROUNDS = 2000 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* From nothing to every status, counts from 1 to large ones. */
static struct status_counts random_counts(uint64_t *state)
{
    struct status_counts counts = { { 0 } };
    uint64_t statuses = next_random(state) % 40;

    for (uint64_t i = 0; i < statuses; i++)
        status_counts_add(&counts, STATUS_LOW + (int)(next_random(state) % STATUS_COUNTS),
                          1 + (next_random(state) << next_random(state) % 32));
    return counts;
}

START_TEST(counts_come_back_as_they_were)
{
    uint64_t state = 1;

    for (int i = 0; i < ROUNDS; i++) {
        struct status_counts counts = random_counts(&state);
        struct status_counts back = { { 0 } };
        struct buf encoded;

        buf_init(&encoded, ENCODED_BYTES);
        status_counts_encode(&counts, &encoded);
        ck_assert(buf_ok(&encoded));
        ck_assert_int_eq(status_counts_merge(&back, buf_slice(&encoded)), 0);
        ck_assert_mem_eq(&back, &counts, sizeof(counts));
        buf_done(&encoded);
    }
}
END_TEST

START_TEST(merging_adds)
{
    struct status_counts counts = { { 0 } };
    struct buf encoded;

    status_counts_add(&counts, 100, 1);
    status_counts_add(&counts, 499, 2);
    status_counts_add(&counts, 599, 300);
    buf_init(&encoded, ENCODED_BYTES);
    status_counts_encode(&counts, &encoded);
    ck_assert_int_eq(status_counts_merge(&counts, buf_slice(&encoded)), 0);
    ck_assert_uint_eq(status_counts_of(&counts, 100), 2);
    ck_assert_uint_eq(status_counts_of(&counts, 499), 4);
    ck_assert_uint_eq(status_counts_of(&counts, 599), 600);
    ck_assert_uint_eq(status_counts_of(&counts, 200), 0);
    buf_done(&encoded);
}
END_TEST

START_TEST(an_ordinary_minute_takes_a_few_bytes)
{
    struct status_counts counts = { { 0 } };
    struct buf encoded;

    status_counts_add(&counts, 200, 9000);
    status_counts_add(&counts, 404, 12);
    status_counts_add(&counts, 500, 3);
    buf_init(&encoded, ENCODED_BYTES);
    status_counts_encode(&counts, &encoded);
    ck_assert(slice_equals(buf_slice(&encoded), SLICE("\x01\x64\xa8\x46\xcb\x01\x0c\x5f\x03")));
    buf_done(&encoded);
}
END_TEST

START_TEST(bytes_that_are_no_counts_are_refused_and_change_nothing)
{
    static const struct {
        const char *what;
        struct slice bytes;
    } cases[] = {
        { "nothing", { "", 0 } },
        { "another version", { "\x02", 1 } },
        { "a status without its count", { "\x01\x64", 2 } },
        { "a count of 0", { "\x01\x64\x00", 3 } },
        { "status 600", { "\x01\xf4\x03\x01", 4 } },
        { "beyond 599 by a delta", { "\x01\xf3\x03\x01\x00\x01", 6 } },
        { "a status beyond any number",
          { "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01", 12 } },
        { "an overflow", { "\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 } },
        { "a number cut short", { "\x01\x64\x80", 3 } },
        { "one that is good, one that is not", { "\x01\x01\x01\x01\x00", 5 } },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct status_counts counts = { { 7 } };
        struct status_counts before = counts;

        ck_assert_msg(status_counts_merge(&counts, cases[i].bytes) == -EINVAL, "%s", cases[i].what);
        ck_assert_mem_eq(&counts, &before, sizeof(counts));
    }
}
END_TEST

/* From memory of exactly its size, so that the sanitiser sees a read beyond the end. */
START_TEST(damaged_bytes_are_refused_or_read_as_other_counts)
{
    uint64_t state = 7;

    for (int i = 0; i < ROUNDS; i++) {
        struct status_counts counts = random_counts(&state);
        struct status_counts back = { { 0 } };
        AUTO(auto_free) char *copy = NULL;
        struct buf encoded;
        size_t length;

        buf_init(&encoded, ENCODED_BYTES);
        status_counts_encode(&counts, &encoded);
        length = 1 + (size_t)next_random(&state) % encoded.length;
        copy = malloc(length);
        memcpy(copy, encoded.data, length);
        copy[next_random(&state) % length] = (char)next_random(&state);
        if (status_counts_merge(&back, (struct slice){ copy, length }) == 0) {
            struct buf again;

            buf_init(&again, ENCODED_BYTES);
            status_counts_encode(&back, &again);
            ck_assert(slice_equals(buf_slice(&again), (struct slice){ copy, length }));
            buf_done(&again);
        }
        buf_done(&encoded);
    }
}
END_TEST

TCase *status_counts_cases(void)
{
    TCase *cases = tcase_create("status_counts");

    tcase_add_test(cases, counts_come_back_as_they_were);
    tcase_add_test(cases, merging_adds);
    tcase_add_test(cases, an_ordinary_minute_takes_a_few_bytes);
    tcase_add_test(cases, bytes_that_are_no_counts_are_refused_and_change_nothing);
    tcase_add_test(cases, damaged_bytes_are_refused_or_read_as_other_counts);
    return cases;
}
