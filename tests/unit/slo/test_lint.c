/* test_lint.c - module/slo/lint.c: what each rule of the built-in objectives needs to fire. */
/* SPDX-License-Identifier: MIT */
#include "slo/lint.h"

#include "suite.h"

#include <stdio.h>

enum { MONTH = 43200, DAY = 1440, RULES = RULE_DEFAULT_COUNT };

static struct fraction number(const char *text)
{
    struct fraction value;

    ck_assert(fraction_parse(slice_of(text), &value));
    return value;
}

static struct objective objective_of(const char *target, int32_t window_minutes,
                                     struct alert_rule rules[RULES])
{
    struct objective objective = {
        .name = "app-availability",
        .service = "app",
        .target = number(target),
        .window_minutes = window_minutes,
        .rules = rules,
        .rule_count = RULES,
    };

    (void)snprintf(objective.target_text, sizeof(objective.target_text), "%s", target);
    rule_defaults(window_minutes, rules);
    return objective;
}

START_TEST(the_detection_table_of_the_built_in_objectives_is_the_workbooks)
{
    static const struct {
        const char *target;
        const char *share[3]; /* of bad events: fast, slow, ticket */
        const char *detect_s[3];
    } cases[] = {
        { "0.999", { "0.0144", "0.006", "0.001" }, { "51.84", "129.6", "259.2" } },
        { "0.99", { "0.144", "0.06", "0.01" }, { "518.4", "1296", "2592" } },
        { "0.95", { "0.72", "0.3", "0.05" }, { "2592", "6480", "12960" } },
    };
    static const char *const used[3] = { "0.02", "0.05", "0.1" };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_rule rules[RULES];
        struct objective objective = objective_of(cases[i].target, MONTH, rules);
        struct lint_row rows[RULES];

        ck_assert_int_eq(lint_rules(&objective, rows, RULES), RULES);
        for (int j = 0; j < 3; j++) {
            ck_assert_uint_eq(rows[j].flaws, 0);
            ck_assert(fraction_compare(rows[j].error_share, number(cases[i].share[j])) == 0);
            ck_assert(fraction_compare(rows[j].detect_s, number(cases[i].detect_s[j])) == 0);
            ck_assert(fraction_compare(rows[j].budget_used, number(used[j])) == 0);
        }
        ck_assert_uint_eq(lint_objective(&objective), 0);
    }
}
END_TEST

/* A threshold f can be reached only at 1/(1-T) above it: 14.4 needs T > 93.0556 %. */
START_TEST(a_threshold_that_even_a_full_outage_does_not_reach_is_called_so)
{
    static const struct {
        const char *target;
        bool reachable[3];
    } cases[] = {
        { "0.9", { false, true, true } },     { "0.93", { false, true, true } },
        { "0.9306", { true, true, true } },   { "0.8", { false, false, true } },
        { "0.83", { false, false, true } },   { "0.8334", { false, true, true } },
        { "0", { false, false, false } },     { "0.5", { false, false, true } },
        { "0.999999", { true, true, true } },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct alert_rule rules[RULES];
        struct objective objective = objective_of(cases[i].target, MONTH, rules);
        struct lint_row rows[RULES];

        (void)lint_rules(&objective, rows, RULES);
        for (int j = 0; j < 3; j++) {
            ck_assert_msg(((rows[j].flaws & LINT_UNREACHABLE) == 0) == cases[i].reachable[j],
                          "row %zu, rule %d", i, j);
            ck_assert((rows[j].detect_s.numerator >= 0) == cases[i].reachable[j]);
        }
    }
}
END_TEST

START_TEST(every_flaw_of_a_rule_is_found)
{
    struct alert_rule rules[RULES];
    struct objective objective = objective_of("0.999", 2 * DAY, rules);
    struct lint_row rows[RULES];

    rules[0].short_minutes = 60;
    rules[3].clears_at = number("0.1");
    objective.budgeting = BUDGETING_TIMESLICES;
    objective.slice_minutes = 10;
    (void)lint_rules(&objective, rows, RULES);
    ck_assert_uint_eq(rows[0].flaws, LINT_SHORT_IS_LONG);
    ck_assert_uint_eq(rows[1].flaws, 0);
    ck_assert_uint_eq(rows[2].flaws, LINT_BEYOND_WINDOW);
    ck_assert_uint_eq(rows[3].flaws, LINT_NEVER_CLEARS);
    rules[1].short_minutes = 5;
    (void)lint_rules(&objective, rows, RULES);
    ck_assert_uint_eq(rows[1].flaws, LINT_BELOW_SLICE);
    ck_assert_int_eq(lint_rules(&objective, rows, 1), 1);
}
END_TEST

