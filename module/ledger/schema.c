/* schema.c - compares what is applied with what the program was built with. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ledger/schema.h"

#include "ledger/migrations.h"

#include <stdlib.h>

/* Takes the next number of a version and steps over the point behind it; 0 at the end. */
static long next_number(const char **version)
{
    char *end;
    long number = strtol(*version, &end, 10);

    if (end == *version)
        return 0;
    *version = *end == '.' ? end + 1 : "";
    return number;
}

bool version_is_older(const char *a, const char *b)
{
    for (int i = 0; i < 3; i++) {
        long left = next_number(&a);
        long right = next_number(&b);

        if (left != right)
            return left < right;
    }
    return false;
}

enum schema_state schema_judge(int revision, const char *oldest_program)
{
    if (revision == 0)
        return SCHEMA_MISSING;
    if (version_is_older(PACKAGE_VERSION, oldest_program))
        return SCHEMA_NEW;
    /* A newer revision that this program may still write is none of its business. */
    return revision < migration_count ? SCHEMA_OLD : SCHEMA_FITS;
}
