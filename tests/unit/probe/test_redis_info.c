/* test_redis_info.c - module/probe/redis_info.c */
/* SPDX-License-Identifier: MIT */
#include "probe/redis_info.h"

#include "suite.h"

static const char healthy[] = "# Server\r\nredis_version:7.0.15\r\n\r\n# Clients\r\n"
                              "connected_clients:12\r\nmaxclients:100\r\nblocked_clients:3\r\n\r\n#"
                              " Memory\r\nused_memory:1000\r\n"
                              "used_memory_human:1.00K\r\nmaxmemory:4000\r\n"
                              "maxmemory_policy:noeviction\r\nmem_not_counted_for_evict:0\r\n"
                              "# Persistence\r\nloading:0\r\nrdb_last_bgsave_status:ok\r\n"
                              "aof_last_write_status:ok\r\n# Stats\r\nevicted_keys:7\r\n"
                              "rejected_connections:2\r\n# Replication\r\nrole:master\r\n"
                              "slave0:ip=::1,port=1,state=online,offset=9,lag=1\r\n"
                              "slave1:ip=::1,port=2,state=online,offset=7,lag=4\r\n"
                              "slave2:ip=::1,port=3,state=send_bulk,offset=0,lag=90\r\n"
                              "slave_expires_tracked_keys:0\r\n";

static struct outcome judge_within(const char *text, const struct check_limits *limits)
{
    struct outcome outcome = { 0 };
    struct redis_info info;

    redis_info_parse(slice_of(text), &info);
    redis_info_judge(&info, limits, &outcome);
    return outcome;
}

static struct outcome judge(const char *text)
{
    const struct check_limits none = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };

    return judge_within(text, &none);
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
    ck_assert_int_eq(outcome.facts.redis.max_clients, 100);
    ck_assert_int_eq(outcome.facts.redis.blocked_clients, 3);
    ck_assert_int_eq(outcome.facts.redis.evicted_keys, 7);
    ck_assert_int_eq(outcome.facts.redis.evicted_per_minute, -1);
    ck_assert_int_eq(outcome.facts.redis.rejected_connections, 2);
    ck_assert_str_eq(outcome.facts.redis.master_link, "");
    ck_assert_str_eq(outcome.facts.redis.last_save, "ok");
    ck_assert_str_eq(outcome.facts.redis.last_append, "ok");
    ck_assert_str_eq(outcome.facts.redis.eviction_policy, "noeviction");
}
END_TEST

START_TEST(a_masters_lag_is_that_of_its_worst_replica_and_a_replicas_is_its_own)
{
    static const char replica[] = "role:slave\nmaster_link_status:up\nslave_read_only:1\n"
                                  "master_last_io_seconds_ago:8\n";
    struct outcome outcome = judge(healthy);

    ck_assert_int_eq(outcome.facts.redis.replication_lag_ms, 4000);
    outcome = judge(replica);
    ck_assert_int_eq(outcome.facts.redis.replication_lag_ms, 8000);
    ck_assert_str_eq(outcome.facts.redis.master_link, "up");
    outcome = judge("role:master\nmaster_last_io_seconds_ago:-1\n");
    ck_assert_int_eq(outcome.facts.redis.replication_lag_ms, -1);
}
END_TEST

/* Nobody has that many bytes, clients or seconds: whoever says so is not believed. */
START_TEST(numbers_that_nothing_can_be_computed_of_are_unknown)
{
    struct outcome outcome = judge("role:slave\nslave_read_only:0\nmaster_link_status:up\n"
                                   "master_last_io_seconds_ago:72057594037927935\n"
                                   "used_memory:9223372036854775807\n"
                                   "maxmemory:9007199254740991\n");

    ck_assert_int_eq(outcome.status, OUTCOME_OK);
    ck_assert_int_eq(outcome.facts.redis.replication_lag_ms, -1);
    ck_assert_int_eq(outcome.facts.redis.memory_used_bytes, -1);
    ck_assert_int_eq(outcome.facts.redis.memory_max_bytes, 9007199254740991);
    outcome = judge("role:master\nslave0:state=online,lag=9007199254740991\n");
    ck_assert_int_eq(outcome.facts.redis.replication_lag_ms, 9007199254740991000);
}
END_TEST

START_TEST(what_info_leaves_out_is_unknown_and_no_fault)
{
    struct outcome outcome = judge("");

    ck_assert_int_eq(outcome.status, OUTCOME_OK);
    ck_assert_int_eq(outcome.facts.redis.memory_used_bytes, -1);
    ck_assert_int_eq(outcome.facts.redis.memory_max_bytes, -1);
    ck_assert_int_eq(outcome.facts.redis.connected_clients, -1);
    ck_assert_int_eq(outcome.facts.redis.replication_lag_ms, -1);
    ck_assert_str_eq(outcome.facts.redis.role, "");
}
END_TEST

