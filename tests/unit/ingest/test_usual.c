/* test_usual.c - module/ingest/usual.c, held against the general scanner. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/usual.h"

#include "suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES = 4000, MUTATIONS = 20, LINE_ROOM = 1024 };

static struct line_scratch scratch;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static bool lines_equal(const struct line *a, const struct line *b)
{
    return a->time_ms == b->time_ms && a->duration_ms == b->duration_ms && a->status == b->status
           && slice_equals(a->service, b->service) && slice_equals(a->method, b->method)
           && slice_equals(a->path, b->path);
}

/* What is taken by the short way is what the general one reads.  Returns whether it was taken. */
static bool agrees(const char *text, size_t length)
{
    /* Memory of exactly its size, so that the sanitiser sees a read beyond the end. */
    AUTO(auto_free) char *copy = malloc(length + 1);
    struct line usual;
    struct line general;
    size_t taken;

    memcpy(copy, text, length);
    taken = usual_take((struct slice){ copy, length }, &usual);
    if (taken == 0)
        return false;
    ck_assert_ptr_eq(memchr(copy, '\n', length), copy + taken - 1);
    ck_assert_int_eq(line_parse((struct slice){ copy, taken - 1 }, &scratch, &general),
                     REJECT_NONE);
    ck_assert(lines_equal(&usual, &general));
    return true;
}

static const char *pick(uint64_t random, const char *const *choices, size_t count)
{
    return choices[random % count];
}

/* A line as nginx writes it; returns its length. */
static size_t print_line(char *text, uint64_t *state)
{
    static const char *const services[] = { "", "app", "a service" };
    static const char *const methods[] = { "GET", "POST", "OPTIONS", "" };
    static const char *const paths[] = { "/", "/api/v1/users/17/orders", "/\xc3\xa9t\xc3\xa9/!#]^",
                                         "/a/b/c/d/e/f/g/h/i/j/k/l/m", "" };
    static const char *const upstreams[] = { "", "-", "0.004", "0.001, 0.002 : 1.500" };
    uint64_t random = next_random(state);
    int length = snprintf(
        text, LINE_ROOM,
        "{\"time\":1%09u.%03u,\"request_id\":\"%016" PRIx64 "%016" PRIx64 "\",\"service\":\"%s\","
        "\"method\":\"%s\",\"path\":\"%s\",\"status\":%u,\"request_time\":%u.%03u,\"bytes\":%u,"
        "\"upstream_time\":\"%s\"}\n",
        (unsigned)(random % 1000000000), (unsigned)(random % 1000), random, next_random(state),
        pick(random >> 3, services, 3), pick(random >> 5, methods, 4), pick(random >> 7, paths, 5),
        100 + (unsigned)(random >> 11) % 500, (unsigned)(random >> 20) % 10,
        (unsigned)(random >> 24) % 1000, (unsigned)(random >> 40) % 10000000,
        pick(random >> 13, upstreams, 4));

    return (size_t)length;
}

/* Changes, removes or adds a byte, of the kind that lines are made of. */
static size_t mutate(char *text, size_t length, uint64_t *state)
{
    static const char bytes[] = "\"\\,.:{}-0159aeEf/ \n\t\x1f\x7f\x80\xff!#[]";
    uint64_t random = next_random(state);
    size_t at = (size_t)(random >> 8) % length;
    char byte = bytes[(random >> 40) % sizeof(bytes)];

    if (random % 4 == 0) {
        memmove(text + at, text + at + 1, length - at - 1);
        return length - 1;
    }
    if (random % 4 == 1) {
        memmove(text + at + 1, text + at, length - at);
        length++;
    }
    text[at] = byte;
    return length;
}

START_TEST(usual_lines_are_taken_and_read_as_the_general_way_does)
{
    uint64_t state = 88172645463325252u;
    char text[LINE_ROOM];

    for (int i = 0; i < LINES; i++) {
        size_t length = print_line(text, &state);

        ck_assert(agrees(text, length));
    }
}
END_TEST

START_TEST(lines_with_faults_are_read_alike_or_left_to_the_general_way)
{
    uint64_t state = 1442695040888963407u;
    char text[LINE_ROOM];
    char mutant[LINE_ROOM];

    for (int i = 0; i < LINES; i++) {
        size_t length = print_line(text, &state);

        for (int k = 0; k < MUTATIONS; k++) {
            size_t left = length;

            memcpy(mutant, text, length);
            for (uint64_t faults = 1 + next_random(&state) % 3; faults > 0; faults--)
                left = mutate(mutant, left, &state);
            (void)agrees(mutant, left);
        }
    }
}
END_TEST

/* Each byte of a line replaced by each value there is. */
START_TEST(no_byte_at_any_place_makes_the_two_ways_differ)
{
    uint64_t state = 7046029254386353131u;
    char text[LINE_ROOM];
    size_t length = print_line(text, &state);

    for (size_t at = 0; at < length; at++) {
        char kept = text[at];

        for (int byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            (void)agrees(text, length);
        }
        text[at] = kept;
    }
}
END_TEST

START_TEST(a_line_whose_end_is_not_there_is_not_taken)
{
    uint64_t state = 3;
    char text[LINE_ROOM];
    size_t length = print_line(text, &state);

    for (size_t cut = 0; cut < length; cut++)
        ck_assert(!agrees(text, cut));
    ck_assert(agrees(text, length));
}
END_TEST

TCase *usual_cases(void)
{
    TCase *cases = tcase_create("usual");

    tcase_add_test(cases, usual_lines_are_taken_and_read_as_the_general_way_does);
    tcase_add_test(cases, lines_with_faults_are_read_alike_or_left_to_the_general_way);
    tcase_add_test(cases, no_byte_at_any_place_makes_the_two_ways_differ);
    tcase_add_test(cases, a_line_whose_end_is_not_there_is_not_taken);
    return cases;
}
