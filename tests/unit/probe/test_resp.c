/* test_resp.c - module/probe/resp.c: what error replies mean. */
/* SPDX-License-Identifier: MIT */
#include "probe/resp.h"

#include "suite.h"

START_TEST(error_replies_have_reasons)
{
    static const struct {
        const char *words;
        enum health_reason reason;
    } cases[] = {
        { "LOADING Redis is loading the dataset in memory", HEALTH_REASON_LOADING },
        { "NOAUTH Authentication required.", HEALTH_REASON_AUTHENTICATION_REQUIRED },
        { "CLUSTERDOWN Hash slot not served", HEALTH_REASON_CLUSTER_DOWN },
        { "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
          HEALTH_REASON_SCRIPT_RUNNING },
        { "BUSYKEY Target key name already exists.", HEALTH_REASON_SERVER_ERROR },
        { "ERR max requests limit exceeded. Limit: 500000", HEALTH_REASON_QUOTA },
        { "WRONGPASS invalid username-password pair or user is disabled.",
          HEALTH_REASON_AUTHENTICATION },
        { "ERR AUTH <password> called without any password configured for the default user. "
          "Are you sure your configuration is correct?",
          HEALTH_REASON_AUTHENTICATION },
        { "NOPERM this user has no permissions to run the 'info' command",
          HEALTH_REASON_PERMISSION },
        { "READONLY You can't write against a read only replica.", HEALTH_REASON_READ_ONLY },
        { "OOM command not allowed when used memory > 'maxmemory'.", HEALTH_REASON_OUT_OF_MEMORY },
        { "MISCONF Redis is configured to save RDB snapshots", HEALTH_REASON_PERSISTENCE },
        { "MASTERDOWN Link with MASTER is down", HEALTH_REASON_REPLICA_LINK_DOWN },
        { "ERR max number of clients reached", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "ERR DB index is out of range", HEALTH_REASON_NO_DATABASE },
        { "ERR unknown command", HEALTH_REASON_SERVER_ERROR },
        { "", HEALTH_REASON_SERVER_ERROR },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(resp_reason(slice_of(cases[i].words)) == cases[i].reason, "%s",
                      cases[i].words);
}
END_TEST

TCase *resp_cases(void)
{
    TCase *cases = tcase_create("resp");

    tcase_add_test(cases, error_replies_have_reasons);
    return cases;
}
