/* test_sources.c - module/config/sources.c */
/* SPDX-License-Identifier: MIT */
#include "config/sources.h"

#include "environment.h"
#include "suite.h"

#include <errno.h>

START_TEST(sources_of_one_path_are_one_in_our_own_format)
{
    AUTO(config_release)
    const struct config *config = environment_load_one("PROBITY_ACCESS_LOG", "/var/log/access.log");

    ck_assert_int_eq(config->source_count, 1);
    ck_assert_str_eq(config->sources[0].path, "/var/log/access.log");
    ck_assert_str_eq(config->sources[0].name, "access.log");
    ck_assert_str_eq(config->sources[0].service, "app");
    ck_assert_int_eq(config->sources[0].format, SOURCE_PROBITY);
    ck_assert_int_eq(config->sources[0].file_id, SOURCE_FIRST_LINE);
    ck_assert_ptr_null(config->sources[0].openapi);
}
END_TEST

START_TEST(sources_of_no_path_are_none)
{
    AUTO(config_release)
    const struct config *config = environment_load_one("PROBITY_ACCESS_LOG", " , ");

    ck_assert_int_eq(config->source_count, 0);
}
END_TEST

START_TEST(sources_of_a_list_keep_blanks_within_a_path)
{
    AUTO(config_release)
    const struct config *config =
        environment_load_one("PROBITY_ACCESS_LOG", "/a/my log , /b/other.log,");

    ck_assert_int_eq(config->source_count, 2);
    ck_assert_str_eq(config->sources[0].path, "/a/my log");
    ck_assert_str_eq(config->sources[1].name, "other.log");
}
END_TEST

START_TEST(sources_that_end_alike_are_called_by_their_paths)
{
    AUTO(config_release)
    const struct config *config =
        environment_load_one("PROBITY_ACCESS_LOG", "/a/x.log,/b/x.log,/b/y.log");

    ck_assert_str_eq(config->sources[0].name, "/a/x.log");
    ck_assert_str_eq(config->sources[1].name, "/b/x.log");
    ck_assert_str_eq(config->sources[2].name, "y.log");
}
END_TEST

START_TEST(sources_refuse_a_path_that_is_there_twice_and_a_list_without_end)
{
    static const char *const cases[][2] = {
        { "/a/x.log,/a/x.log", "twice" },
        { "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16" },
    };
    const char *const env[] = { "PROBITY_ACCESS_LOG", cases[_i][0], NULL };
    const struct config *config = NULL;
    struct error err = { .code = 0 };

    ck_assert_int_eq(config_load(environment_lookup, (void *)env, &config, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, cases[_i][1]));
}
END_TEST

TCase *sources_cases(void)
{
    TCase *cases = tcase_create("sources");

    tcase_add_test(cases, sources_of_one_path_are_one_in_our_own_format);
    tcase_add_test(cases, sources_of_no_path_are_none);
    tcase_add_test(cases, sources_of_a_list_keep_blanks_within_a_path);
    tcase_add_test(cases, sources_that_end_alike_are_called_by_their_paths);
    tcase_add_loop_test(cases, sources_refuse_a_path_that_is_there_twice_and_a_list_without_end, 0,
                        2);
    return cases;
}