START_TEST(an_answer_without_a_known_field_is_noticed)
{
    static const struct {
        const char *text;
        int known;
    } cases[] = { { "", 0 },
                  { "# Server\r\n\r\n", 0 },
                  { "hello\n", 0 },
                  { "loading:0\n", 1 },
                  { "role:master\nslave0:x\n", 2 },
                  { "slave:1\nslavex:1\n", 0 } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redis_info info;

        redis_info_parse(slice_of(cases[i].text), &info);
        ck_assert_msg(info.known_fields == cases[i].known, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(limits_decide_beyond_them_and_not_at_them)
{
    static const struct check_limits limits = { .latency_ms = -1,
                                                .certificate_days = -1,
                                                .connections_percent = 80,
                                                .replication_lag_ms = 3000,
                                                .memory_percent = 90,
                                                .evicted_per_minute = -1,
                                                .blocked_clients = 5 };
    static const struct {
        const char *text;
        enum health_reason reason;
        int64_t number;
    } cases[] = {
        { "used_memory:900\nmaxmemory:1000\n", HEALTH_REASON_NONE, 0 },
        { "used_memory:901\nmaxmemory:1000\n", HEALTH_REASON_MEMORY_HIGH, 91 },
        { "used_memory:950\nmaxmemory:1000\nmem_not_counted_for_evict:50\n", HEALTH_REASON_NONE,
          0 },
        { "used_memory:901\nmaxmemory:0\n", HEALTH_REASON_NONE, 0 },
        { "used_memory:901\nmaxmemory:1000\nmaxmemory_policy:allkeys-lru\n", HEALTH_REASON_NONE,
          0 },
        { "used_memory:901\nmaxmemory:1000\nmaxmemory_policy:volatile-ttl\n",
          HEALTH_REASON_MEMORY_HIGH, 91 },
        { "connected_clients:80\nmaxclients:100\n", HEALTH_REASON_NONE, 0 },
        { "connected_clients:81\nmaxclients:100\n", HEALTH_REASON_CONNECTIONS_HIGH, 81 },
        { "connected_clients:81\n", HEALTH_REASON_NONE, 0 },
        { "blocked_clients:5\n", HEALTH_REASON_NONE, 0 },
        { "blocked_clients:6\n", HEALTH_REASON_BLOCKED_CLIENTS, 6 },
        { "role:master\nslave0:state=online,lag=3\n", HEALTH_REASON_NONE, 0 },
        { "role:master\nslave0:state=online,lag=4\n", HEALTH_REASON_REPLICATION_LAG, 4 },
        { "role:slave\nslave_read_only:0\nmaster_last_io_seconds_ago:4\n",
          HEALTH_REASON_REPLICATION_LAG, 4 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = judge_within(cases[i].text, &limits);

        ck_assert_msg(outcome.reason == cases[i].reason, "%s", cases[i].text);
        ck_assert_msg(outcome.number == cases[i].number, "%s", cases[i].text);
        ck_assert_int_eq(outcome.status,
                         outcome.reason == HEALTH_REASON_NONE ? OUTCOME_OK : OUTCOME_DEGRADED);
    }
}
END_TEST

START_TEST(a_cluster_that_is_down_is_an_error)
{
    static const struct {
        const char *text;
        enum outcome_status status;
    } cases[] = {
        { "cluster_state:ok\r\ncluster_slots_fail:0\r\n", OUTCOME_OK },
        { "cluster_state:fail\r\ncluster_slots_fail:1\r\n", OUTCOME_ERROR },
        { "", OUTCOME_OK },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct outcome outcome = { 0 };

        redis_info_judge_cluster(slice_of(cases[i].text), &outcome);
        ck_assert_msg(outcome.status == cases[i].status, "%s", cases[i].text);
    }
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
        { "aof_last_bgrewrite_status:err\n", OUTCOME_DEGRADED, HEALTH_REASON_PERSISTENCE },
        { "connected_clients:10\nmaxclients:10\n", OUTCOME_DEGRADED,
          HEALTH_REASON_TOO_MANY_CONNECTIONS },
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
    tcase_add_test(cases, a_masters_lag_is_that_of_its_worst_replica_and_a_replicas_is_its_own);
    tcase_add_test(cases, numbers_that_nothing_can_be_computed_of_are_unknown);
    tcase_add_test(cases, an_answer_without_a_known_field_is_noticed);
    tcase_add_test(cases, limits_decide_beyond_them_and_not_at_them);
    tcase_add_test(cases, a_cluster_that_is_down_is_an_error);
    tcase_add_test(cases, what_info_leaves_out_is_unknown_and_no_fault);
    tcase_add_test(cases, what_a_pong_hides_is_told);
    return cases;
}
