/* test_postgres_tls.c - module/probe/postgres_tls.c */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/postgres_tls.h"

#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(places_are_where_libpq_would_connect)
{
    static const struct {
        const char *conninfo;
        int count;
        int at;
        const char *name;
        const char *address;
        const char *socket_path;
        int port;
    } cases[] = {
        { "postgresql://u:p@db.internal/app", 1, 0, "db.internal", "db.internal", "", 5432 },
        { "postgresql://u:p@db:6432/app", 1, 0, "db", "db", "", 6432 },
        { "postgresql://u@[::1]:6/app", 1, 0, "::1", "::1", "", 6 },
        { "postgresql://u@a:1,b:2/app", 2, 1, "b", "b", "", 2 },
        { "host=a,b port=7 dbname=x", 2, 1, "b", "b", "", 7 }, /* the one port is everybody's */
        { "host=db hostaddr=10.0.0.7", 1, 0, "db", "10.0.0.7", "", 5432 },
        { "hostaddr=10.0.0.7", 1, 0, "10.0.0.7", "10.0.0.7", "", 5432 },
        { "host=/tmp port=99", 1, 0, NULL, NULL, "/tmp/.s.PGSQL.99", 99 },
        { "dbname=app", 1, 0, NULL, NULL, "/var/run/postgresql/.s.PGSQL.5432", 5432 },
        { "host=a,b,c,d,e,f,g,h,i,j", POSTGRES_PLACES, 7, "h", "h", "", 5432 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(postgres_places_done) struct postgres_places places;
        const struct postgres_place *place;

        ck_assert_int_eq(postgres_places_read(cases[i].conninfo, &places, NULL), 0);
        ck_assert_int_eq(places.count, cases[i].count);
        place = &places.items[cases[i].at];
        ck_assert_pstr_eq(place->name, cases[i].name);
        ck_assert_pstr_eq(place->address, cases[i].address);
        ck_assert_str_eq(place->socket_path, cases[i].socket_path);
        ck_assert_int_eq(place->port, cases[i].port);
    }
}
END_TEST

START_TEST(what_the_address_leaves_out_comes_from_the_environment)
{
    AUTO(postgres_places_done) struct postgres_places places;

    (void)setenv("PGSSLMODE", "verify-full", 1);
    (void)setenv("PGSSLROOTCERT", "/etc/ca.pem", 1);
    ck_assert_int_eq(postgres_places_read("host=db sslmode=require", &places, NULL), 0);
    ck_assert_int_eq(places.sslmode, POSTGRES_TLS_REQUIRE);
    ck_assert_str_eq(places.ca_file, "/etc/ca.pem");
    postgres_places_done(&places);
    ck_assert_int_eq(postgres_places_read("host=db", &places, NULL), 0);
    ck_assert_int_eq(places.sslmode, POSTGRES_TLS_VERIFY_FULL);
    (void)unsetenv("PGSSLMODE");
    (void)unsetenv("PGSSLROOTCERT");
}
END_TEST

START_TEST(modes_and_wishes_of_the_address)
{
    static const struct {
        const char *conninfo;
        enum postgres_sslmode sslmode;
        bool wants_replica;
    } cases[] = {
        { "host=db", POSTGRES_TLS_PREFER, false },
        { "host=db sslmode=disable", POSTGRES_TLS_DISABLE, false },
        { "host=db sslmode=allow", POSTGRES_TLS_PREFER, false },
        { "host=db sslmode=verify-ca", POSTGRES_TLS_VERIFY_CA, false },
        { "host=db target_session_attrs=read-write", POSTGRES_TLS_PREFER, false },
        { "host=db target_session_attrs=standby", POSTGRES_TLS_PREFER, true },
        { "postgresql://db/a?target_session_attrs=prefer-standby", POSTGRES_TLS_PREFER, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(postgres_places_done) struct postgres_places places;

        ck_assert_int_eq(postgres_places_read(cases[i].conninfo, &places, NULL), 0);
        ck_assert_int_eq(places.sslmode, cases[i].sslmode);
        ck_assert(places.wants_replica == cases[i].wants_replica);
    }
}
END_TEST

START_TEST(what_libpq_does_not_understand_is_said_so)
{
    AUTO(postgres_places_done) struct postgres_places places;
    struct error err = { 0 };

    ck_assert_int_eq(postgres_places_read("host=db nonsense=1", &places, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.text, "does not understand"));
}
END_TEST

TCase *postgres_tls_cases(void)
{
    TCase *cases = tcase_create("postgres_tls");

    tcase_add_test(cases, places_are_where_libpq_would_connect);
    tcase_add_test(cases, what_the_address_leaves_out_comes_from_the_environment);
    tcase_add_test(cases, modes_and_wishes_of_the_address);
    tcase_add_test(cases, what_libpq_does_not_understand_is_said_so);
    return cases;
}
