/* test_problem.c - module/slo/problem.c */
/* SPDX-License-Identifier: MIT */
#include "slo/problem.h"

#include "base/limits.h"
#include "suite.h"

#include <stdio.h>

static struct arena *arena;
static struct problems *problems;

static void set_up(void)
{
    arena = arena_new(1024 * 1024);
    problems = problems_new();
    ck_assert_ptr_nonnull(problems);
}

static void tear_down(void)
{
    problems_free(&problems);
    arena_free(&arena);
}

static const struct yaml_node *parse(const char *text)
{
    struct yaml_input input = { .file = "a.yaml", .text = slice_of(text), .arena = arena };
    const struct yaml_node *const *documents;
    struct yaml_trouble trouble;
    int count;

    ck_assert_int_eq(yaml_parse(&input, &documents, &count, &trouble), 0);
    return documents[0];
}

START_TEST(a_problem_names_file_line_column_and_field)
{
    struct spot document = spot_of(parse("spec:\n  objectives:\n  - target: 2\n"));
    struct spot spec = spot_key(&document, "spec");
    struct spot list = spot_key(&spec, "objectives");
    struct spot item = spot_item(&list, 0);
    struct spot target = spot_key(&item, "target");
    struct spot absent = spot_key(&item, "op");
    static const char *const wants[] = {
        "a.yaml:3:13: spec.objectives[0].target: must be below 1",
        "a.yaml:3:5: spec.objectives[0].op: is missing",
        "a.yaml:1:1: is odd",
        "b.yaml: No such file",
    };

    problem_add(problems, PROBLEM_ERROR, &target, "must be below %d", 1);
    problem_add(problems, PROBLEM_WARNING, &absent, "is missing");
    problem_add(problems, PROBLEM_ERROR, &document, "is odd");
    problem_add_at(problems, "b.yaml", 0, 0, "No such file");
    for (int i = 0; i < problems_count(problems); i++) {
        AUTO(buf_done) struct buf text;

        buf_init(&text, 256);
        problem_print(problems_at(problems, i), &text);
        ck_assert_str_eq(buf_text(&text), wants[i]);
    }
    ck_assert_int_eq(problems_count(problems), 4);
    ck_assert_int_eq(problems_errors(problems), 3);
    ck_assert_int_eq(problems_warnings(problems), 1);
    ck_assert_ptr_eq(problems_first_error(problems), problems_at(problems, 0));
}
END_TEST

START_TEST(the_same_problem_is_kept_once)
{
    struct spot document = spot_of(parse("a: 1\n"));

    for (int i = 0; i < 3; i++)
        problem_add(problems, PROBLEM_ERROR, &document, "is odd");
    ck_assert_int_eq(problems_errors(problems), 1);
}
END_TEST

START_TEST(problems_beyond_the_bound_are_counted)
{
    for (int i = 0; i < LIMIT_PROBLEMS + 50; i++)
        problem_add_at(problems, "a.yaml", i + 1, 1, "is odd");
    ck_assert_int_eq(problems_count(problems), LIMIT_PROBLEMS);
    ck_assert_int_eq(problems_errors(problems), LIMIT_PROBLEMS + 50);
}
END_TEST

START_TEST(problems_are_json_for_machines)
{
    AUTO(buf_done) struct buf text;

    buf_init(&text, 1024);
    problem_add_at(problems, "a.yaml", 1, 2, "say \"what\"");
    problems_print_json(problems, &text);
    ck_assert_str_eq(buf_text(&text),
                     "[{\"level\": \"error\", \"file\": \"a.yaml\", \"line\": 1, \"column\": 2, "
                     "\"field\": \"\", \"text\": \"say \\\"what\\\"\"}]");
}
END_TEST

TCase *problem_cases(void)
{
    TCase *cases = tcase_create("problem");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_problem_names_file_line_column_and_field);
    tcase_add_test(cases, the_same_problem_is_kept_once);
    tcase_add_test(cases, problems_beyond_the_bound_are_counted);
    tcase_add_test(cases, problems_are_json_for_machines);
    return cases;
}
