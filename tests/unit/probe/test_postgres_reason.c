/* test_postgres_reason.c - module/probe/postgres_reason.c */
/* SPDX-License-Identifier: MIT */
#include "probe/postgres_reason.h"

#include "suite.h"

#include <errno.h>

START_TEST(failures_of_postgres_have_reasons)
{
    static const struct {
        const char *sqlstate;
        int code;
        const char *words;
        enum health_reason reason;
    } cases[] = {
        { "", ECONNREFUSED, "Connection refused", HEALTH_REASON_REFUSED },
        { "", ETIMEDOUT, "no answer within the deadline", HEALTH_REASON_TIMEOUT },
        { "", EHOSTUNREACH, "could not translate host name", HEALTH_REASON_NAME_NOT_RESOLVED },
        { "", EIO, "connect: No route to host", HEALTH_REASON_UNREACHABLE },
        { "", EIO, "server closed the connection unexpectedly", HEALTH_REASON_CLOSED },
        { "", ECONNRESET, "", HEALTH_REASON_CLOSED },
        { "", EPROTO, "received invalid response to SSL negotiation: H", HEALTH_REASON_PROTOCOL },
        { "", EIO, "expected authentication request from server, but received H",
          HEALTH_REASON_PROTOCOL },
        { "", EPROTO, "SSL error: certificate verify failed", HEALTH_REASON_TLS_FAILED },
        { "", EPROTO, "server does not support SSL, but SSL was required",
          HEALTH_REASON_TLS_FAILED },
        { "28P01", EACCES, "password authentication failed", HEALTH_REASON_AUTHENTICATION },
        { "28000", EACCES, "no pg_hba.conf entry for host", HEALTH_REASON_AUTHENTICATION },
        { "", EACCES, "no such user", HEALTH_REASON_AUTHENTICATION }, /* PgBouncer */
        { "3D000", ENOENT, "database \"x\" does not exist", HEALTH_REASON_NO_DATABASE },
        { "53300", EAGAIN, "sorry, too many clients already", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "57P03", EAGAIN, "the database system is starting up", HEALTH_REASON_STARTING_UP },
        { "57P03", EAGAIN, "the database system is in recovery mode", HEALTH_REASON_STARTING_UP },
        { "57P03", EAGAIN, "the database system is shutting down", HEALTH_REASON_SHUTTING_DOWN },
        { "57P01", EPROTO, "terminating connection due to administrator command",
          HEALTH_REASON_SHUTTING_DOWN },
        { "57014", EPROTO, "canceling statement due to statement timeout", HEALTH_REASON_TIMEOUT },
        { "25006", EPROTO, "cannot execute in a read-only transaction", HEALTH_REASON_READ_ONLY },
        { "42501", EPROTO, "permission denied", HEALTH_REASON_PERMISSION },
        { "XX000", EPROTO, "something else", HEALTH_REASON_SERVER_ERROR },
        { "", EIO, "something else", HEALTH_REASON_SERVER_ERROR },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(postgres_reason(cases[i].sqlstate, cases[i].code, cases[i].words)
                          == cases[i].reason,
                      "%s %s", cases[i].sqlstate, cases[i].words);
}
END_TEST

TCase *postgres_reason_cases(void)
{
    TCase *cases = tcase_create("postgres_reason");

    tcase_add_test(cases, failures_of_postgres_have_reasons);
    return cases;
}
