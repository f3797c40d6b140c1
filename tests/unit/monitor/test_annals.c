/* test_annals.c - module/monitor/annals.c */
/* SPDX-License-Identifier: MIT */
#include "monitor/annals.h"

#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct annals annals;

static void begin(void)
{
    annals = (struct annals){ 0 };
}

static void end(void)
{
    annals_done(&annals);
}

static struct history *open_number(int number, int64_t now_ms)
{
    char name[16];

    (void)snprintf(name, sizeof(name), "check-%d", number);
    return annals_open(&annals, name, now_ms);
}

START_TEST(annals_know_a_check_again_by_its_name)
{
    struct history *history = annals_open(&annals, "redis", 1000);

    ck_assert_ptr_nonnull(history);
    ck_assert_str_eq(history->name, "redis");
    history->lasted_ms = 5;
    annals_close(history);
    annals_close(NULL);
    ck_assert_ptr_ne(annals_open(&annals, "database", 2000), history);
    ck_assert_ptr_eq(annals_open(&annals, "redis", 3000), history);
    ck_assert_int_eq(history->lasted_ms, 2005);
    ck_assert_int_eq(annals.count, 2);
}
END_TEST

START_TEST(annals_have_no_room_for_a_name_that_is_too_long)
{
    char name[HISTORY_NAME_BYTES + 1];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_ptr_null(annals_open(&annals, name, 0));
    name[HISTORY_NAME_BYTES - 1] = '\0';
    ck_assert_ptr_nonnull(annals_open(&annals, name, 0));
}
END_TEST

START_TEST(annals_let_go_who_was_not_looked_at_for_longest)
{
    for (int i = 0; i < LIMIT_HISTORIES; i++) {
        struct history *history = open_number(i, 1000 + i);

        if (i >= LIMIT_CHECKS)
            annals_close(history);
    }
    for (int i = 0; i < 5; i++)
        annals_close(open_number(1000 + i, 5000));
    ck_assert_int_eq(annals.count, LIMIT_HISTORIES);
    for (int i = 0; i < annals.count; i++) {
        int number = 0;

        ck_assert_int_eq(sscanf(annals.items[i]->name, "check-%d", &number), 1);
        ck_assert(number < LIMIT_CHECKS || number >= LIMIT_CHECKS + 5);
    }
}
END_TEST

START_TEST(annals_forget_after_thirty_days_who_is_gone)
{
    (void)open_number(1, 0);
    annals_close(open_number(2, 0));
    annals_close(open_number(3, 1));
    annals_forget(&annals, 30 * DAY_MS);
    ck_assert_int_eq(annals.count, 3);
    annals_forget(&annals, 30 * DAY_MS + 1);
    ck_assert_int_eq(annals.count, 2);
    ck_assert_int_eq(annals.items[0]->open, true);
}
END_TEST

START_TEST(annals_take_in_what_was_kept_elsewhere)
{
    struct history before = { .name = "redis", .judged = true, .judged_at_ms = 500, .open = true };
    struct history *live = annals_open(&annals, "redis", 1000);

    before.status = CHECK_ERROR;
    ck_assert_int_eq(annals_continue(&annals, &before), 0);
    ck_assert_int_eq(live->status, CHECK_ERROR);
    ck_assert_int_eq(live->lasted_ms, 500);
    ck_assert(live->open);
    memcpy(before.name, "gone", 5);
    ck_assert_int_eq(annals_continue(&annals, &before), 0);
    ck_assert_int_eq(annals.count, 2);
    ck_assert(!annals.items[1]->open);
}
END_TEST

START_TEST(annals_without_memory_stay_what_they_are)
{
    struct history before = { .name = "redis", .judged = true };

    malloc_fail_at(0);
    ck_assert_ptr_null(annals_open(&annals, "redis", 0));
    malloc_fail_at(0);
    ck_assert_int_eq(annals_continue(&annals, &before), -ENOMEM);
    malloc_fail_at(-1);
    ck_assert_int_eq(annals.count, 0);
}
END_TEST

TCase *annals_cases(void)
{
    TCase *cases = tcase_create("annals");

    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, annals_know_a_check_again_by_its_name);
    tcase_add_test(cases, annals_have_no_room_for_a_name_that_is_too_long);
    tcase_add_test(cases, annals_let_go_who_was_not_looked_at_for_longest);
    tcase_add_test(cases, annals_forget_after_thirty_days_who_is_gone);
    tcase_add_test(cases, annals_take_in_what_was_kept_elsewhere);
    tcase_add_test(cases, annals_without_memory_stay_what_they_are);
    return cases;
}
