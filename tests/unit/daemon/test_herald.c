/* test_herald.c - what the service manager is told in words. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "daemon/herald.h"

#include "suite.h"

START_TEST(words_begin_with_the_verdict_and_name_what_is_not_ok)
{
    static const struct {
        const char *page;
        const char *want;
    } cases[] = {
        { "[+]app ok\n[+]database ok\nready\n", "ready" },
        { "[+]app ok\n[-]database connection refused\nnot_ready\n",
          "not_ready; database: connection refused" },
        { "[-]app timeout after 1000 ms\n[+]redis degraded: slow\n[-]celery starting\nnot_ready\n",
          "not_ready; app: timeout after 1000 ms; redis: degraded: slow; celery: starting" },
        { "not_ready: no check is configured: set DATABASE_URL\n",
          "not_ready: no check is configured: set DATABASE_URL" },
        { "[+]app ok\ndraining: told to end (SIGTERM)\n", "draining: told to end (SIGTERM)" },
        { "[+]app\nready", "ready; app: " }, /* a line without a word */
        { "\n", "" },
        { "", "" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf words = { .max_bytes = 256 };

        herald_words(slice_of(cases[i].page), &words);
        ck_assert_str_eq(buf_text(&words), cases[i].want);
    }
}
END_TEST

START_TEST(words_end_where_there_is_no_room)
{
    AUTO(buf_done) struct buf words = { .max_bytes = 24 };

    herald_words(SLICE("[-]a broken\n[-]b broken as well\nnot_ready\n"), &words);
    ck_assert_str_eq(buf_text(&words), "not_ready; a: broken; b");
    ck_assert(!buf_ok(&words));
}
END_TEST

TCase *herald_cases(void)
{
    TCase *cases = tcase_create("herald");

    tcase_add_test(cases, words_begin_with_the_verdict_and_name_what_is_not_ok);
    tcase_add_test(cases, words_end_where_there_is_no_room);
    return cases;
}
