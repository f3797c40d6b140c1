/* test_groups.c - module/config/groups.c */
/* SPDX-License-Identifier: MIT */
#include "config/groups.h"

#include "environment.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

enum {
    LIVENESS = 1 << GROUP_LIVENESS,
    READINESS = 1 << GROUP_READINESS,
    STARTUP = 1 << GROUP_STARTUP,
};

static void collect(void *context, enum log_level level, const char *sentence)
{
    (void)level;
    buf_printf(context, "%s\n", sentence);
}

START_TEST(groups_are_three_and_those_that_somebody_names)
{
    AUTO(config_release)
    const struct config *config = environment_load_checks("- {name: a, url: 'tcp://h:1'}\n"
                                                          "- {name: b, url: 'tcp://h:1', groups: "
                                                          "[orders, startup, money]}\n"
                                                          "- {name: c, url: 'tcp://h:1', groups: "
                                                          "[money]}\n"
                                                          "- {name: app, url: 'http://h', groups: "
                                                          "[orders]}\n",
                                                          NULL);

    ck_assert_int_eq(config->group_count, 5);
    ck_assert_str_eq(config->groups[0], "liveness");
    ck_assert_str_eq(config->groups[1], "readiness");
    ck_assert_str_eq(config->groups[2], "startup");
    /* In the order in which checks are answered for: app is the first. */
    ck_assert_str_eq(config->groups[3], "orders");
    ck_assert_str_eq(config->groups[4], "money");
    ck_assert_uint_eq(config_check(config, "a")->groups, READINESS);
    ck_assert_uint_eq(config_check(config, "b")->groups, 1 << 3 | STARTUP | 1 << 4);
    ck_assert_uint_eq(config_check(config, "c")->groups, 1 << 4);
    ck_assert_uint_eq(config_check(config, "app")->groups, LIVENESS | READINESS | STARTUP | 1 << 3);
}
END_TEST

START_TEST(groups_are_at_most_thirty_two)
{
    char yaml[4096] = "- {name: a, url: 'tcp://h:1', groups: [g0";
    size_t length = strlen(yaml);

    for (int i = 1; i < LIMIT_GROUPS - GROUP_NAMED; i++)
        length += (size_t)snprintf(yaml + length, sizeof(yaml) - length, ", g%d", i);
    {
        char whole[4200];

        (void)snprintf(whole, sizeof(whole), "%s]}", yaml);
        AUTO(config_release) const struct config *config = environment_load_checks(whole, NULL);

        ck_assert_int_eq(config->group_count, LIMIT_GROUPS);
        ck_assert_uint_eq(config->checks[0].groups, ~0U << GROUP_NAMED);
        (void)snprintf(whole, sizeof(whole), "%s, more]}", yaml);
        ck_assert_ptr_nonnull(
            strstr(environment_refuse_checks(whole), "groups: expected at most 32 in all"));
    }
}
END_TEST

START_TEST(groups_that_restart_the_fleet_for_a_dependency_are_warned_of)
{
    static const char *const env[] = { "PROBITY_APP", "http://h", NULL };
    AUTO(config_release)
    const struct config *config =
        environment_load_checks("- {name: a, url: 'tcp://h:1', groups: [liveness]}", env);
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 10000);
    config_diagnose(config, collect, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "check a is in the group liveness"));
    ck_assert_ptr_null(strstr(buf_text(&buf), "check app is in the group"));
}
END_TEST

TCase *groups_cases(void)
{
    TCase *cases = tcase_create("groups");

    tcase_add_test(cases, groups_are_three_and_those_that_somebody_names);
    tcase_add_test(cases, groups_are_at_most_thirty_two);
    tcase_add_test(cases, groups_that_restart_the_fleet_for_a_dependency_are_warned_of);
    return cases;
}
