/* test_record.c - the walk of a request's records. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/record.h"

#include "base/auto.h"
#include "suite.h"

#include <stdint.h>
#include <stdlib.h>

#define BEGIN           \
    "\1\1\0\1\0\10\0\0" \
    "\0\1\1\0\0\0\0\0"
#define PARAMS_END "\1\4\0\1\0\0\0\0"
#define STDIN_END  "\1\5\0\1\0\0\0\0"
#define NAME_VALUE     \
    "\1\4\0\1\0\6\2\0" \
    "\1\3"             \
    "ABCD"             \
    "\0\0"
#define WHOLE BEGIN NAME_VALUE PARAMS_END STDIN_END
#define BYTES(text)              \
    {                            \
        (text), sizeof(text) - 1 \
    }

static const struct {
    const char *what;
    struct slice bytes;
    enum record_state want;
} cases[] = {
    { "nothing yet", BYTES(""), RECORD_PARTIAL },
    { "a whole request", BYTES(WHOLE), RECORD_WHOLE },
    { "no params at all", BYTES(BEGIN PARAMS_END STDIN_END), RECORD_WHOLE },
    { "an empty pair",
      BYTES(BEGIN "\1\4\0\1\0\2\0\0"
                  "\0\0" PARAMS_END STDIN_END),
      RECORD_WHOLE },
    { "a pair split in its lengths",
      BYTES(BEGIN "\1\4\0\1\0\2\0\0"
                  "\x80\0"
                  "\1\4\0\1\0\3\0\0"
                  "\0\0\1"
                  "\1\4\0\1\0\1\0\0"
                  "A" PARAMS_END STDIN_END),
      RECORD_WHOLE },
    { "a body",
      BYTES(BEGIN PARAMS_END "\1\5\0\1\0\1\0\0"
                             "x" STDIN_END),
      RECORD_WHOLE },
    { "a second request behind it", BYTES(WHOLE BEGIN), RECORD_BROKEN },
    { "a single byte behind it", BYTES(WHOLE "\1"), RECORD_BROKEN },
    { "HTTP", BYTES("GET / HTTP/1.1\r\n\r\n"), RECORD_BROKEN },
    { "another version from its first byte", BYTES("\2"), RECORD_BROKEN },
    { "another version later", BYTES(BEGIN "\2"), RECORD_BROKEN },
    { "params first", BYTES(PARAMS_END), RECORD_BROKEN },
    { "values asked for", BYTES("\1\11\0\0\0\0\0\0"), RECORD_BROKEN },
    { "an unknown type", BYTES(BEGIN "\1\77\0\1\0\0\0\0"), RECORD_BROKEN },
    { "an unknown type for id 0", BYTES(BEGIN "\1\77\0\0\0\0\0\0"), RECORD_BROKEN },
    { "request id 0",
      BYTES("\1\1\0\0\0\10\0\0"
            "\0\1\1\0\0\0\0\0"),
      RECORD_BROKEN },
    { "a short begin",
      BYTES("\1\1\0\1\0\7\0\0"
            "\0\1\1\0\0\0\0"),
      RECORD_BROKEN },
    { "the authorizer's role",
      BYTES("\1\1\0\1\0\10\0\0"
            "\0\2\1\0\0\0\0\0"),
      RECORD_BROKEN },
    { "ids that change", BYTES(BEGIN "\1\4\0\2\0\0\0\0"), RECORD_BROKEN },
    { "a second begin", BYTES(BEGIN BEGIN), RECORD_BROKEN },
    { "an abort in the params", BYTES(BEGIN "\1\2\0\1\0\0\0\0"), RECORD_BROKEN },
    { "an abort in the input", BYTES(BEGIN PARAMS_END "\1\2\0\1\0\0\0\0"), RECORD_BROKEN },
    { "input before the params' end", BYTES(BEGIN STDIN_END), RECORD_BROKEN },
    { "params after their end", BYTES(BEGIN PARAMS_END PARAMS_END), RECORD_BROKEN },
    { "a name on which libfcgi aborts",
      BYTES(BEGIN "\1\4\0\1\0\5\0\0"
                  "\xff\xff\xff\xfe\0" PARAMS_END STDIN_END),
      RECORD_BROKEN },
    { "the largest lengths",
      BYTES(BEGIN "\1\4\0\1\0\10\0\0"
                  "\xff\xff\xff\xff\xff\xff\xff\xff" PARAMS_END STDIN_END),
      RECORD_BROKEN },
    { "a value beyond the params",
      BYTES(BEGIN "\1\4\0\1\0\3\0\0"
                  "\1\2A" PARAMS_END STDIN_END),
      RECORD_BROKEN },
    { "a cut length",
      BYTES(BEGIN "\1\4\0\1\0\1\0\0"
                  "\1" PARAMS_END),
      RECORD_BROKEN },
};

START_TEST(a_walk_tells_whole_partial_and_broken)
{
    struct record_walk walk = record_walk(cases[_i].bytes);

    ck_assert_msg(walk.state == cases[_i].want, "%s: %d (%s)", cases[_i].what, (int)walk.state,
                  walk.trouble == NULL ? "" : walk.trouble);
    ck_assert((walk.trouble != NULL) == (walk.state == RECORD_BROKEN));
}
END_TEST

START_TEST(every_beginning_of_a_whole_request_is_partial)
{
    static const char whole[] = WHOLE;

    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        struct record_walk walk = record_walk((struct slice){ whole, length });

        ck_assert_int_eq(walk.state, RECORD_PARTIAL);
        ck_assert_int_eq(walk.params_whole, length >= sizeof(BEGIN NAME_VALUE PARAMS_END) - 1);
    }
    ck_assert_uint_eq(record_walk((struct slice){ whole, sizeof(whole) - 1 }).request_bytes,
                      sizeof(whole) - 1);
}
END_TEST

/* The walk must read nothing beyond its bytes, whatever they are: each run has a block of its own,
 * so that a sanitised build sees one byte too many. */
