/* test_file.c - module/config/file.c */
/* SPDX-License-Identifier: MIT */
#include <config.h> /* the build's */

#include "config/file.h"

#include "config/explain.h"
#include "environment.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void set_up(void)
{
    (void)snprintf(path, sizeof(path), "/tmp/probity-config-XXXXXX");
    ck_assert_int_ge(close(mkstemp(path)), 0);
}

static void tear_down(void)
{
    (void)unlink(path);
}

static int load(const char *text, const char *listed, const struct config **ret, struct error *err)
{
    const char *const env[] = { "PROBITY_CONFIG",
                                path,
                                "PROBITY_CHECKS",
                                listed,
                                "PROBITY_ACCESS_LOG",
                                "/x.log",
                                "MANY_TOKEN",
                                "sevenhorses",
                                "REDIS_URL",
                                "redis://h",
                                NULL };
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    return config_load(environment_lookup, (void *)env, ret, err);
}

START_TEST(file_and_variable_make_one_list)
{
    AUTO(config_release) const struct config *config = NULL;
    struct error err = { .code = 0 };
    static const char *const names[] = { "redis", "b", "a", "c" };

    ck_assert_msg(load("checks:\n- {name: b, url: 'tcp://h:1'}\n- {name: a, url: 'tcp://h:1'}\n",
                       "\n  - name: c\n    url: tcp://h:1\n", &config, &err)
                      == 0,
                  "%s", err.text);
    ck_assert_int_eq(config->check_count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(config->checks[i].name, names[i]);
    ck_assert_int_eq(config->source_count, 1); /* of the variable, as the file names none */
    ck_assert_str_eq(config->sources[0].path, "/x.log");
}
END_TEST

START_TEST(file_and_variable_may_not_name_a_check_twice)
{
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(load("checks:\n- {name: b, url: 'tcp://h:1'}\n",
                          "- {name: b, url: 'tcp://h:2'}", &config, &err),
                     -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "PROBITY_CHECKS:1:3: checks[0]: name: b is there twice, "
                                           "first at /tmp/probity-config-"));
}
END_TEST

START_TEST(file_may_say_one_of_both_or_nothing)
{
    static const struct {
        const char *text;
        int checks, sources;
    } cases[] = {
        { "{}", 1, 1 },
        { "sources: [{path: /a}, {path: /b}]", 1, 2 },
        { "sources: []\nchecks: []", 1, 0 },
        { "checks: [{name: redis, fall: 3}]", 1, 1 },
    };
    AUTO(config_release) const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert_msg(load(cases[_i].text, "", &config, &err) == 0, "%s", err.text);
    ck_assert_int_eq(config->check_count, cases[_i].checks);
    ck_assert_int_eq(config->source_count, cases[_i].sources);
}
END_TEST

START_TEST(file_that_is_wrong_says_where)
{
    static const char *const cases[][3] = {
        { "check: []", "", "check is no key here: did you mean checks?" },
        { "checks: [", "", "not YAML" },
        { "checks: 5", "", "expected a list of checks" },
        { "{}", "- a: [", "PROBITY_CHECKS:2:1: not YAML" },
        { "{}", "--- a\n--- b", "PROBITY_CHECKS: expected one document, not 2" },
        { "{}", "checks: []", "PROBITY_CHECKS:1:1: checks: expected a list of checks" },
    };
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(load(cases[_i][0], cases[_i][1], &config, &err), -EINVAL);
    ck_assert_msg(strstr(err.text, cases[_i][2]) != NULL, "%s", err.text);
}
END_TEST

START_TEST(file_is_shown_without_its_secrets_and_they_are_hidden_from_the_log)
{
    static const char text[] =
        "checks:\n"
        "- {name: a, url: 'postgres://u:onehorse@h/d'}\n"
        "- {name: b, kind: postgres, url: 'host=h password=twohorses'}\n"
        "- {name: c, url: 'redis://:three%20horses@h'}\n"
        "- {name: d, kind: upstash, url: 'https://h', token: fourhorses}\n"
        "- {name: e, kind: upstash, url: 'https://h', token: '${MANY_TOKEN}'}\n"
        "- {name: f, url: 'redis://:x${MANY_TOKEN}@h'}\n";
    AUTO(config_release) const struct config *config = NULL;
    AUTO(buf_done) struct buf buf;
    struct error err = { .code = 0 };
    char line[] = "onehorse twohorses three horses fourhorses xsevenhorses sevenhorses left";

    ck_assert_msg(load(text, "- {name: g, url: 'http://h/?token=zebra'}", &config, &err) == 0, "%s",
                  err.text);
    buf_init(&buf, 100000);
    config_explain_file(config, &buf);
    ck_assert(buf_ok(&buf));
    for (int i = 0; i < config->check_count; i++)
        config_explain_check(config, i, &buf);
    ck_assert_msg(strstr(buf_text(&buf), "horse") == NULL, "%s", buf_text(&buf));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "postgres://u:***@h/d  (/tmp/"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "${MANY_TOKEN}  (/tmp/"));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "checks[1].url                    (set)  ("));
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), "(PROBITY_CHECKS:1:"));
    config_hide_secrets(config);
    log_scrub(line);
    ck_assert_str_eq(line,
                     "******** ********* ************ ********** ************ *********** left");
}
END_TEST

TCase *file_cases(void)
{
    TCase *cases = tcase_create("file");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, file_and_variable_make_one_list);
    tcase_add_test(cases, file_and_variable_may_not_name_a_check_twice);
    tcase_add_loop_test(cases, file_may_say_one_of_both_or_nothing, 0, 4);
    tcase_add_loop_test(cases, file_that_is_wrong_says_where, 0, 6);
    tcase_add_test(cases, file_is_shown_without_its_secrets_and_they_are_hidden_from_the_log);
    return cases;
}
