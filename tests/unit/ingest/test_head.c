/* test_head.c - module/ingest/head.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/head.h"

#include "suite.h"

#include "base/limits.h"

#include <errno.h>
#include <string.h>

#define LINE                                                                                    \
    "10.0.0.1 - - [21/Nov/2026:12:04:05 +0000] \"GET / HTTP/1.1\" 200 12 \"-\" \"kube-probe\" " \
    "0.001"

static struct head head_with(const struct source_config *source, const char *text)
{
    struct head head = { .source = source };

    ck_assert_int_eq(head_of(slice_of(text), 7, &head), 0);
    return head;
}

static bool same(const struct head *a, const struct head *b)
{
    return memcmp(a->id.bytes, b->id.bytes, sizeof(a->id.bytes)) == 0;
}

START_TEST(head_of_one_line_in_two_logs_is_the_same_file_unless_the_path_counts)
{
    struct source_config a = { .path = "/a/access.log", .format = SOURCE_COMBINED };
    struct source_config b = { .path = "/b/access.log", .format = SOURCE_COMBINED };
    struct head first = head_with(&a, LINE "\n");
    struct head second = head_with(&b, LINE "\nmore\n");

    ck_assert(same(&first, &second));
    a.file_id = SOURCE_PATH;
    b.file_id = SOURCE_PATH;
    first = head_with(&a, LINE "\n");
    second = head_with(&b, LINE "\nmore\n");
    ck_assert(!same(&first, &second));
    second = head_with(&a, LINE "\nmore\n"); /* rotated, or a copy */
    ck_assert(same(&first, &second));
}
END_TEST

START_TEST(head_has_the_time_of_the_first_line_in_the_sources_format)
{
    struct source_config combined = { .path = "x", .format = SOURCE_COMBINED };
    struct head head = head_with(&combined, "garbage\n" LINE "\n");

    ck_assert_int_eq(head.first_ms, INT64_C(1795262645000));
    head = head_with(NULL, LINE "\n");
    ck_assert_int_eq(head.first_ms, 7);
}
END_TEST

START_TEST(head_needs_a_whole_line_or_enough_of_one)
{
    static char text[LIMIT_FILE_HEAD_BYTES + 1];
    struct head head = { .source = NULL };

    ck_assert_int_eq(head_of(SLICE(""), 0, &head), -EAGAIN);
    ck_assert_int_eq(head_of(SLICE(LINE), 0, &head), -EAGAIN);
    memset(text, 'x', LIMIT_FILE_HEAD_BYTES);
    ck_assert_int_eq(head_of(slice_of(text), 0, &head), 0);
    ck_assert_int_eq(head.bytes, LIMIT_FILE_HEAD_BYTES);
}
END_TEST

TCase *head_cases(void)
{
    TCase *cases = tcase_create("head");

    tcase_add_test(cases, head_of_one_line_in_two_logs_is_the_same_file_unless_the_path_counts);
    tcase_add_test(cases, head_has_the_time_of_the_first_line_in_the_sources_format);
    tcase_add_test(cases, head_needs_a_whole_line_or_enough_of_one);
    return cases;
}
