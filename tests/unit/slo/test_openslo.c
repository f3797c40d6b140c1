/* test_openslo.c - module/slo/openslo.c and what it is made of, by the files of tests/data/openslo.
 *
 * valid/ must load in both modes without a word, lenient/ loads with warnings and is refused in
 * strict mode, invalid/ is refused in both.  What must come of a file stands at its end, in lines
 * that begin with "#= "; with TEST_OPENSLO_SHOW set it is printed instead of compared. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/openslo.h"

#include "base/folder.h"
#include "base/limits.h"
#include "slo/openslo_export.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 1024 * 1024 };

static const char *const suffixes[] = { ".yaml", NULL };
static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(64 * 1024 * 1024);
    ck_assert_ptr_nonnull(arena);
}

static void tear_down(void)
{
    arena_free(&arena);
}

/* --- what came of it, as text --- */

static void print_fraction(struct buf *buf, struct fraction value)
{
    char text[FRACTION_TEXT_BYTES];

    fraction_print(value, 6, FRACTION_UP, text);
    buf_append_text(buf, text);
}

static void print_rule(struct buf *buf, const struct alert_rule *rule)
{
    buf_printf(buf, "  rule %s %s", rule->name, rule_severity_text(rule->severity));
    if (rule->kind == RULE_BUDGET_LEFT) {
        buf_append_text(buf, " left ");
        print_fraction(buf, rule->threshold);
        buf_append_text(buf, " clears ");
        print_fraction(buf, rule->clears_at);
    } else {
        buf_printf(buf, " tier %d over %dm/%dm above ", rule->tier, rule->long_minutes,
                   rule->short_minutes);
        print_fraction(buf, rule->threshold);
    }
    if (rule->for_minutes > 0)
        buf_printf(buf, " for %dm", rule->for_minutes);
    buf_append_char(buf, '\n');
}

static bool has_default_rules(const struct objective *objective)
{
    return objective->rule_count == RULE_DEFAULT_COUNT
           && strcmp(objective->rules[0].name, "page-fast-burn") == 0;
}

static void print_extras(struct buf *buf, const struct objective *objective)
{
    static const char *const unwatched[] = { "ignore", "good", "bad", "freeze" };
    static const char *const units[] = { "", "d", "w", "M", "Q", "Y" };
    const struct calendar *calendar = &objective->calendar;

    if (calendar->unit != CALENDAR_NONE)
        buf_printf(buf, "  calendar %d%s from %s %s\n", calendar->count, units[calendar->unit],
                   calendar->start, calendar->zone);
    if (objective->budgeting != BUDGETING_OCCURRENCES) {
        buf_printf(buf, "  slices %dm", objective->slice_minutes);
        if (objective->budgeting == BUDGETING_TIMESLICES) {
            buf_append_text(buf, " good from ");
            print_fraction(buf, objective->slice_target);
        }
        buf_append_char(buf, '\n');
    }
    if (objective->unwatched != UNWATCHED_IGNORE)
        buf_printf(buf, "  unwatched %s\n", unwatched[objective->unwatched]);
    if (objective->guard.min_events > 0 || objective->guard.min_bad_events > 0
        || objective->guard.wilson_z.numerator > 0) {
        buf_printf(buf, "  guard %d %d ", (int)objective->guard.min_events,
                   (int)objective->guard.min_bad_events);
        print_fraction(buf, objective->guard.wilson_z);
        buf_append_char(buf, '\n');
    }
    if (objective->rule_count == 0)
        buf_append_text(buf, "  no rules\n");
    for (int i = 0; !has_default_rules(objective) && i < objective->rule_count; i++)
        print_rule(buf, &objective->rules[i]);
}

static void print_catalogue(struct buf *buf, const struct catalogue *catalogue)
{
    for (int i = 0; i < catalogue->objective_count; i++) {
        const struct objective *objective = &catalogue->objectives[i];

        buf_printf(buf, "%s of %s: %s %s over %dm", objective->name, objective->service,
                   objective_type_text(objective->type), objective->target_text,
                   objective->window_minutes);
        if (objective->threshold_ms > 0)
            buf_printf(buf, " below %dms", (int)objective->threshold_ms);
        buf_printf(buf, ": %s\n", catalogue->indicators[objective->indicator].definition);
        print_extras(buf, objective);
    }
    for (int i = 0; i < catalogue->kept_count; i++)
        buf_printf(buf, "kept %s of %s: %s\n", catalogue->kept[i].name, catalogue->kept[i].service,
                   catalogue->kept[i].why);
}

