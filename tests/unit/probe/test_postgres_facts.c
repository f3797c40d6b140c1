/* test_postgres_facts.c - module/probe/postgres_facts.c */
/* SPDX-License-Identifier: MIT */
#include "probe/postgres_facts.h"

#include "suite.h"

#include <string.h>

enum { COLUMNS = 14 };

/* A row as libpq hands it out; NULL cells are SQL's. */
static PGresult *make_row(const char *const cells[COLUMNS], int count)
{
    static char name[] = "c";
    PGresult *row = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc columns[COLUMNS];

    for (int i = 0; i < count; i++)
        columns[i] = (PGresAttDesc){ .name = name };
    ck_assert(PQsetResultAttrs(row, count, columns) == 1);
    for (int i = 0; i < count; i++) {
        char copy[64] = "";

        if (cells[i] != NULL)
            memcpy(copy, cells[i], strlen(cells[i]) + 1);
        ck_assert(PQsetvalue(row, 0, i, copy, cells[i] == NULL ? -1 : (int)strlen(copy)) == 1);
    }
    return row;
}

static bool take(struct postgres_facts *facts, const char *const cells[COLUMNS], int64_t now_ms)
{
    PGresult *row = make_row(cells, COLUMNS);
    bool read_only = postgres_facts_take(facts, POSTGRES_REPLICATION, row, now_ms);

    PQclear(row);
    return read_only;
}

START_TEST(a_primary_tells_of_sessions_and_replicas)
{
    static const char *const cells[COLUMNS] = {
        "0",  "0",   "15.8 (Debian 15.8-1)", "100", "97", "1", "41", "3", "400", NULL, "9000", "2",
        "30", "9000"
    };
    struct postgres_facts facts;

    postgres_facts_init(&facts);
    ck_assert(!take(&facts, cells, 1000));
    ck_assert_str_eq(facts.shown.server_version, "15.8");
    ck_assert_int_eq(facts.shown.server_max_connections, 100);
    ck_assert_int_eq(facts.connections_allowed, 97);
    ck_assert_int_eq(facts.shown.server_connections, 41);
    ck_assert_int_eq(facts.shown.pool_checked_out, 3);
    ck_assert_int_eq(facts.shown.longest_query_ms, 400);
    ck_assert_int_eq(facts.shown.replicas, 2);
    ck_assert_int_eq(facts.shown.replication_lag_ms, 30);
    ck_assert_int_eq(facts.shown.in_recovery, 0);
    ck_assert_int_eq(facts.due_ms, 6000);
}
END_TEST

START_TEST(numbers_that_nothing_can_be_computed_of_are_unknown)
{
    static const char *const cells[COLUMNS] = { "0",
                                                "0",
                                                "15.8",
                                                "9223372036854775807",
                                                "97",
                                                "1",
                                                "4611686018427387904",
                                                "0",
                                                "9223372036854775807",
                                                NULL,
                                                "9000",
                                                "0",
                                                NULL,
                                                NULL };
    const struct check_limits limits = { .connections_percent = 1,
                                         .longest_query_ms = 1,
                                         .replication_lag_ms = 1 };
    struct outcome outcome = { 0 };
    struct postgres_facts facts;

    postgres_facts_init(&facts);
    ck_assert(!take(&facts, cells, 1000));
    ck_assert_int_eq(facts.shown.server_max_connections, -1);
    ck_assert_int_eq(facts.shown.server_connections, -1);
    ck_assert_int_eq(facts.shown.longest_query_ms, -1);
    postgres_facts_judge(&facts, &limits, &outcome);
    ck_assert_int_eq(outcome.status, OUTCOME_OK);
}
END_TEST

START_TEST(what_a_role_may_not_see_is_unknown_and_never_nothing)
{
    static const char *const cells[COLUMNS] = { "0", "0", "15.8", "100",  "97", "0",  "41",
                                                "0", "0", NULL,   "9000", "0",  NULL, NULL };
    struct postgres_facts facts;

    postgres_facts_init(&facts);
    ck_assert(!take(&facts, cells, 0));
    ck_assert(!facts.shown.may_see_queries);
    ck_assert_int_eq(facts.shown.longest_query_ms, -1);
    ck_assert_int_eq(facts.shown.replicas, -1);
    ck_assert_int_eq(facts.shown.replication_lag_ms, -1);
}
END_TEST

START_TEST(a_standby_tells_its_own_lag_and_takes_no_writes)
{
    static const char *const cells[COLUMNS] = { "1", "0", "15.8", "100", "97", "0",  "4",
                                                "0", "0", "7000", NULL,  "0",  NULL, NULL };
    struct postgres_facts facts;

    postgres_facts_init(&facts);
    ck_assert(take(&facts, cells, 0));
    ck_assert_int_eq(facts.shown.in_recovery, 1);
    ck_assert_int_eq(facts.shown.replication_lag_ms, 7000);
}
END_TEST

