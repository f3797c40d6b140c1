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
        { "", EPROTO, "SSL error: certificate verify failed", HEALTH_REASON_CERTIFICATE_UNTRUSTED },
        { "", EPROTO, "root certificate file \"/x\" does not exist",
          HEALTH_REASON_CERTIFICATE_UNTRUSTED },
        { "", EPROTO, "server certificate for \"a\" does not match host name \"b\"",
          HEALTH_REASON_CERTIFICATE_NAME },
        { "", EPROTO, "SSL error: tlsv1 alert unknown ca", HEALTH_REASON_CERTIFICATE_REFUSED },
        { "", EPROTO, "SSL error: tlsv13 alert certificate required",
          HEALTH_REASON_CERTIFICATE_REFUSED },
        { "", EPROTO, "SSL error: unsupported protocol", HEALTH_REASON_TLS_FAILED },
        { "", EPROTO, "server does not support SSL, but SSL was required",
          HEALTH_REASON_TLS_FAILED },
        { "", EACCES, "fe_sendauth: no password supplied", HEALTH_REASON_AUTHENTICATION_REQUIRED },
        { "28P01", EACCES, "password authentication failed", HEALTH_REASON_AUTHENTICATION },
        { "28000", EACCES, "no pg_hba.conf entry for host", HEALTH_REASON_NOT_ADMITTED },
        { "28000", EACCES, "pg_hba.conf rejects connection for host", HEALTH_REASON_NOT_ADMITTED },
        { "28000", EACCES, "role \"x\" does not exist", HEALTH_REASON_AUTHENTICATION },
        { "28000", EACCES, "connection requires a valid client certificate",
          HEALTH_REASON_CERTIFICATE_REFUSED },
        { "08P01", EACCES, "no such user: x", HEALTH_REASON_AUTHENTICATION },
        { "08P01", EACCES, "SSL required", HEALTH_REASON_TLS_REQUIRED },
        { "08P01", EIO, "something else", HEALTH_REASON_PROTOCOL },
        { "08P01", ENOENT, "no such database: x", HEALTH_REASON_NO_DATABASE },
        { "08P01", EIO, "query_wait_timeout", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "08P01", EIO, "server login has been failing, try again later", HEALTH_REASON_POOLER },
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
        { "53100", EPROTO, "could not extend file: No space left on device",
          HEALTH_REASON_DISK_FULL },
        { "53200", EPROTO, "out of memory", HEALTH_REASON_SERVER_MEMORY },
        { "58030", EPROTO, "could not read block 0", HEALTH_REASON_STORAGE },
        { "XX001", EPROTO, "invalid page in block 0", HEALTH_REASON_STORAGE },
        { "57P04", EPROTO, "terminating connection due to conflict with recovery",
          HEALTH_REASON_NO_DATABASE },
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