START_TEST(every_flaw_of_an_objective_is_found)
{
    struct alert_rule rules[RULES];
    struct objective objective = objective_of("0.999", 90 * DAY, rules);

    ck_assert_uint_eq(lint_objective(&objective), LINT_WINDOW_BEYOND_RETENTION);
    objective.budgeting = BUDGETING_TIMESLICES;
    objective.slice_minutes = 7;
    ck_assert_uint_eq(lint_objective(&objective), LINT_WINDOW_NOT_OF_SLICES);
    objective.window_minutes = DAY;
    objective.slice_minutes = 60;
    ck_assert_uint_eq(lint_objective(&objective), LINT_FEW_SLICES);
    objective.budgeting = BUDGETING_OCCURRENCES;
    objective.composite = true;
    ck_assert_uint_eq(lint_objective(&objective), LINT_COMPOSITE);
}
END_TEST

START_TEST(durations_are_printed_for_people)
{
    static const struct {
        int64_t numerator, denominator;
        const char *want;
    } cases[] = {
        { 5184, 100, "51.84 s" }, { 5184, 10, "8 m 38.4 s" },
        { 6480, 1, "1 h 48 m" },  { -1, 1, "never" },
        { 0, 1, "0 s" },          { 90000, 1, "1 d 1 h" },
        { 1, 3, "0.34 s" },       { 60, 1, "1 m" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(buf_done) struct buf buf;

        buf_init(&buf, 100);
        lint_print_duration(fraction_of(cases[i].numerator, cases[i].denominator), &buf);
        ck_assert_str_eq(buf_text(&buf), cases[i].want);
    }
}
END_TEST

START_TEST(the_table_is_printed_with_what_is_wrong)
{
    struct alert_rule rules[RULES];
    struct objective objective = objective_of("0.9", MONTH, rules);
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 4096);
    ck_assert_int_eq(lint_print(&objective, &buf), 1);
    ck_assert_str_eq(
        buf_text(&buf),
        "app-availability (app): 0.9 good over 30 d\n"
        "  page-fast-burn (critical): burns above 14.4 over 1 h and 5 m; needs more than 144 % bad "
        "events, which cannot be\n"
        "    warning: can never fire: even a full outage burns at most 1/(1 - target)\n"
        "  page-slow-burn (critical): burns above 6 over 6 h and 30 m; needs more than 60 % bad "
        "events; a full outage is seen after 3 h 36 m, with 5 % of the budget used\n"
        "  ticket-slow-burn (warning): burns above 1 over 3 d and 6 h; needs more than 10 % bad "
        "events; a full outage is seen after 7 h 12 m, with 10 % of the budget used\n"
        "  budget-low (warning): less than 20 % of the budget left; a full outage is seen after "
        "2 d 9 h 36 m, with 80 % of the budget used\n"
        "  budget-exhausted (warning): no budget left; a full outage is seen after 3 d, with 100 % "
        "of the budget used\n");
}
END_TEST

START_TEST(a_window_by_the_calendar_is_called_so)
{
    struct alert_rule rules[RULES];
    struct objective objective = objective_of("0.9", 745 * 60, rules);
    AUTO(buf_done) struct buf buf;

    objective.calendar = (struct calendar){ .unit = CALENDAR_MONTH, .count = 1 };
    buf_init(&buf, 200);
    lint_print_window(&objective, &buf);
    ck_assert_str_eq(buf_text(&buf), "1 calendar month (31 d 1 h at most)");
    buf_done(&buf);
    objective.calendar.count = 2;
    buf_init(&buf, 200);
    lint_print_window(&objective, &buf);
    ck_assert_str_eq(buf_text(&buf), "2 calendar months (31 d 1 h at most)");
}
END_TEST

TCase *lint_cases(void)
{
    TCase *cases = tcase_create("lint");

    tcase_add_test(cases, the_detection_table_of_the_built_in_objectives_is_the_workbooks);
    tcase_add_test(cases, a_threshold_that_even_a_full_outage_does_not_reach_is_called_so);
    tcase_add_test(cases, every_flaw_of_a_rule_is_found);
    tcase_add_test(cases, every_flaw_of_an_objective_is_found);
    tcase_add_test(cases, durations_are_printed_for_people);
    tcase_add_test(cases, the_table_is_printed_with_what_is_wrong);
    tcase_add_test(cases, a_window_by_the_calendar_is_called_so);
    return cases;
}
