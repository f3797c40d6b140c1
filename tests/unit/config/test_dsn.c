/* test_dsn.c - module/config/dsn.c */
/* SPDX-License-Identifier: MIT */
#include "config/dsn.h"

#include "environment.h"
#include "suite.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

/* What libpq makes of a conninfo: "user:password@host:port/dbname sslmode". */
static void summarize(const char *conninfo, char *out, size_t bytes)
{
    static const char *const keywords[] = {
        "user", "password", "host", "port", "dbname", "sslmode"
    };
    static const char *const before[] = { "", ":", "@", ":", "/", " " };
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    struct buf buf;

    ck_assert_msg(options != NULL, "%s", conninfo);
    buf_init(&buf, 1000);
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++) {
        for (PQconninfoOption *o = options; o->keyword != NULL; o++) {
            if (strcmp(o->keyword, keywords[i]) == 0 && o->val != NULL)
                buf_printf(&buf, "%s%s", before[i], o->val);
        }
    }
    (void)snprintf(out, bytes, "%s", buf_text(&buf));
    buf_done(&buf);
    PQconninfoFree(options);
}

START_TEST(dsn_of_any_stack_becomes_what_libpq_takes)
{
    static const char *const cases[][2] = {
        { "postgresql://u:p@h:5432/d", "u:p@h:5432/d" },
        { "postgres://u:p@h/d", "u:p@h/d" },
        { "POSTGRES://u@h/d", "u@h/d" },
        { "postgresql+asyncpg://u:p@h/d?schema=public", "u:p@h/d" },
        { "postgresql+psycopg2://u:p@h/d", "u:p@h/d" },
        { "postgres+psycopg://u:p@h/d?prepared_statement_cache_size=0", "u:p@h/d" },
        { "postgresql://u:p@h/d?pgbouncer=true&connection_limit=1", "u:p@h/d" },
        { "postgresql+asyncpg://u:p@h/d?ssl=require", "u:p@h/d require" },
        { "postgresql+asyncpg://u:p@h/d?ssl=true", "u:p@h/d require" },
        { "postgresql+asyncpg://u:p@h/d?ssl=False", "u:p@h/d disable" },
        { "postgresql://u:p@h/d?sslmode=no-verify", "u:p@h/d require" },
        { "postgresql://u:p@h/d?sslmode=verify-full&schema=x", "u:p@h/d verify-full" },
        { "postgresql://u:p@h/d?schema=x&sslmode=prefer&pool_timeout=3", "u:p@h/d prefer" },
        { "postgresql://u:p%40ss%2F%3a@h/d", "u:p@ss/:@h/d" },
        { "postgresql://u:p#x@h/d", "u:p#x@h/d" },
        { "postgresql://u:p@h1:5432,h2:5433/d", "u:p@h1,h2:5432,5433/d" },
        { "postgresql://u:p@h1,h2/d", "u:p@h1,h2:,/d" },
        { "postgresql://[fd12::1]:5433/d", "@fd12::1:5433/d" },
        { "postgresql:///d?host=/run/postgresql", "@/run/postgresql/d" },
        { "postgresql://%2Frun%2Fpostgresql/d", "@/run/postgresql/d" },
        { "postgresql://h/d?user=u&password=p", "u:p@h/d" },
        { "postgresql://h", "@h" },
        { "postgresql://h/d?", "@h/d" },
        { "postgresql://h/d?&&schema=x&", "@h/d" },
        { "host=h dbname=d user=u password='p w'", "u:p w@h/d" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(config_release)
        const struct config *config = environment_load_one("DATABASE_URL", cases[i][0]);
        const struct check_config *check = config_check(config, "database");
        char got[1000];

        ck_assert_msg(check->misconfigured == NULL, "%s: %s", cases[i][0], check->misconfigured);
        summarize(check->target.conninfo, got, sizeof(got));
        ck_assert_str_eq(got, cases[i][1]);
        ck_assert_str_eq(config->ledger_conninfo, check->target.conninfo);
    }
}
END_TEST

START_TEST(dsn_that_is_wrong_is_diagnosed_without_its_password)
{
    static const char *const cases[][2] = {
        { "mysql://u:zebra@h/d", "only PostgreSQL" },
        { "sqlite:///x.db", "only PostgreSQL" },
        { "mongodb+srv://u:zebra@h/d", "only PostgreSQL" },
        { "u:zebra@h/d", "is no address" },
        { "localhost", "is no address" },
        { "postgresql://u:ze@bra@h/d", "must be written as %40" },
        { "postgresql://u:ze/bra@h/d", "must be written as %40" },
        { "postgresql://u:ze?bra@h/d", "must be written as %40" },
        { "postgresql://u:zebra@h:0/d", "port must be a number from 1 to 65535" },
        { "postgresql://u:zebra@h:99999/d", "port must be" },
        { "postgresql://u:zebra@h:abc/d", "port must be" },
        { "postgresql://u:zebra@h:5432,h2:0/d", "port must be" },
        { "postgresql://u:zebra%zz@h/d", "write % as %25" },
        { "postgresql://u:zebra@[::1/d", "can't be read" },
        { "postgresql://u:zebra@h/d?sslmode=maybe", "sslmode" },
        { "postgresql://u:zebra@h/d?ssl=maybe", "sslmode" },
        { "postgresql://u:ze bra@h/d", "%20" },
        { "host=h port=abc password=zebra", "port must be" },
        { "host=h bogus=1 password=zebra", "can't be read" },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        AUTO(config_release)
        const struct config *config = environment_load_one("DATABASE_URL", cases[i][0]);
        const char *sentence = config_check(config, "database")->misconfigured;

        ck_assert_msg(sentence != NULL && strstr(sentence, cases[i][1]) != NULL, "%s: %s",
                      cases[i][0], sentence);
        ck_assert_int_eq(strncmp(sentence, "DATABASE_URL ", 13), 0);
        ck_assert_ptr_null(strstr(sentence, "ze"));
        ck_assert_ptr_null(strstr(sentence, "bra@"));
        ck_assert_ptr_null(config->ledger_conninfo);
        ck_assert_str_eq(config->ledger_misconfigured, sentence);
    }
}
END_TEST

START_TEST(dsn_is_put_together_from_parts_with_any_password)
{
    static const char *const env[] = { "DATABASE_HOST",
                                       "h",
                                       "DATABASE_PORT",
                                       "5433",
                                       "DATABASE_NAME",
                                       "d",
                                       "DATABASE_USER",
                                       "u",
                                       "DATABASE_PASSWORD",
                                       "p' \\@:/w",
                                       NULL };
    AUTO(config_release) const struct config *config = environment_load(env);
    char got[200];

    summarize(config_check(config, "database")->target.conninfo, got, sizeof(got));
    ck_assert_str_eq(got, "u:p' \\@:/w@h:5433/d");
}
END_TEST

START_TEST(dsn_parts_that_are_wrong_are_diagnosed)
{
    static const char *const port[] = { "DATABASE_HOST", "h", "DATABASE_PORT", "0", NULL };
    static const char *const host[] = { "DATABASE_HOST", "postgres://u:zebra@h/d", NULL };
    AUTO(config_release) const struct config *bad_port = environment_load(port);
    AUTO(config_release) const struct config *bad_host = environment_load(host);

    ck_assert_ptr_nonnull(
        strstr(config_check(bad_port, "database")->misconfigured, "DATABASE_PORT"));
    ck_assert_ptr_nonnull(
        strstr(config_check(bad_host, "database")->misconfigured, "put it in DATABASE_URL"));
}
END_TEST

TCase *dsn_cases(void)
{
    TCase *cases = tcase_create("dsn");

    tcase_add_test(cases, dsn_of_any_stack_becomes_what_libpq_takes);
    tcase_add_test(cases, dsn_that_is_wrong_is_diagnosed_without_its_password);
    tcase_add_test(cases, dsn_is_put_together_from_parts_with_any_password);
    tcase_add_test(cases, dsn_parts_that_are_wrong_are_diagnosed);
    return cases;
}
