/* test_upstash_reply.c - module/probe/upstash_reply.c */
/* SPDX-License-Identifier: MIT */
#include "probe/upstash_reply.h"

#include "suite.h"

#define INFO_TEXT                                              \
    "{\"result\": \"# Server\\r\\nredis_version:6.2.6\\r\\n# " \
    "Clients\\r\\nconnected_clients:3\\r\\n"                   \
    "# Memory\\r\\nused_memory:1048576\\r\\nmaxmemory:67108864\\r\\n\"}"
#define PONG           "{\"result\": \"PONG\"}"
#define REFUSED(words) "{\"error\": \"" words "\"}"

START_TEST(an_answer_is_judged_by_each_of_its_parts)
{
    static const struct {
        int http_status;
        const char *body;
        bool has_answered;
        enum outcome_status status;
        enum health_reason reason;
    } cases[] = {
        { 200, "[" INFO_TEXT "," PONG "]", true, OUTCOME_OK, HEALTH_REASON_NONE },
        { 200, "[" REFUSED("NOPERM this user has no permissions") "," PONG "]", true,
          OUTCOME_DEGRADED, HEALTH_REASON_INFO_REFUSED },
        { 200, "[{\"result\": \"# Memory\\r\\n\"}," PONG "]", true, OUTCOME_DEGRADED,
          HEALTH_REASON_PROTOCOL },
        { 200,
          "[" REFUSED("ERR max daily request limit exceeded") "," REFUSED(
              "ERR max daily request limit exceeded") "]",
          true, OUTCOME_ERROR, HEALTH_REASON_QUOTA },
        { 200, "[" INFO_TEXT ",{\"result\": \"PANG\"}]", true, OUTCOME_ERROR,
          HEALTH_REASON_PROTOCOL },
        { 200, "[" INFO_TEXT ",{}]", true, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL },
        { 200, "[" PONG "]", false, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL },
        { 200, PONG, false, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL },
        { 200, "<html>", false, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL },
        { 200, "", false, OUTCOME_ERROR, HEALTH_REASON_PROTOCOL },
        { 401, REFUSED("WRONGPASS invalid or missing auth token"), false, OUTCOME_ERROR,
          HEALTH_REASON_AUTHENTICATION },
        { 401, "", false, OUTCOME_ERROR, HEALTH_REASON_AUTHENTICATION },
        { 400, REFUSED("ERR max daily request limit exceeded"), false, OUTCOME_ERROR,
          HEALTH_REASON_QUOTA },
        { 400, REFUSED("ERR max requests limit exceeded. Limit: 500000, Usage: 500000"), false,
          OUTCOME_ERROR, HEALTH_REASON_QUOTA },
        { 400, REFUSED("ERR DB capacity quota exceeded"), false, OUTCOME_ERROR,
          HEALTH_REASON_QUOTA },
        { 400, REFUSED("ERR max concurrent connections exceeded"), false, OUTCOME_ERROR,
          HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { 400, REFUSED("NOPERM this token is read-only"), false, OUTCOME_ERROR,
          HEALTH_REASON_PERMISSION },
        { 400, REFUSED("ERR something new"), false, OUTCOME_ERROR, HEALTH_REASON_SERVER_ERROR },
        { 502, "<html>", false, OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS },
        { 302, "", false, OUTCOME_ERROR, HEALTH_REASON_HTTP_STATUS },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct redis_info info;
        struct outcome outcome = { 0 };

        ck_assert_int_eq(
            upstash_reply_take(cases[i].http_status, slice_of(cases[i].body), &info, &outcome),
            cases[i].has_answered);
        ck_assert_msg(outcome.status == cases[i].status && outcome.reason == cases[i].reason,
                      "case %zu: %d %d", i, (int)outcome.status, (int)outcome.reason);
        ck_assert_int_eq(info.used_memory, i == 0 || i == 4 || i == 5 ? 1048576 : -1);
    }
}
END_TEST

TCase *upstash_reply_cases(void)
{
    TCase *cases = tcase_create("upstash_reply");

    tcase_add_test(cases, an_answer_is_judged_by_each_of_its_parts);
    return cases;
}
