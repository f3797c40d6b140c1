/* test_redis_commands.c - module/probe/redis_commands.c */
/* SPDX-License-Identifier: MIT */
#include "probe/redis_commands.h"

#include "suite.h"

#include <stdio.h>

START_TEST(commands_are_counted_by_name)
{
    struct redis_facts facts = { 0 };

    redis_commands_parse(SLICE("# Commandstats\r\ncmdstat_get:calls=21,usec=175\r\n"
                               "cmdstat_config|get:calls=2,usec=1\r\ncmdstat_bad:calls=x\r\n"
                               "cmdstat_cut:ca"),
                         &facts);
    ck_assert_int_eq(facts.command_count, 2);
    ck_assert_str_eq(facts.commands[0].name, "get");
    ck_assert_uint_eq(facts.commands[0].calls, 21);
    ck_assert_str_eq(facts.commands[1].name, "config|get");
}
END_TEST

START_TEST(a_command_keeps_its_place_whatever_the_order_is)
{
    struct redis_facts facts = { 0 };

    redis_commands_parse(SLICE("cmdstat_get:calls=1,\ncmdstat_set:calls=2,\n"), &facts);
    redis_commands_parse(
        SLICE("cmdstat_set:calls=3,\ncmdstat_del:calls=1,\ncmdstat_get:calls=4,\n"), &facts);
    ck_assert_str_eq(facts.commands[0].name, "get");
    ck_assert_uint_eq(facts.commands[0].calls, 4);
    ck_assert_str_eq(facts.commands[1].name, "set");
    ck_assert_uint_eq(facts.commands[1].calls, 3);
    ck_assert_str_eq(facts.commands[2].name, "del");
}
END_TEST

START_TEST(commands_without_a_place_are_summed)
{
    struct redis_facts facts = { 0 };
    char text[8192] = "";
    size_t length = 0;

    for (int i = 0; i < LIMIT_REDIS_COMMANDS + 9; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   "cmdstat_c%d:calls=1,usec=1\r\n", i);
    redis_commands_parse((struct slice){ text, length }, &facts);
    ck_assert_int_eq(facts.command_count, LIMIT_REDIS_COMMANDS - 1);
    ck_assert_str_eq(facts.commands[LIMIT_REDIS_COMMANDS - 1].name, "other");
    ck_assert_uint_eq(facts.commands[LIMIT_REDIS_COMMANDS - 1].calls, 10);
}
END_TEST

TCase *redis_commands_cases(void)
{
    TCase *cases = tcase_create("redis_commands");

    tcase_add_test(cases, commands_are_counted_by_name);
    tcase_add_test(cases, a_command_keeps_its_place_whatever_the_order_is);
    tcase_add_test(cases, commands_without_a_place_are_summed);
    return cases;
}
