/* test_redis_trend.c - module/probe/redis_trend.c */
/* SPDX-License-Identifier: MIT */
#include "probe/redis_trend.h"

#include "suite.h"

static const struct check_limits limits = { .evicted_per_minute = 60 };

/* One look at a server of 100 clients at most. */
static struct outcome look(struct redis_trend *trend, int64_t now_ms, int64_t evicted,
                           int64_t rejected)
{
    const struct redis_info info = { .evicted_keys = evicted,
                                     .rejected_connections = rejected,
                                     .connected_clients = 60,
                                     .maxclients = 100 };
    struct outcome outcome = { 0 };

    redis_trend_take(trend, &info, now_ms, &limits, &outcome);
    return outcome;
}

START_TEST(a_rate_needs_five_seconds)
{
    struct redis_trend trend = { .count = 0 };

    ck_assert_int_eq(look(&trend, 0, 1000, 0).facts.redis.evicted_per_minute, -1);
    ck_assert_int_eq(look(&trend, 4999, 1001, 0).facts.redis.evicted_per_minute, -1);
    ck_assert_int_eq(look(&trend, 5000, 1001, 0).facts.redis.evicted_per_minute, 12);
    ck_assert_int_eq(look(&trend, 6000, 1001, 0).facts.redis.evicted_per_minute, 10);
}
END_TEST

START_TEST(only_the_last_minute_counts)
{
    struct redis_trend trend = { .count = 0 };
    struct outcome outcome = { 0 };

    (void)look(&trend, 0, 0, 0);
    outcome = look(&trend, 10000, 61, 0);
    ck_assert_int_eq(outcome.facts.redis.evicted_per_minute, 366);
    ck_assert_int_eq(outcome.reason, HEALTH_REASON_EVICTING);
    ck_assert_int_eq(outcome.number, 366);
    for (int64_t now_ms = 11000; now_ms <= 60000; now_ms += 1000)
        outcome = look(&trend, now_ms, 61, 0);
    ck_assert_int_eq(outcome.facts.redis.evicted_per_minute, 61);
    for (int64_t now_ms = 61000; now_ms <= 76000; now_ms += 1000)
        outcome = look(&trend, now_ms, 61, 0);
    ck_assert_int_eq(outcome.facts.redis.evicted_per_minute, 0);
    ck_assert_int_eq(outcome.status, OUTCOME_OK);
}
END_TEST

START_TEST(rare_looks_are_enough_for_a_rate)
{
    struct redis_trend trend = { .count = 0 };

    (void)look(&trend, 0, 0, 0);
    ck_assert_int_eq(look(&trend, 600000, 20, 0).facts.redis.evicted_per_minute, 2);
    ck_assert_int_eq(look(&trend, 1200000, 21, 0).facts.redis.evicted_per_minute, 1);
}
END_TEST

START_TEST(a_server_that_counts_from_the_start_again_is_another)
{
    struct redis_trend trend = { .count = 0 };

    (void)look(&trend, 0, 1000, 0);
    ck_assert_int_eq(look(&trend, 10000, 10, 0).facts.redis.evicted_per_minute, -1);
    ck_assert_int_eq(look(&trend, 15000, 10, 0).facts.redis.evicted_per_minute, 0);
}
END_TEST

START_TEST(what_info_does_not_tell_stays_unknown)
{
    struct redis_trend trend = { .count = 0 };

    (void)look(&trend, 0, -1, -1);
    ck_assert_int_eq(look(&trend, 10000, -1, -1).facts.redis.evicted_per_minute, -1);
    ck_assert_int_eq(look(&trend, 20000, -1, 5).status, OUTCOME_OK);
}
END_TEST

START_TEST(clients_turned_away_at_the_limit_are_noticed)
{
    struct redis_trend trend = { .count = 0 };
    struct redis_info far = { .rejected_connections = 9,
                              .connected_clients = 1,
                              .maxclients = 100 };
    struct outcome outcome = { 0 };

    ck_assert_int_eq(look(&trend, 0, 0, 7).status, OUTCOME_OK); /* before our time */
    ck_assert_int_eq(look(&trend, 1000, 0, 8).reason, HEALTH_REASON_TOO_MANY_CONNECTIONS);
    ck_assert_int_eq(look(&trend, 2000, 0, 8).status, OUTCOME_OK);
    redis_trend_take(&trend, &far, 3000, &limits, &outcome); /* protected mode, for instance */
    ck_assert_int_eq(outcome.status, OUTCOME_OK);
}
END_TEST

TCase *redis_trend_cases(void)
{
    TCase *cases = tcase_create("redis_trend");

    tcase_add_test(cases, a_rate_needs_five_seconds);
    tcase_add_test(cases, only_the_last_minute_counts);
    tcase_add_test(cases, rare_looks_are_enough_for_a_rate);
    tcase_add_test(cases, a_server_that_counts_from_the_start_again_is_another);
    tcase_add_test(cases, what_info_does_not_tell_stays_unknown);
    tcase_add_test(cases, clients_turned_away_at_the_limit_are_noticed);
    return cases;
}