static void print_problems(struct buf *buf, const struct problems *problems)
{
    for (int i = 0; i < problems_count(problems); i++) {
        const struct problem *problem = problems_at(problems, i);

        buf_printf(buf, "%s %d:%d", problem->level == PROBLEM_ERROR ? "error" : "warning",
                   problem->line, problem->column);
        buf_printf(buf, "%s%s: %s\n", problem->field[0] == '\0' ? "" : " ", problem->field,
                   problem->text);
    }
}

struct outcome {
    int code;
    int errors, warnings;
    struct buf text;
    struct catalogue *catalogue;
    char first[256];
};

static struct outcome load(const char *file, struct slice text, bool strict)
{
    const struct openslo_options options = { .service = "home", .strict = strict };
    AUTO(problems_free) struct problems *problems = problems_new();
    AUTO(openslo_free) struct openslo *openslo = openslo_new(&options, problems);
    struct error err = { .code = 0 };
    struct outcome outcome = { .code = 0 };

    ck_assert_ptr_nonnull(openslo);
    buf_init(&outcome.text, TEXT_BYTES);
    ck_assert_int_eq(openslo_read_text(openslo, file, text), 0);
    outcome.code = openslo_finish(&openslo, &outcome.catalogue, &err);
    outcome.errors = problems_errors(problems);
    outcome.warnings = problems_warnings(problems);
    (void)snprintf(outcome.first, sizeof(outcome.first), "%s", err.text);
    print_problems(&outcome.text, problems);
    if (outcome.code == 0)
        print_catalogue(&outcome.text, outcome.catalogue);
    return outcome;
}

static void outcome_done(struct outcome *outcome)
{
    catalogue_free(&outcome->catalogue);
    buf_done(&outcome->text);
}

/* --- the files --- */

/* The lines behind "#= ". */
static const char *expectation(struct slice text)
{
    AUTO(buf_done) struct buf buf;
    struct slice rest = text;

    buf_init(&buf, TEXT_BYTES);
    while (rest.length > 0) {
        struct slice line = slice_cut(&rest, '\n');

        if (!slice_starts_with(line, SLICE("#= ")))
            continue;
        buf_append(&buf, (struct slice){ line.data + 3, line.length - 3 });
        buf_append_char(&buf, '\n');
    }
    return arena_copy(arena, buf_slice(&buf));
}

typedef void (*file_fn)(const char *path, struct slice text);

static void for_each_file(const char *folder, file_fn run)
{
    const char *const *paths = NULL;
    struct error err = { .code = 0 };
    char path[256];
    int count = 0;

    (void)snprintf(path, sizeof(path), "%s/openslo/%s", TEST_DATA, folder);
    ck_assert_msg(folder_list(path, suffixes, arena, &paths, &count, &err) == 0, "%s", err.text);
    for (int i = 0; i < count; i++) {
        struct slice text;

        ck_assert_int_eq(folder_read_file(paths[i], TEXT_BYTES, arena, &text, &err), 0);
        run(paths[i], text);
    }
}

/* The file's own name: no problem may depend on where the tests stand. */
static const char *name_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void expect(const char *path, const struct outcome *outcome, struct slice text)
{
    if (getenv("TEST_OPENSLO_SHOW") != NULL) {
        printf("%s\n%s", path, buf_text(&outcome->text));
        return;
    }
    ck_assert_msg(strcmp(buf_text(&outcome->text), expectation(text)) == 0,
                  "%s:\n--- is\n%s--- was expected\n%s", path, buf_text(&outcome->text),
                  expectation(text));
}

/* Each document alone, as it is and as YAML, gives the same objective and the same document. */
static void reread_text(const struct catalogue *catalogue, const char *document, struct slice text,
                        const char *name)
{
    struct outcome again = load("document", text, false);
    const char *same;

    ck_assert_msg(again.code == 0, "%s: %s", name, again.first);
    ck_assert_int_eq(again.catalogue->objective_count + again.catalogue->kept_count, 1);
    same = again.catalogue->kept_count > 0 ? again.catalogue->kept[0].document
                                           : again.catalogue->objectives[0].document;
    ck_assert_str_eq(same, document);
    if (again.catalogue->objective_count > 0) {
        AUTO(buf_done) struct buf one;
        AUTO(buf_done) struct buf all;

        buf_init(&one, TEXT_BYTES);
        buf_init(&all, TEXT_BYTES);
        print_catalogue(&one, again.catalogue);
        print_catalogue(&all, catalogue);
        ck_assert_msg(strstr(buf_text(&all), buf_text(&one)) != NULL, "%s not in %s",
                      buf_text(&one), buf_text(&all));
    }
    outcome_done(&again);
}

