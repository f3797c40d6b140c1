/* test_node.c - module/config/node.c */
/* SPDX-License-Identifier: MIT */
#include "config/node.h"

#include "suite.h"

#include <errno.h>
#include <string.h>

struct thing {
    int64_t every_ms;
    int64_t times;
    const char *name;
};

static const struct node_key keys[] = {
    { "every", NODE_DURATION, offsetof(struct thing, every_ms), false, 100, 60000, NULL },
    { "times", NODE_COUNT, offsetof(struct thing, times), false, 1, 9, NULL },
    { "name", NODE_NAME, offsetof(struct thing, name), false, 0, 4, NULL },
    { .name = NULL },
};

static struct arena *arena;

static int read_thing(const char *text, struct thing *thing, struct error *err)
{
    struct yaml_input input = { .file = "a.yaml", .text = slice_of(text), .arena = arena };
    struct yaml_trouble trouble;
    const struct yaml_node *const *documents;
    int count;

    ck_assert_int_eq(yaml_parse(&input, &documents, &count, &trouble), 0);
    return node_read(&(struct node){ documents[0], "" }, keys, thing, arena, err);
}

static void set_up(void)
{
    arena = arena_new(1 << 20);
}

static void tear_down(void)
{
    arena_free(&arena);
}

START_TEST(node_reads_durations_and_counts_and_leaves_the_rest)
{
    struct thing thing = { .name = "kept" };
    struct error err = { .code = 0 };

    ck_assert_int_eq(read_thing("{every: 1.5s, times: 3}", &thing, &err), 0);
    ck_assert_int_eq(thing.every_ms, 1500);
    ck_assert_int_eq(thing.times, 3);
    ck_assert_str_eq(thing.name, "kept");
}
END_TEST

START_TEST(node_says_what_is_accepted)
{
    static const char *const cases[][2] = {
        { "every: 5", "" },
        { "every: 1h",
          "a.yaml:1:8: every: expected a duration such as 500ms, 5s or 2m, from 100 ms "
          "to 1 min" },
        { "every: soon", "expected a duration" },
        { "times: 0", "a.yaml:1:8: times: expected a whole number from 1 to 9" },
        { "times: -1", "expected a whole number" },
        { "times: [1]", "expected a whole number" },
        { "name: abcde", "name: expected at most 4 bytes" },
        { "name: a/b", "expected letters" },
        { "nam: b", "did you mean name?" },
    };
    struct thing thing = { .name = NULL };
    struct error err = { .code = 0 };
    int code = read_thing(cases[_i][0], &thing, &err);

    ck_assert_int_eq(code, cases[_i][1][0] == '\0' ? 0 : -EINVAL);
    ck_assert_msg(strstr(err.text, cases[_i][1]) != NULL, "%s", err.text);
}
END_TEST

TCase *node_cases(void)
{
    TCase *cases = tcase_create("node");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, node_reads_durations_and_counts_and_leaves_the_rest);
    tcase_add_loop_test(cases, node_says_what_is_accepted, 0, 9);
    return cases;
}
