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
        { "57P05", HEALTH_REASON_CLOSED }, /* idle_session_timeout */
        { "25006", HEALTH_REASON_READ_ONLY },
        { "3D000", HEALTH_REASON_NO_DATABASE },
        { "42501", HEALTH_REASON_PERMISSION },
        { "53300", HEALTH_REASON_TOO_MANY_CONNECTIONS },
        { "55000", HEALTH_REASON_SHUTTING_DOWN }, /* the database is being dropped or moved */
        { "28", HEALTH_REASON_AUTHENTICATION },
    };

    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        if (strncmp(sqlstate, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].reason;
    }
    return HEALTH_REASON_NONE;
}

/* What has no code of its own: 57P03's four cases, PgBouncer's refusals, and the transport. */
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
        { "received invalid response", HEALTH_REASON_PROTOCOL },
        { "expected authentication request", HEALTH_REASON_PROTOCOL },
        { "unsupported frontend protocol", HEALTH_REASON_PROTOCOL },
        { "server does not support SSL", HEALTH_REASON_TLS_FAILED },
        { "SSL required", HEALTH_REASON_TLS_REQUIRED },
        { "SSL connection is required", HEALTH_REASON_TLS_REQUIRED },
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

enum health_reason postgres_reason(const char *sqlstate, int code, const char *words)
{
    enum health_reason reason = reason_of_state(sqlstate);

    if (reason == HEALTH_REASON_NONE)
        reason = reason_of_words(words);
    if (reason != HEALTH_REASON_NONE)
        return reason;
    /* A code that no table knows is the server's refusal of our question. */
    return sqlstate[0] != '\0' ? HEALTH_REASON_SERVER_ERROR : reason_of_code(code);
}
