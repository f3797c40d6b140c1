/* postgres_reason.c - SQLSTATEs first, because words are translated; then words, then errno. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/postgres_reason.h"

#include "base/auto.h"

#include <errno.h>
#include <string.h>

/* Prefixes of codes, the longer ones first (PostgreSQL 15, appendix A). */
static enum health_reason reason_of_state(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum health_reason reason;
    } states[] = {
        { "57014", HEALTH_REASON_TIMEOUT },
        { "57P01", HEALTH_REASON_SHUTTING_DOWN },
        { "57P02", HEALTH_REASON_SHUTTING_DOWN },
        { "57P04", HEALTH_REASON_NO_DATABASE }, /* it was dropped under us */
        { "57P05", HEALTH_REASON_CLOSED },      /* idle_session_timeout */
        { "25006", HEALTH_REASON_READ_ONLY },
        { "3D000", HEALTH_REASON_NO_DATABASE },
        { "42501", HEALTH_REASON_PERMISSION },
        { "53100", HEALTH_REASON_DISK_FULL },
        { "53200", HEALTH_REASON_SERVER_MEMORY },
        { "53300", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "55000", HEALTH_REASON_SHUTTING_DOWN }, /* the database is being dropped or moved */
        { "58", HEALTH_REASON_STORAGE },
        { "XX001", HEALTH_REASON_STORAGE },
        { "XX002", HEALTH_REASON_STORAGE },
        { "28P01", HEALTH_REASON_AUTHENTICATION },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        if (strncmp(sqlstate, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].reason;
    }
    return HEALTH_REASON_NONE;
}

/* What shares a code or has none: 57P03's four cases, 28000's, PgBouncer's refusals (08P01), and
 * the transport. */
static enum health_reason reason_of_words(const char *words)
{
    static const struct {
        const char *words;
        enum health_reason reason;
    } phrases[] = {
        { "shutting down", HEALTH_REASON_SHUTTING_DOWN },
        { "starting up", HEALTH_REASON_STARTING_UP },
        { "recovery mode", HEALTH_REASON_STARTING_UP },
        { "not yet accepting connections", HEALTH_REASON_STARTING_UP },
        { "is not accepting connections", HEALTH_REASON_STARTING_UP },
        { "connection requires a valid client certificate", HEALTH_REASON_CERTIFICATE_REFUSED },
        { "no pg_hba.conf entry", HEALTH_REASON_NOT_ADMITTED },
        { "pg_hba.conf rejects", HEALTH_REASON_NOT_ADMITTED },
        { "no such database", HEALTH_REASON_NO_DATABASE },
        { "no more connections allowed", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "query_wait_timeout", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "no password supplied", HEALTH_REASON_AUTHENTICATION_REQUIRED },
        { "no such user", HEALTH_REASON_AUTHENTICATION },
        { "password authentication failed", HEALTH_REASON_AUTHENTICATION },
        { "server login has been failing", HEALTH_REASON_POOLER },
        { "(server down)", HEALTH_REASON_POOLER },
        { "bouncer config error", HEALTH_REASON_POOLER },
        { "received invalid response", HEALTH_REASON_PROTOCOL },
        { "expected authentication request", HEALTH_REASON_PROTOCOL },
        { "unsupported frontend protocol", HEALTH_REASON_PROTOCOL },
        { "server does not support SSL", HEALTH_REASON_TLS_FAILED },
        { "SSL required", HEALTH_REASON_TLS_REQUIRED },
        { "SSL connection is required", HEALTH_REASON_TLS_REQUIRED },
        { "does not match host name", HEALTH_REASON_CERTIFICATE_NAME },
        /* libpq 15 has one word for all that OpenSSL holds against a certificate. */
        { "certificate verify failed", HEALTH_REASON_CERTIFICATE_UNTRUSTED },
        { "root certificate file", HEALTH_REASON_CERTIFICATE_UNTRUSTED },
        { "alert unknown ca", HEALTH_REASON_CERTIFICATE_REFUSED },
        { "alert certificate", HEALTH_REASON_CERTIFICATE_REFUSED },
        { "alert bad certificate", HEALTH_REASON_CERTIFICATE_REFUSED },
        { "No route to host", HEALTH_REASON_UNREACHABLE },
        { "Network is unreachable", HEALTH_REASON_UNREACHABLE },
        { "closed the connection", HEALTH_REASON_CLOSED },
        { "reset by peer", HEALTH_REASON_CLOSED },
        { "Broken pipe", HEALTH_REASON_CLOSED },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(phrases); i++) {
        if (strstr(words, phrases[i].words) != NULL)
            return phrases[i].reason;
    }
    return HEALTH_REASON_NONE;
}

static enum health_reason reason_of_code(int code)
{
    static const struct {
        int code;
        enum health_reason reason;
    } codes[] = {
        { ECONNREFUSED, HEALTH_REASON_REFUSED },
        { ETIMEDOUT, HEALTH_REASON_TIMEOUT },
        { EHOSTUNREACH, HEALTH_REASON_NAME_NOT_RESOLVED },
        { EACCES, HEALTH_REASON_AUTHENTICATION },
        { ENOENT, HEALTH_REASON_NO_DATABASE },
        { EAGAIN, HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { ECONNRESET, HEALTH_REASON_CLOSED },
        { EPROTO, HEALTH_REASON_TLS_FAILED },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        if (codes[i].code == code)
            return codes[i].reason;
    }
    return HEALTH_REASON_SERVER_ERROR;
}

/* What a code means whose words say nothing. */
static enum health_reason reason_of_class(const char *sqlstate)
{
    if (strncmp(sqlstate, "28", 2) == 0)
        return HEALTH_REASON_AUTHENTICATION;
    if (strncmp(sqlstate, "08", 2) == 0)
        return HEALTH_REASON_PROTOCOL;
    return HEALTH_REASON_SERVER_ERROR; /* the server's refusal of our question */
}

enum health_reason postgres_reason(const char *sqlstate, int code, const char *words)
{
    enum health_reason reason = reason_of_state(sqlstate);

    if (reason == HEALTH_REASON_NONE)
        reason = reason_of_words(words);
    if (reason != HEALTH_REASON_NONE)
        return reason;
    return sqlstate[0] != '\0' ? reason_of_class(sqlstate) : reason_of_code(code);
}