START_TEST(changed_bytes_are_walked_within_their_bounds)
{
    static const char whole[] = WHOLE;
    uint32_t random = 20261121;

    for (int round = 0; round < 20000; round++) {
        AUTO(auto_free) char *copy = malloc(sizeof(whole) - 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, whole, sizeof(whole) - 1);
        for (int change = 0; change < 3; change++) {
            random = random * 1664525u + 1013904223u;
            copy[(random >> 8) % (sizeof(whole) - 1)] = (char)(random >> 24);
        }
        (void)record_walk((struct slice){ copy, sizeof(whole) - 1 });
    }
}
END_TEST

START_TEST(the_head_ends_where_input_begins)
{
    static const char head[] = BEGIN NAME_VALUE PARAMS_END;
    static const char whole[] = WHOLE;

    ck_assert_uint_eq(record_walk((struct slice){ head, sizeof(head) - 1 }).head_bytes,
                      sizeof(head) - 1);
    ck_assert_uint_eq(record_walk((struct slice){ whole, sizeof(whole) - 1 }).head_bytes,
                      sizeof(head) - 1);
    ck_assert_uint_eq(record_walk((struct slice){ whole, sizeof(whole) - 1 }).request_id, 1);
}
END_TEST

static const struct {
    const char *what;
    struct slice bytes;
    enum record_state want;
    const char *body;
} inputs[] = {
    { "nothing yet", BYTES(""), RECORD_PARTIAL, "" },
    { "no body", BYTES(STDIN_END), RECORD_WHOLE, "" },
    { "a body in two records",
      BYTES("\1\5\0\1\0\2\0\0"
            "ab"
            "\1\5\0\1\0\1\3\0"
            "c\0\0\0" STDIN_END),
      RECORD_WHOLE, "abc" },
    { "an end with padding",
      BYTES("\1\5\0\1\0\0\2\0"
            "\0\0"),
      RECORD_WHOLE, "" },
    { "half a record",
      BYTES("\1\5\0\1\0\5\0\0"
            "abc"),
      RECORD_PARTIAL, "abc" },
    { "a second request behind it", BYTES(STDIN_END "\1"), RECORD_BROKEN, "" },
    { "another request's input", BYTES("\1\5\0\2\0\0\0\0"), RECORD_BROKEN, "" },
    { "params", BYTES(PARAMS_END), RECORD_BROKEN, "" },
    { "an abort", BYTES("\1\2\0\1\0\0\0\0"), RECORD_BROKEN, "" },
    { "no records at all", BYTES("xxxxxxxx"), RECORD_BROKEN, "" },
};

