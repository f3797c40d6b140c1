/* test_explain.c - module/config/explain.c */
/* SPDX-License-Identifier: MIT */
#include "config/explain.h"

#include "config/keys.h"
#include "environment.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

START_TEST(explain_shows_values_and_where_they_came_from_but_no_secret)
{
    static const char *const env[] = { "DATABASE_URL",
                                       "postgresql+asyncpg://u:zebra@h/d",
                                       "PROBITY_LEDGER_URL",
                                       "host=h password=zebra",
                                       "SECRET_KEY",
                                       "zebra",
                                       "JWT_SECRET_KEY",
                                       "zebra2",
                                       "REDIS_URL",
                                       "redis://:ze@bra@h",
                                       "CELERY_BROKER_URL",
                                       "u:zebra@h",
                                       "PROBITY_APP",
                                       "unix:/run/app.sock:/x",
                                       "APP_VERSION",
                                       "\"1.2\"",
                                       NULL };
    static const char *const lines[] = {
        "DATABASE_URL                     postgresql+asyncpg://u:***@h/d  (environment)\n",
        "PROBITY_LEDGER_URL               (set)  (environment)\n",
        "SECRET_KEY                       (set)  (environment; not used, because JWT_SECRET_KEY",
        "REDIS_URL                        redis://***  (environment)\n",
        "CELERY_BROKER_URL                ***  (environment)\n",
        "PROBITY_APP                      unix:/run/app.sock:/x  (environment)\n",
        "APP_VERSION                      1.2  (environment)\n",
        "COMMIT_SHA                       -\n",
        "PROBITY_CHECK_INTERVAL           1s  (default)\n",
    };
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 100000);
    config_explain(environment_lookup, (void *)env, &buf);
    ck_assert(buf_ok(&buf));
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
        ck_assert_msg(strstr(buf_text(&buf), lines[i]) != NULL, "no %sin\n%s", lines[i],
                      buf_text(&buf));
    ck_assert_ptr_null(strstr(buf_text(&buf), "zebra"));
    ck_assert_ptr_null(strstr(buf_text(&buf), "bra@"));
}
END_TEST

START_TEST(explain_shows_the_socket_of_redis_without_its_password)
{
    static const char *const env[] = { "REDIS_URL", "unix://:zebra@/run/redis.sock?db=1", NULL };
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 100000);
    config_explain(environment_lookup, (void *)env, &buf);
    ck_assert_ptr_nonnull(strstr(buf_text(&buf), " unix://:***@/run/redis.sock?db=1  ("));
}
END_TEST

START_TEST(explain_describes_every_key_once)
{
    AUTO(buf_done) struct buf buf;

    buf_init(&buf, 100000);
    config_describe(&buf);
    ck_assert(buf_ok(&buf));
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        char cell[80];
        const char *first;

        (void)snprintf(cell, sizeof(cell), "\n| `%s` | ", config_keys[i].name);
        first = strstr(buf_text(&buf), cell);
        ck_assert_msg(first != NULL && strstr(first + 1, cell) == NULL, "%s", config_keys[i].name);
    }
}
END_TEST

TCase *explain_cases(void)
{
    TCase *cases = tcase_create("explain");

    tcase_add_test(cases, explain_shows_values_and_where_they_came_from_but_no_secret);
    tcase_add_test(cases, explain_shows_the_socket_of_redis_without_its_password);
    tcase_add_test(cases, explain_describes_every_key_once);
    return cases;
}