static void reread(const struct catalogue *catalogue, const char *document, const char *name)
{
    AUTO(buf_done) struct buf yaml;
    struct error err = { .code = 0 };

    buf_init(&yaml, TEXT_BYTES);
    ck_assert_msg(openslo_export(document, &yaml, &err) == 0, "%s", err.text);
    if (getenv("TEST_OPENSLO_SHOW") != NULL)
        (void)fprintf(stderr, "%s", buf_text(&yaml));
    reread_text(catalogue, document, slice_of(document), name);
    reread_text(catalogue, document, buf_slice(&yaml), name);
}

static void check_documents(const struct catalogue *catalogue)
{
    for (int i = 0; i < catalogue->objective_count; i++)
        reread(catalogue, catalogue->objectives[i].document, catalogue->objectives[i].name);
    for (int i = 0; i < catalogue->kept_count; i++)
        reread(catalogue, catalogue->kept[i].document, catalogue->kept[i].name);
}

static void check_valid(const char *path, struct slice text)
{
    for (int strict = 0; strict < 2; strict++) {
        struct outcome outcome = load(name_of(path), text, strict == 1);

        ck_assert_msg(outcome.code == 0, "%s", outcome.first);
        expect(path, &outcome, text);
        check_documents(outcome.catalogue);
        outcome_done(&outcome);
    }
}

START_TEST(what_is_valid_loads_in_both_modes_and_again_from_its_documents)
{
    for_each_file("valid", check_valid);
}
END_TEST

static void check_lenient(const char *path, struct slice text)
{
    struct outcome outcome = load(name_of(path), text, false);
    struct outcome strict = load(name_of(path), text, true);

    ck_assert_msg(outcome.code == 0, "%s", outcome.first);
    ck_assert_int_gt(outcome.warnings, 0);
    expect(path, &outcome, text);
    check_documents(outcome.catalogue);
    ck_assert_msg(strict.code == -EINVAL, "%s loads in strict mode", path);
    outcome_done(&outcome);
    outcome_done(&strict);
}

START_TEST(what_only_the_sdk_refuses_loads_with_warnings)
{
    for_each_file("lenient", check_lenient);
}
END_TEST

static void check_invalid(const char *path, struct slice text)
{
    struct outcome outcome = load(name_of(path), text, false);
    struct outcome strict = load(name_of(path), text, true);

    ck_assert_msg(outcome.code == -EINVAL, "%s loads", path);
    ck_assert_ptr_null(outcome.catalogue);
    ck_assert_int_gt(outcome.errors, 0);
    expect(path, &outcome, text);
    ck_assert_msg(strict.code == -EINVAL, "%s loads in strict mode", path);
    outcome_done(&outcome);
    outcome_done(&strict);
}

START_TEST(what_is_invalid_is_refused_with_everything_that_is_wrong)
{
    for_each_file("invalid", check_invalid);
}
END_TEST

/* A built-in objective as a document is the same objective over the same indicator. */
START_TEST(built_in_objectives_can_be_exported_and_read_again)
{
    struct catalogue *built_in = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(catalogue_built_in("home", &built_in, &err), 0);
    for (int i = 0; i < built_in->objective_count; i++) {
        const struct objective *objective = &built_in->objectives[i];
        AUTO(buf_done) struct buf document;
        struct outcome again;

        buf_init(&document, TEXT_BYTES);
        openslo_describe(objective, &document);
        again = load("document", buf_slice(&document), true);
        ck_assert_msg(again.code == 0 && again.warnings == 0, "%s", again.first);
        ck_assert_str_eq(again.catalogue->objectives[0].document, buf_text(&document));
        reread(built_in, buf_text(&document), objective->name);
        outcome_done(&again);
    }
    catalogue_free(&built_in);
}
END_TEST

TCase *openslo_cases(void)
{
    TCase *cases = tcase_create("openslo");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, what_is_valid_loads_in_both_modes_and_again_from_its_documents);
    tcase_add_test(cases, what_only_the_sdk_refuses_loads_with_warnings);
    tcase_add_test(cases, what_is_invalid_is_refused_with_everything_that_is_wrong);
    tcase_add_test(cases, built_in_objectives_can_be_exported_and_read_again);
    return cases;
}