START_TEST(a_replica_that_says_nothing_more_grows_old)
{
    struct postgres_facts facts;
    static const struct {
        int64_t now_ms, replicas, worst_lag_ms, worst_lsn, written_lsn, want;
    } looks[] = {
        { 0, 1, 2, 100, 100, 2 },           /* up to date */
        { 5000, 1, -1, 100, 100, 0 },       /* quiet */
        { 10000, 1, 2, 100, 200, 2 },       /* it has applied what was written at the last look */
        { 15000, 1, 2, 100, 300, 5000 },    /* and now it has not: its last word was good */
        { 20000, 1, 2, 190, 400, 10000 },   /* still not there */
        { 25000, 1, 9000, 200, 500, 9000 }, /* there, and it says itself how long it took */
        { 30000, 0, -1, -1, 600, -1 },      /* gone */
        { 35000, 1, 1, 590, 700, 1 },       /* another one */
    };

    postgres_facts_init(&facts);
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        const struct postgres_replication said = { .own_lag_ms = -1,
                                                   .replicas = looks[i].replicas,
                                                   .worst_lag_ms = looks[i].worst_lag_ms,
                                                   .worst_lsn = looks[i].worst_lsn,
                                                   .written_lsn = looks[i].written_lsn };

        facts.shown.in_recovery = 0;
        ck_assert_msg(postgres_facts_lag(&facts, &said, looks[i].now_ms) == looks[i].want,
                      "look %zu", i);
    }
}
END_TEST

START_TEST(what_exceeds_a_limit_is_degraded_and_rounded_up)
{
    static const struct {
        int64_t connections, lag_ms, longest_ms;
        enum outcome_status status;
        enum health_reason reason;
        int64_t number;
    } cases[] = {
        { 80, 1000, 60000, OUTCOME_OK, HEALTH_REASON_NONE, 0 }, /* at the limit */
        { 81, 0, 0, OUTCOME_DEGRADED, HEALTH_REASON_CONNECTIONS_HIGH, 81 },
        { 0, 1001, 0, OUTCOME_DEGRADED, HEALTH_REASON_REPLICATION_LAG, 2 },
        { 0, 0, 60001, OUTCOME_DEGRADED, HEALTH_REASON_LONG_QUERY, 61 },
        { -1, -1, -1, OUTCOME_OK, HEALTH_REASON_NONE, 0 }, /* unknown */
    };
    const struct check_limits limits = { .latency_ms = -1,
                                         .certificate_days = -1,
                                         .connections_percent = 80,
                                         .replication_lag_ms = 1000,
                                         .longest_query_ms = 60000 };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct postgres_facts facts;
        struct outcome outcome = { .status = OUTCOME_OK };
        struct outcome unbound = { .status = OUTCOME_OK };
        const struct check_limits none = { .connections_percent = -1,
                                           .replication_lag_ms = -1,
                                           .longest_query_ms = -1 };

        postgres_facts_init(&facts);
        facts.due_ms = 5000;
        facts.connections_allowed = 100;
        facts.shown.server_connections = cases[i].connections;
        facts.shown.replication_lag_ms = cases[i].lag_ms;
        facts.shown.longest_query_ms = cases[i].longest_ms;
        postgres_facts_judge(&facts, &limits, &outcome);
        ck_assert_int_eq(outcome.status, cases[i].status);
        ck_assert_int_eq(outcome.reason, cases[i].reason);
        ck_assert_int_eq(outcome.number, cases[i].number);
        ck_assert_int_eq(facts.due_ms, cases[i].status == OUTCOME_OK ? 5000 : 1000);
        postgres_facts_judge(&facts, &none, &unbound);
        ck_assert_int_eq(unbound.status, OUTCOME_OK);
    }
}
END_TEST

START_TEST(a_server_that_knows_less_is_asked_less)
{
    struct postgres_facts facts;
    char sql[POSTGRES_SQL_BYTES];

    postgres_facts_init(&facts);
    facts.shown.replicas = 3;
    postgres_facts_ask(facts.detail, 1000, sql);
    ck_assert_ptr_nonnull(strstr(sql, "pg_stat_replication"));
    ck_assert(strlen(sql) < POSTGRES_SQL_BYTES - 1);
    postgres_facts_ask_less(&facts);
    ck_assert_int_eq(facts.shown.replicas, -1);
    postgres_facts_ask(facts.detail, 1000, sql);
    ck_assert_ptr_null(strstr(sql, "pg_stat_replication"));
    ck_assert_ptr_nonnull(strstr(sql, "pg_stat_activity"));
    postgres_facts_ask_less(&facts);
    postgres_facts_ask(facts.detail, 1000, sql);
    ck_assert_ptr_null(strstr(sql, "FROM"));
}
END_TEST

TCase *postgres_facts_cases(void)
{
    TCase *cases = tcase_create("postgres_facts");

    tcase_add_test(cases, a_primary_tells_of_sessions_and_replicas);
    tcase_add_test(cases, numbers_that_nothing_can_be_computed_of_are_unknown);
    tcase_add_test(cases, what_a_role_may_not_see_is_unknown_and_never_nothing);
    tcase_add_test(cases, a_standby_tells_its_own_lag_and_takes_no_writes);
    tcase_add_test(cases, a_replica_that_says_nothing_more_grows_old);
    tcase_add_test(cases, what_exceeds_a_limit_is_degraded_and_rounded_up);
    tcase_add_test(cases, a_server_that_knows_less_is_asked_less);
    return cases;
}
