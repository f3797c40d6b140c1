/* test_redis_info.c - module/probe/redis_info.c */
/* SPDX-License-Identifier: MIT */
#include "probe/redis_info.h"

#include "suite.h"

static const char healthy[] = "# Server\r\nredis_version:7.0.15\r\n\r\n# Clients\r\n"
                              "connected_clients:12\r\n\r\n# Memory\r\nused_memory:1000\r\n"
                              "used_memory_human:1.00K\r\nmaxmemory:4000\r\n"
                              "maxmemory_policy:noeviction\r\nmem_not_counted_for_evict:0\r\n"
                              "# Persistence\r\nloading:0\r\nrdb_last_bgsave_status:ok\r\n"
                              "aof_last_write_status:ok\r\n# Replication\r\nrole:master\r\n";

static struct outcome judge(const char *text)
{
    struct outcome outcome = { 0 };
    struct redis_info info;

    redis_info_parse(slice_of(text), &info);
    redis_info_judge(&info, &outcome);
    return outcome;
}

START_TEST(a_healthy_server_shows_its_facts)
{
    struct outcome outcome = judge(healthy);

    ck_assert_int_eq(outcome.status, OUTCOME_OK);
    ck_assert(outcome.has_facts);
    ck_assert_int_eq(outcome.facts.redis.memory_used_bytes, 1000);
    ck_assert_int_eq(outcome.facts.redis.memory_max_bytes, 4000);
    ck_assert_int_eq(outcome.facts.redis.connected_clients, 12);
    ck_assert_str_eq(outcome.facts.redis.role, "master");
}
END_TEST

START_TEST(what_info_leaves_out_is_unknown_and_no_fault)
{
    struct outcome outcome = judge("");

    ck_assert_int_eq(outcome.status, OUTCOME_OK);
    ck_assert_int_eq(outcome.facts.redis.memory_used_bytes, -1);
    ck_assert_int_eq(outcome.facts.redis.memory_max_bytes, -1);
    ck_assert_int_eq(outcome.facts.redis.connected_clients, -1);
    ck_assert_str_eq(outcome.facts.redis.role, "");
}
END_TEST

START_TEST(what_a_pong_hides_is_told)
{
    static const struct {
        const char *text;
        enum outcome_status status;
        enum health_reason reason;
    } cases[] = {
        { "loading:1\r\n", OUTCOME_ERROR, HEALTH_REASON_LOADING },
        { "role:slave\nslave_read_only:1\nmaster_link_status:up\n", OUTCOME_ERROR,
          HEALTH_REASON_READ_ONLY },
        { "role:slave\n", OUTCOME_ERROR, HEALTH_REASON_READ_ONLY },
        { "role:slave\nslave_read_only:0\nmaster_link_status:up\n", OUTCOME_OK,
          HEALTH_REASON_NONE },
        { "role:slave\nslave_read_only:1\nmaster_link_status:down\n", OUTCOME_ERROR,
          HEALTH_REASON_REPLICA_LINK_DOWN },
        { "used_memory:100\nmaxmemory:100\nmaxmemory_policy:noeviction\n", OUTCOME_DEGRADED,
          HEALTH_REASON_OUT_OF_MEMORY },
        { "used_memory:100\nmaxmemory:100\nmaxmemory_policy:allkeys-lru\n", OUTCOME_OK,
          HEALTH_REASON_NONE },
        { "used_memory:100\nmaxmemory:0\nmaxmemory_policy:noeviction\n", OUTCOME_OK,
          HEALTH_REASON_NONE },
        { "used_memory:104\nmaxmemory:100\nmaxmemory_policy:noeviction\n"
          "mem_not_counted_for_evict:5\n",
          OUTCOME_OK, HEALTH_REASON_NONE },
        { "rdb_last_bgsave_status:err\n", OUTCOME_DEGRADED, HEALTH_REASON_PERSISTENCE },
        { "aof_last_write_status:err\n", OUTCOME_DEGRADED, HEALTH_REASON_PERSISTENCE },
        { "rdb_last_bgsave_status:err\nrole:slave\n", OUTCOME_ERROR, HEALTH_REASON_READ_ONLY },
        { "loading:x\nused_memory:-5\nmaxmemory:99999999999999999999\nrole\n:\n\n", OUTCOME_OK,
          HEALTH_REASON_NONE },
        { "role:a-very-long-word-that-does-not-fit\n", OUTCOME_OK, HEALTH_REASON_NONE },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = judge(cases[i].text);

        ck_assert_msg(outcome.status == cases[i].status, "%s", cases[i].text);
        ck_assert_msg(outcome.reason == cases[i].reason, "%s", cases[i].text);
    }
}
END_TEST

TCase *redis_info_cases(void)
{
    TCase *cases = tcase_create("redis_info");

    tcase_add_test(cases, a_healthy_server_shows_its_facts);
    tcase_add_test(cases, what_info_leaves_out_is_unknown_and_no_fault);
    tcase_add_test(cases, what_a_pong_hides_is_told);
    return cases;
}
