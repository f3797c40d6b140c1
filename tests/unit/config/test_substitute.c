/* test_substitute.c - module/config/substitute.c and entry_text.c */
/* SPDX-License-Identifier: MIT */
#include "config/substitute.h"

#include "environment.h"
#include "suite.h"

#include <errno.h>
#include <string.h>

static const char *const env[] = { "HOST",  "db.internal", "PW", " a$b\n", "QUOTED", "\"q\"",
                                   "EMPTY", " ",           "_1", "one",    NULL };

static struct snapshot snapshot = { .lookup = environment_lookup, .lookup_context = (void *)env };

static void set_up(void)
{
    snapshot.arena = arena_new(1 << 20);
}

static void tear_down(void)
{
    arena_free(&snapshot.arena);
}

START_TEST(substitute_puts_the_environment_in)
{
    static const char *const cases[][2] = {
        { "plain", "plain" },
        { "", "" },
        { "${HOST}", "db.internal" },
        { "redis://:${PW}@${HOST}/0", "redis://:a$b@db.internal/0" },
        { "${_1}${_1}", "oneone" },
        { "${QUOTED}", "q" },
        { "$HOST $ {HOST} }", "$HOST $ {HOST} }" },
        { "$${HOST}", "${HOST}" },
        { "$$${HOST}", "$${HOST}" },
        { "a$${b}c${_1}", "a${b}cone" },
    };
    const char *unset = NULL;
    const char *text = NULL;

    ck_assert_int_eq(substitute(&snapshot, cases[_i][0], &text, &unset), 0);
    ck_assert_ptr_null(unset);
    ck_assert_str_eq(text, cases[_i][1]);
}
END_TEST

START_TEST(substitute_names_the_first_variable_that_is_not_set)
{
    static const char *const cases[][2] = {
        { "${GONE}", "GONE" },
        { "x${EMPTY}${GONE}", "EMPTY" },
        { "${HOST}${host}", "host" },
    };
    const char *unset = NULL;
    const char *text = NULL;

    ck_assert_int_eq(substitute(&snapshot, cases[_i][0], &text, &unset), 0);
    ck_assert_str_eq(unset, cases[_i][1]);
}
END_TEST

START_TEST(substitute_refuses_a_brace_without_a_name)
{
    static const char *const cases[] = {
        "${", "${}", "${HOST", "${HO ST}", "${1A}", "a${HOST:-x}"
    };
    const char *unset = NULL;
    const char *text = NULL;

    ck_assert_int_eq(substitute(&snapshot, cases[_i], &text, &unset), -EINVAL);
}
END_TEST

START_TEST(substitute_knows_what_is_a_name_alone)
{
    ck_assert(substitute_is_reference("${A}"));
    ck_assert(substitute_is_reference("${A}${B}"));
    ck_assert(!substitute_is_reference("secret${A}"));
    ck_assert(!substitute_is_reference("${A}secret"));
    ck_assert(!substitute_is_reference("${secret"));
}
END_TEST

static void expect_misconfigured(const char *yaml, const char *want)
{
    AUTO(config_release) const struct config *config = environment_load_checks(yaml, env);
    const char *sentence = config->checks[0].misconfigured;

    ck_assert_msg(sentence != NULL && strstr(sentence, want) != NULL, "%s", sentence);
    ck_assert_ptr_null(config->checks[0].target.host);
}

START_TEST(substitute_that_lacks_a_variable_makes_its_check_misconfigured)
{
    static const char *const cases[][2] = {
        { "- {name: a, url: 'redis://${GONE}'}", "checks[0].url (PROBITY_CHECKS:1:18) needs "
                                                 "${GONE}, which is not set in the environment" },
        { "- {name: a, url: '${GONE}'}", "needs ${GONE}" },
        { "- {name: a, url: '${GONE}', http: {header: X}}", "needs ${GONE}" },
        { "- {name: a, url: '${GONE}', celery: {mode: passive}}", "needs ${GONE}" },
        { "- {name: a, url: 'http://${GONE}', http: {header: X}}", "needs ${GONE}" },
        { "- {name: a, kind: upstash, url: 'https://h', token: '${GONE}'}", "checks[0].token" },
        { "- {name: a, url: 'rediss://h', tls: {ca: '${GONE}'}}", "checks[0].tls.ca" },
        { "- {name: a, url: 'http://h', http: {header: '${GONE}'}}", "checks[0].http.header" },
        { "- {name: a, kind: celery, url: 'redis://h', celery: {queues: [a, '${GONE}']}}",
          "checks[0].celery.queues" },
        { "- {name: database, url: '${GONE}'}", "needs ${GONE}" },
    };

    expect_misconfigured(cases[_i][0], cases[_i][1]);
}
END_TEST

TCase *substitute_cases(void)
{
    TCase *cases = tcase_create("substitute");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, substitute_puts_the_environment_in, 0, 10);
    tcase_add_loop_test(cases, substitute_names_the_first_variable_that_is_not_set, 0, 3);
    tcase_add_loop_test(cases, substitute_refuses_a_brace_without_a_name, 0, 6);
    tcase_add_test(cases, substitute_knows_what_is_a_name_alone);
    tcase_add_loop_test(cases, substitute_that_lacks_a_variable_makes_its_check_misconfigured, 0,
                        10);
    return cases;
}