/* Whatever way it is cut into pieces. */
START_TEST(input_is_walked_as_it_comes)
{
    for (size_t step = 1; step <= inputs[_i].bytes.length + 1; step++) {
        AUTO(buf_done) struct buf body = { .max_bytes = 16 };
        struct record_input input;

        record_input_init(&input, 1);
        for (size_t at = 0; at < inputs[_i].bytes.length && input.state == RECORD_PARTIAL;
             at += step) {
            size_t left = inputs[_i].bytes.length - at;
            struct slice piece = { inputs[_i].bytes.data + at, left < step ? left : step };

            ck_assert_int_eq(record_input_feed(&input, piece, &body), input.state);
        }
        /* What stands behind the end is seen only together with it. */
        if (step > inputs[_i].bytes.length || inputs[_i].want != RECORD_BROKEN)
            ck_assert_msg(input.state == inputs[_i].want, "%s", inputs[_i].what);
        ck_assert((input.trouble != NULL) == (input.state == RECORD_BROKEN));
        ck_assert_msg(strcmp(buf_text(&body), inputs[_i].body) == 0, "%s", inputs[_i].what);
    }
}
END_TEST

START_TEST(a_body_beyond_its_bound_is_a_failed_buffer)
{
    static const char bytes[] = "\1\5\0\1\0\5\0\0"
                                "abcde" STDIN_END;
    AUTO(buf_done) struct buf body = { .max_bytes = 4 };
    struct record_input input;

    record_input_init(&input, 1);
    ck_assert_int_eq(record_input_feed(&input, (struct slice){ bytes, sizeof(bytes) - 1 }, &body),
                     RECORD_WHOLE);
    ck_assert(!buf_ok(&body));
}
END_TEST

/* Any bytes, in pieces of any size: each piece in a block of its own. */
START_TEST(changed_input_is_walked_within_its_bounds)
{
    static const char whole[] = "\1\5\0\1\0\3\2\0"
                                "abc\0\0" STDIN_END;
    uint32_t random = 20261121;

    for (int round = 0; round < 20000; round++) {
        AUTO(buf_done) struct buf body = { .max_bytes = 64 };
        struct record_input input;
        char bytes[sizeof(whole) - 1];
        size_t at = 0;

        memcpy(bytes, whole, sizeof(bytes));
        for (int change = 0; change < 2; change++) {
            random = random * 1664525u + 1013904223u;
            bytes[(random >> 8) % sizeof(bytes)] = (char)(random >> 24);
        }
        record_input_init(&input, 1);
        while (at < sizeof(bytes) && input.state == RECORD_PARTIAL) {
            size_t step = 1 + (random >> 16) % 9;
            AUTO(auto_free) char *copy = NULL;

            step = step < sizeof(bytes) - at ? step : sizeof(bytes) - at;
            copy = malloc(step);
            ck_assert_ptr_nonnull(copy);
            memcpy(copy, bytes + at, step);
            ck_assert_int_eq(record_input_feed(&input, (struct slice){ copy, step }, &body),
                             input.state);
            at += step;
        }
        ck_assert_uint_le(body.length, sizeof(bytes));
    }
}
END_TEST

START_TEST(the_end_of_input_is_a_record_that_ends_it)
{
    AUTO(buf_done) struct buf body = { .max_bytes = 16 };
    struct record_input input;
    uint8_t end[RECORD_HEADER_BYTES];

    record_end_of_input(0x1234, end);
    record_input_init(&input, 0x1234);
    ck_assert_int_eq(
        record_input_feed(&input, (struct slice){ (const char *)end, sizeof(end) }, &body),
        RECORD_WHOLE);
}
END_TEST

TCase *record_cases(void)
{
    TCase *tcase = tcase_create("record");

    tcase_add_loop_test(tcase, a_walk_tells_whole_partial_and_broken, 0, (int)ARRAY_LENGTH(cases));
    tcase_add_test(tcase, every_beginning_of_a_whole_request_is_partial);
    tcase_add_test(tcase, changed_bytes_are_walked_within_their_bounds);
    tcase_add_test(tcase, the_head_ends_where_input_begins);
    tcase_add_loop_test(tcase, input_is_walked_as_it_comes, 0, (int)ARRAY_LENGTH(inputs));
    tcase_add_test(tcase, a_body_beyond_its_bound_is_a_failed_buffer);
    tcase_add_test(tcase, changed_input_is_walked_within_its_bounds);
    tcase_add_test(tcase, the_end_of_input_is_a_record_that_ends_it);
    return tcase;
}
