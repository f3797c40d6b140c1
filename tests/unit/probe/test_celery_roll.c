/* test_celery_roll.c - module/probe/celery_roll.c */
/* SPDX-License-Identifier: MIT */
#include "probe/celery_roll.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

/* Who answered and who is bound, as texts that end in NULL. */
static struct celery_roll *call(const char *wanted, const char *const *answered,
                                const char *const *bound)
{
    struct celery_roll *roll = calloc(1, sizeof(*roll));
    char member[256];

    ck_assert_ptr_nonnull(roll);
    roll->wanted = wanted;
    for (; *answered != NULL; answered++)
        (void)celery_roll_answer(roll, *answered);
    for (; *bound != NULL; bound++) {
        (void)snprintf(member, sizeof(member), PIDBOX_SEPARATOR PIDBOX_SEPARATOR "%s.celery.pidbox",
                       *bound);
        celery_roll_bound(roll, slice_of(member));
    }
    return roll;
}

#define LIST(...)         \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

START_TEST(only_a_wanted_worker_is_found)
{
    static const struct {
        const char *wanted;
        const char *found;
    } cases[] = {
        { "celery@b", "celery@b" },
        { "@b", "celery@b" },
        { NULL, "celery@a" },
        { "celery@c", "" },
        { "@", "" },
        { "elery@b", "" },
        { "@B", "" },
        { "celery@bb", "" },
        { "b", "" },
        { "mail@b", "mail@b" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct celery_roll *roll =
            call(cases[i].wanted, LIST("celery@a", "celery@b", "mail@b"), LIST(NULL));

        ck_assert_str_eq(roll->found, cases[i].found);
        free(roll);
    }
}
END_TEST

START_TEST(a_silent_worker_is_busy_only_if_it_is_certainly_subscribed)
{
    static const struct {
        const char *wanted;
        const char *answered[3];
        const char *bound[4];
        int64_t silent; /* subscribed ones that did not answer */
        bool busy;
    } cases[] = {
        { "w@a", { NULL }, { "w@a" }, 1, true },
        { "@a", { NULL }, { "w@a" }, 1, true },
        { "w@a", { "w@b" }, { "w@a", "w@b" }, 1, true },
        { "w@a", { "w@b" }, { "w@a", "w@b" }, 0, false }, /* killed: only its binding is left */
        { "w@a", { "w@b" }, { "w@b" }, 1, false },
        { "w@a", { NULL }, { "w@a", "w@b" }, 2, true },
        { "w@a", { NULL }, { "w@a", "w@b" }, 1, false }, /* it is one of the two */
        { "w@a", { NULL }, { "w@a", "w@b" }, 3, true },
        { "w@a", { NULL }, { NULL }, 1, false }, /* nobody may look at the bindings */
        { NULL, { NULL }, { NULL }, 1, true },
        { NULL, { NULL }, { "w@a" }, 0, false },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct celery_roll *roll = call(cases[i].wanted, cases[i].answered, cases[i].bound);

        ck_assert_msg(celery_roll_is_busy(roll, cases[i].silent) == cases[i].busy, "case %zu", i);
        free(roll);
    }
}
END_TEST

START_TEST(a_binding_that_cannot_be_read_may_be_anybodys)
{
    static const char *const members[] = { "", "x", "\x06\x16\x06\x16",
                                           "\x06\x16\x06\x16.celery.pidbox",
                                           "\x06\x16\x06\x16w@b" };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct celery_roll *roll = call("w@a", LIST(NULL), LIST("w@a"));

        ck_assert(celery_roll_is_busy(roll, 1));
        celery_roll_bound(roll, slice_of(members[i]));
        ck_assert_msg(!celery_roll_is_busy(roll, 1), "member %zu", i);
        ck_assert(celery_roll_is_busy(roll, 2));
        free(roll);
    }
}
END_TEST

START_TEST(of_too_many_workers_silence_says_nothing)
{
    struct celery_roll *roll = call("w@a", LIST(NULL), LIST(NULL));
    char node[32];

    for (int i = 0; i <= CELERY_ROLL_NODES; i++) {
        (void)snprintf(node, sizeof(node), "w@n%d", i);
        ck_assert(!celery_roll_answer(roll, node));
    }
    celery_roll_bound(roll, SLICE(PIDBOX_SEPARATOR PIDBOX_SEPARATOR "w@a.celery.pidbox"));
    ck_assert(!celery_roll_is_busy(roll, 9));
    ck_assert(celery_roll_answer(roll, "w@a"));
    ck_assert_str_eq(roll->found, "w@a");
    free(roll);
}
END_TEST

TCase *celery_roll_cases(void)
{
    TCase *cases = tcase_create("celery_roll");

    tcase_add_test(cases, only_a_wanted_worker_is_found);
    tcase_add_test(cases, a_silent_worker_is_busy_only_if_it_is_certainly_subscribed);
    tcase_add_test(cases, a_binding_that_cannot_be_read_may_be_anybodys);
    tcase_add_test(cases, of_too_many_workers_silence_says_nothing);
    return cases;
}
