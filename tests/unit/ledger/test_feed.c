/* test_feed.c - module/ledger/feed.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/feed.h"

#include "suite.h"

static struct feed_file file(char name, int64_t offset)
{
    struct feed_file made = { .offset = offset };

    made.file.bytes[0] = (unsigned char)name;
    return made;
}

START_TEST(a_feed_breaks_when_a_file_goes_back_or_away)
{
    struct feed_file before[] = { file('b', 100), file('d', 200) };
    struct feed seen = { before, 2, true };
    struct feed_file same[] = { file('b', 100), file('d', 200) };
    struct feed_file more[] = { file('a', 1), file('b', 150), file('c', 0), file('d', 200) };
    struct feed_file back[] = { file('b', 99), file('d', 300) };
    struct feed_file gone[] = { file('d', 300) };

    ck_assert(feed_continues(&seen, &(struct feed){ same, 2, true }, 0));
    ck_assert(feed_continues(&seen, &(struct feed){ more, 4, true }, 0));
    ck_assert(!feed_continues(&seen, &(struct feed){ back, 2, true }, 0));
    ck_assert(!feed_continues(&seen, &(struct feed){ gone, 1, true }, 0));
    ck_assert(!feed_continues(&(struct feed){ 0 }, &(struct feed){ same, 2, true }, 0));
    /* Left long ago: retention took it. */
    ck_assert(feed_continues(&seen, &(struct feed){ gone, 1, true }, 1));
}
END_TEST

START_TEST(a_feed_names_only_the_files_that_moved)
{
    struct feed_file before[] = { file('b', 100), file('d', 200) };
    struct feed_file after[] = { file('a', 0), file('b', 150), file('d', 200), file('b', 7) };
    struct feed seen = { before, 2, true };
    struct feed_changes changes;

    after[3].service = 4; /* the same file holds events of another service */
    buf_init(&changes.services, 1000);
    buf_init(&changes.ids, 1000);
    buf_init(&changes.offsets, 1000);
    ck_assert_int_eq(feed_list_changes(&seen, &(struct feed){ after, 4, true }, &changes), 3);
    ck_assert_str_eq(buf_text(&changes.services), "{1,1,5}");
    ck_assert_str_eq(buf_text(&changes.ids), "{\"\\\\x61000000000000000000000000000000\","
                                             "\"\\\\x62000000000000000000000000000000\","
                                             "\"\\\\x62000000000000000000000000000000\"}");
    ck_assert_str_eq(buf_text(&changes.offsets), "{-1,100,-1}");
    ck_assert_int_eq(feed_list_changes(&seen, &seen, &changes), 0);
    buf_done(&changes.services);
    buf_done(&changes.ids);
    buf_done(&changes.offsets);
}
END_TEST

START_TEST(a_file_for_which_more_is_counted_marks_its_service)
{
    struct feed_file before[] = { file('b', 100), file('d', 200), file('d', 200) };
    struct feed_file after[] = { file('b', 100), file('d', 200), file('a', 1), file('d', 200) };
    struct feed seen = { before, 3, true };
    bool grown[4] = { false };

    before[1].service = after[1].service = 1;
    before[2].service = after[3].service = 2;
    after[2].service = 2; /* a new file has grown from nothing: its rows have their stamps */
    after[2].counted = 9;
    feed_mark_grown(&seen, &(struct feed){ after, 4, true }, grown);
    ck_assert(!grown[0] && !grown[1] && !grown[2]);
    after[1].counted = 1;
    feed_mark_grown(&seen, &(struct feed){ after, 4, true }, grown);
    ck_assert(!grown[0] && grown[1] && !grown[2]);
}
END_TEST

START_TEST(a_copy_of_a_feed_stands_for_itself)
{
    struct feed_file files[] = { file('b', 100) };
    struct feed seen = { files, 1, true };
    struct feed copy = { 0 };

    ck_assert_int_eq(feed_copy(&seen, &copy), 0);
    files[0].offset = 99;
    ck_assert(!feed_continues(&copy, &seen, 0));
    feed_done(&copy);
    malloc_fail_at(0);
    ck_assert_int_lt(feed_copy(&seen, &copy), 0);
    malloc_fail_at(-1);
    ck_assert_ptr_null(copy.files);
}
END_TEST

TCase *feed_cases(void)
{
    TCase *cases = tcase_create("feed");

    tcase_add_test(cases, a_feed_breaks_when_a_file_goes_back_or_away);
    tcase_add_test(cases, a_feed_names_only_the_files_that_moved);
    tcase_add_test(cases, a_file_for_which_more_is_counted_marks_its_service);
    tcase_add_test(cases, a_copy_of_a_feed_stands_for_itself);
    return cases;
}
