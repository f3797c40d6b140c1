/* schema.h - may this program use the schema that it finds?  Pure, but for the SQL that asks. */
#ifndef LEDGER_SCHEMA_H
#define LEDGER_SCHEMA_H

#include "base/auto.h"

#include <stdbool.h>

/* One row, or none where nothing is applied: revision, oldest_program, and when the server was
 * started, by which session.c tells it from another one. */
#define SCHEMA_SQL                                                     \
    "SELECT revision, oldest_program, "                                \
    "extract(epoch FROM pg_postmaster_start_time())::text AS started " \
    "FROM probity.schema_migrations ORDER BY revision DESC LIMIT 1"

enum schema_state {
    SCHEMA_FITS,
    SCHEMA_MISSING,
    SCHEMA_OLD, /* older than what this program needs */
    SCHEMA_NEW, /* its newest migration wants a newer program */
};

/* Judges the newest applied revision (0: none) against what this program was built with. */
enum schema_state schema_judge(int revision, const char *oldest_program);

/* Whether version `a` ("0.10.1") is older than `b`, number by number; a suffix is ignored. */
bool version_is_older(const char *a, const char *b);

#endif
