/* trouble.c - SQLSTATE and errno as words.
 * Codes: PostgreSQL 15, appendix A. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/trouble.h"

#include "base/auto.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *prefix; /* of the code: two letters are a whole class */
    const char *words;
} by_sqlstate[] = {
    { "25006", "Postgres is read-only" },
    { "53100", "the disk of Postgres is full" },
    { "53200", "Postgres is out of memory" },
    { "53300", "Postgres has no free connection" },
    { "53", "Postgres is out of resources" },
    { "57014", "Postgres took too long and the statement was cancelled" },
    { "57P", "Postgres is starting or stopping" },
    { "55P03", "a lock was not free in time" },
    { "40", "Postgres undid the transaction because of another one" },
    { "3F000", "the schema is missing: run probity migrate upgrade" },
    { "42P01", "the schema is missing: run probity migrate upgrade" },
    { "42703", "the schema is not as this program knows it: run probity migrate history" },
    { "42501", "the role may not use the ledger: docs/ledger.md lists the GRANTs" },
    { "58", "Postgres can't read or write its files" },
    { "XX", "Postgres reports damaged data" },
    { "28", "Postgres refused the login" },
    { "3D000", "the database does not exist" },
    { "08", "the connection to Postgres was lost" },
};

static const struct {
    int code;
    const char *words;
} by_code[] = {
    { ECONNREFUSED, "Postgres refuses connections" },
    { ECONNRESET, "the connection to Postgres was lost" },
    { ETIMEDOUT, "Postgres does not answer in time" },
    { EACCES, "Postgres refused the login" },
    { ENOENT, "the database does not exist" },
    { EHOSTUNREACH, "the name of Postgres's host is not resolved" },
    { EAGAIN, "Postgres has no free connection, or is starting or stopping" },
    { ENOMEM, "this program is out of memory" },
    { ENODATA, "the schema is missing: run probity migrate upgrade" },
    { ECANCELED, "other objectives have been applied to the ledger: they are read anew" },
    { ESTALE, "the schema is older than this program: run probity migrate upgrade" },
    { ENOTSUP, "the schema is newer than this program: use a newer probity" },
};

const char *trouble_words(int code, const char *sqlstate)
{
    for (size_t i = 0; sqlstate[0] != '\0' && i < ARRAY_LENGTH(by_sqlstate); i++) {
        if (strncmp(sqlstate, by_sqlstate[i].prefix, strlen(by_sqlstate[i].prefix)) == 0)
            return by_sqlstate[i].words;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(by_code); i++) {
        if (by_code[i].code == -code)
            return by_code[i].words;
    }
    return "Postgres refused what the ledger asked: the log says why";
}

bool trouble_is_refused_row(const char *sqlstate)
{
    return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
}

bool trouble_is_missing_schema(const char *sqlstate)
{
    return strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42P01") == 0;
}
