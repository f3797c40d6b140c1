/* test_cue.c - module/serve/cue.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/cue.h"

#include "suite.h"

#include <signal.h>
#include <string.h>

START_TEST(cue_names_the_signal_that_ended_somebody)
{
    char words[CUE_STATUS_BYTES];

    ck_assert_str_eq(cue_status(0, words), "0");
    ck_assert_str_eq(cue_status(3, words), "3");
    ck_assert_str_eq(cue_status(128 + SIGKILL, words), "137 (Killed)");
    ck_assert_str_eq(cue_status(255, words), "255");
}
END_TEST

START_TEST(cue_adds_actions_in_their_order_and_cuts_what_is_too_long)
{
    struct conductor_actions actions = { .count = 0 };
    char text[1000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    cue_signal(&actions, CHILD_NGINX, SIGQUIT);
    cue_say(&actions, LOG_LEVEL_ERROR, "%s", text);
    cue_finish(&actions, 7);
    ck_assert_int_eq(actions.count, 3);
    ck_assert_int_eq(actions.list[0].child, CHILD_NGINX);
    ck_assert_int_eq(actions.list[0].number, SIGQUIT);
    ck_assert_uint_eq(strlen(actions.list[1].text), CONDUCTOR_TEXT_BYTES - 1);
    ck_assert_int_eq(actions.list[2].number, 7);
}
END_TEST

TCase *cue_cases(void)
{
    TCase *cases = tcase_create("cue");

    tcase_add_test(cases, cue_names_the_signal_that_ended_somebody);
    tcase_add_test(cases, cue_adds_actions_in_their_order_and_cuts_what_is_too_long);
    return cases;
}
