/* test_keys.c - module/config/keys.c */
/* SPDX-License-Identifier: MIT */
#include "config/keys.h"

#include "suite.h"

#include <string.h>

START_TEST(keys_have_a_name_of_their_own_and_a_help)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        ck_assert_ptr_eq(config_key_find(config_keys[i].name), &config_keys[i]);
        ck_assert_uint_gt(strlen(config_keys[i].help), 10);
        ck_assert_ptr_null(strchr(config_keys[i].help, '|'));
    }
}
END_TEST

START_TEST(keys_that_are_misspelt_are_recognised)
{
    static const char *const cases[][2] = {
        { "PROBITY_CHEK_INTERVAL", "PROBITY_CHECK_INTERVAL" },
        { "PROBITY_DRAIN_SECOND", "PROBITY_DRAIN_SECONDS" },
        { "PROBITY_ACCESSLOG", "PROBITY_ACCESS_LOG" },
        { "PROBITY_LISTENER", "PROBITY_LISTEN" },
        { "PROBITY_LOG_LEVEL", "LOG_LEVEL" },
        { "PROBITY_REDIS_URL", "REDIS_URL" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_str_eq(config_key_nearest(cases[i][0])->name, cases[i][1]);
    ck_assert_ptr_null(config_key_nearest("PROBITY_LEDGER_TOKEN")); /* not the admin's */
    ck_assert_ptr_null(config_key_nearest("PROBITY_FOO"));          /* not APP */
    ck_assert_ptr_null(config_key_nearest("PROBITY_SOMETHING_ELSE_ALTOGETHER"));
    ck_assert_ptr_null(config_key_nearest("PROBITY_A_NAME_THAT_IS_LONGER_THAN_ANY_OF_OURS_IS"));
}
END_TEST

START_TEST(keys_sections_begin_at_keys_that_exist)
{
    for (const struct config_section *s = config_sections; s->first_key != NULL; s++)
        ck_assert_ptr_nonnull(config_key_find(s->first_key));
}
END_TEST

TCase *keys_cases(void)
{
    TCase *cases = tcase_create("keys");

    tcase_add_test(cases, keys_have_a_name_of_their_own_and_a_help);
    tcase_add_test(cases, keys_that_are_misspelt_are_recognised);
    tcase_add_test(cases, keys_sections_begin_at_keys_that_exist);
    return cases;
}
