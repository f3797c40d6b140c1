/* test_plan.c - module/ledger/plan.c */
/* SPDX-License-Identifier: MIT */
#include "ledger/plan.h"

#include "base/auto.h"
#include "suite.h"

#include <errno.h>

START_TEST(targets_are_read_as_revisions)
{
    static const struct {
        enum plan_direction direction;
        const char *target;
        struct plan_range range;
        int want;
    } cases[] = {
        { PLAN_UP, NULL, { 0, 5 }, 5 },          { PLAN_UP, "head", { 2, 5 }, 5 },
        { PLAN_UP, "+1", { 2, 5 }, 3 },          { PLAN_UP, "0004", { 2, 5 }, 4 },
        { PLAN_UP, "4", { 4, 5 }, 4 },           { PLAN_UP, "+4", { 2, 5 }, -EINVAL },
        { PLAN_UP, "+0", { 2, 5 }, -EINVAL },    { PLAN_UP, "1", { 2, 5 }, -EINVAL },
        { PLAN_UP, "-1", { 2, 5 }, -EINVAL },    { PLAN_UP, "6", { 2, 5 }, -EINVAL },
        { PLAN_UP, "", { 2, 5 }, -EINVAL },      { PLAN_UP, "+", { 2, 5 }, -EINVAL },
        { PLAN_UP, "soon", { 2, 5 }, -EINVAL },  { PLAN_DOWN, NULL, { 3, 5 }, 2 },
        { PLAN_DOWN, "base", { 3, 5 }, 0 },      { PLAN_DOWN, "-3", { 3, 5 }, 0 },
        { PLAN_DOWN, "-4", { 3, 5 }, -EINVAL },  { PLAN_DOWN, "1", { 3, 5 }, 1 },
        { PLAN_DOWN, "4", { 3, 5 }, -EINVAL },   { PLAN_DOWN, "+1", { 3, 5 }, -EINVAL },
        { PLAN_STAMP, "base", { 3, 5 }, 0 },     { PLAN_STAMP, "head", { 3, 5 }, 5 },
        { PLAN_STAMP, "2", { 3, 5 }, 2 },        { PLAN_STAMP, "+1", { 3, 5 }, -EINVAL },
        { PLAN_STAMP, "-1", { 3, 5 }, -EINVAL },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err = { 0 };

        ck_assert_int_eq(plan_target(cases[i].direction, cases[i].target, cases[i].range, &err),
                         cases[i].want);
        ck_assert_int_eq(err.code, cases[i].want < 0 ? EINVAL : 0);
    }
}
END_TEST

TCase *plan_cases(void)
{
    TCase *cases = tcase_create("plan");

    tcase_add_test(cases, targets_are_read_as_revisions);
    return cases;
}
