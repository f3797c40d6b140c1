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

    ck_assert(feed_continues(&seen, &(struct feed){ same, 2, true }));
    ck_assert(feed_continues(&seen, &(struct feed){ more, 4, true }));
    ck_assert(!feed_continues(&seen, &(struct feed){ back, 2, true }));
    ck_assert(!feed_continues(&seen, &(struct feed){ gone, 1, true }));
    ck_assert(!feed_continues(&(struct feed){ 0 }, &(struct feed){ same, 2, true }));
}
END_TEST

START_TEST(a_feed_names_only_the_files_that_moved)
{
    struct feed_file before[] = { file('b', 100), file('d', 200) };
    struct feed_file after[] = { file('a', 0), file('b', 150), file('d', 200) };
    struct feed seen = { before, 2, true };
    struct buf ids;
    struct buf offsets;

    buf_init(&ids, 1000);
    buf_init(&offsets, 1000);
    ck_assert_int_eq(feed_changes(&seen, &(struct feed){ after, 3, true }, &ids, &offsets), 2);
    ck_assert_str_eq(buf_text(&ids), "{\"\\\\x61000000000000000000000000000000\","
                                     "\"\\\\x62000000000000000000000000000000\"}");
    ck_assert_str_eq(buf_text(&offsets), "{-1,100}");
    ck_assert_int_eq(feed_changes(&seen, &seen, &ids, &offsets), 0);
    buf_done(&ids);
    buf_done(&offsets);
}
END_TEST

TCase *feed_cases(void)
{
    TCase *cases = tcase_create("feed");

    tcase_add_test(cases, a_feed_breaks_when_a_file_goes_back_or_away);
    tcase_add_test(cases, a_feed_names_only_the_files_that_moved);
    return cases;
}
