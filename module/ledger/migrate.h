/* migrate.h - brings the ledger's schema to a revision and says where it stands: `probity migrate`.
 *
 * Every command is one transaction under a lock, so that two that start at once apply each
 * migration once, through PgBouncer too, and one that fails changes nothing.  The daemon never
 * calls this: see schema.h for what it asks.
 */
#ifndef LEDGER_MIGRATE_H
#define LEDGER_MIGRATE_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Takes one line (or, with `sql_only`, a whole script) of output, without a newline at its end. */
typedef void (*migrate_say_fn)(void *context, const char *text);

struct migrate {
    const char *conninfo; /* libpq; NULL only with `sql_only`: then an empty (downgrade: a complete)
                           * schema is assumed instead of read */
    bool sql_only;        /* say the SQL that would be run, and run nothing */
    int64_t lock_wait_ms; /* for a table, or a rival's migration; 0: as long as it takes */
    migrate_say_fn say;
    void *context;
};

/* Says the revision that is applied: "0001 ledger (head)", or "none: run probity migrate upgrade".
 */
int migrate_current(const struct migrate *migrate, struct error *err) MUST_CHECK;

/* Says one line per migration, oldest first: revision, name, when it was applied or "pending". */
int migrate_history(const struct migrate *migrate, struct error *err) MUST_CHECK;

/* `target` is "head" (or NULL), "+N", or a revision ("0001", "1").  All return 0, or -errno with
 * `err` in words for people: -EINVAL for a target that does not exist or lies the other way,
 * -EOVERFLOW for a schema of a newer program, -EAGAIN where another try may succeed (the ledger is
 * out of reach, or a lock was not free in time), -ENOTSUP for a changed migration, -EPROTO for what
 * Postgres refuses. */
int migrate_upgrade(const struct migrate *migrate, const char *target,
                    struct error *err) MUST_CHECK;

/* `target` is "-N" (NULL: "-1"), "base", or a revision, which stays applied. */
int migrate_downgrade(const struct migrate *migrate, const char *target,
                      struct error *err) MUST_CHECK;

/* Records that the schema is at `target` ("base", "head" or a revision) and runs nothing else. */
int migrate_stamp(const struct migrate *migrate, const char *target, struct error *err) MUST_CHECK;

#endif
