/* test_options.c - module/base/options.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "base/options.h"

#include "suite.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { ON = 1, OFF = 2, WORDS_MAX = 8 };

struct given {
    const char *reason;
    const char *until;
    bool quiet;
    bool drain;
};

static const struct option_row rows[] = {
    { "--reason", offsetof(struct given, reason), OPTION_TEXT, 0, 0 },
    { "--until", offsetof(struct given, until), OPTION_TEXT, 0, ON },
    { "--quiet", offsetof(struct given, quiet), OPTION_FLAG, 'q', 0 },
    { "--drain", offsetof(struct given, drain), OPTION_FLAG, 0, ON },
    { .name = NULL },
};

static char buffer[256];
static char *words[WORDS_MAX + 1];
static struct given given;
static struct error err;

/* Reads what a shell would make of `line`, with '_' for an empty word. */
static int read_line(const char *line, unsigned topic)
{
    const struct option_table table = { rows, topic };
    char *rest = NULL;
    int count = 0;

    given = (struct given){ 0 };
    error_clear(&err);
    strncpy(buffer, line, sizeof(buffer) - 1);
    for (char *word = strtok_r(buffer, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        ck_assert_int_lt(count, WORDS_MAX);
        words[count++] = strcmp(word, "_") == 0 ? word + 1 : word;
    }
    words[count] = NULL;
    return options_read(&table, words, &given, &err);
}

START_TEST(options_stand_anywhere_and_words_keep_their_order)
{
    ck_assert_int_eq(read_line("one --reason because -q two --until=2h=x --drain", ON), 2);
    ck_assert_str_eq(words[0], "one");
    ck_assert_str_eq(words[1], "two");
    ck_assert_str_eq(given.reason, "because");
    ck_assert_str_eq(given.until, "2h=x");
    ck_assert(given.quiet && given.drain);
    ck_assert_int_eq(read_line("", ON), 0);
    ck_assert_ptr_null(given.reason);
}
END_TEST

START_TEST(a_value_may_look_like_an_option)
{
    ck_assert_int_eq(read_line("--reason --until", ON), 0);
    ck_assert_str_eq(given.reason, "--until");
    ck_assert_ptr_null(given.until);
}
END_TEST

START_TEST(a_dash_alone_and_a_number_are_words_and_so_is_all_behind_two_dashes)
{
    ck_assert_int_eq(read_line("- -1 -- --quiet --", ON), 4);
    ck_assert_str_eq(words[0], "-");
    ck_assert_str_eq(words[1], "-1");
    ck_assert_str_eq(words[2], "--quiet");
    ck_assert_str_eq(words[3], "--");
    ck_assert(!given.quiet);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_without_its_value)
{
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        { "--token=secret-word", "--token is no option of it" },
        { "--reaso x", "--reaso is no option of it" },
        { "--reasons x", "--reasons is no option of it" },
        { "--until 1h", "--until is no option of it" }, /* of the other topic */
        { "--drain", "--drain is no option of it" },
        { "--quiet=yes", "--quiet is no option of it" },
        { "-x", "-x is no option of it" },
        { "-qq", "-qq is no option of it" },
        { "--reason", "--reason has no value" },
        { "--reason=", "--reason has no value" },
        { "--reason _", "--reason has no value" },
        { "--reason a --reason=b", "--reason is given twice" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(read_line(cases[i].line, OFF), -EINVAL);
        ck_assert_str_eq(err.text, cases[i].words);
    }
}
END_TEST

TCase *options_cases(void)
{
    TCase *cases = tcase_create("options");

    tcase_add_test(cases, options_stand_anywhere_and_words_keep_their_order);
    tcase_add_test(cases, a_value_may_look_like_an_option);
    tcase_add_test(cases, a_dash_alone_and_a_number_are_words_and_so_is_all_behind_two_dashes);
    tcase_add_test(cases, what_makes_no_sense_is_refused_without_its_value);
    return cases;
}
