/* definitions.h - objectives as the ledger keeps them: by versions that are never rewritten.
 *
 * For the daemon when it starts or reloads, and for `probity slo`; each call has a connection of
 * its own.
 */
#ifndef LEDGER_DEFINITIONS_H
#define LEDGER_DEFINITIONS_H

#include "base/arena.h"
#include "ledger/session.h"
#include "slo/openslo.h"

/* One version of an objective. */
struct definition {
    const char *service;
    const char *name;
    int version; /* from 1 */
    const char *type;
    const char *target;
    int64_t threshold_ms;
    int window_minutes;
    const char *indicator; /* the canonical text of what is counted; "": it is never evaluated */
    const char *document;  /* OpenSLO as JSON; "": a built-in objective */
    const char *description;
    const char *origin; /* "built-in", "file", "applied" */
    const char *author;
    int64_t effective_from_ms; /* wall */
    int64_t retired_at_ms;     /* 0: it isn't */
    bool in_force; /* the newest of its name that has become effective and is not retired */
};

struct definitions {
    struct definition *items; /* by service, name and version */
    int count;
    struct arena *arena; /* owns everything */
};

struct definitions_query {
    const char *conninfo;
    const char *const *services; /* whose; NULL: everybody's */
    int service_count;
    bool applied_only; /* leave out what daemons registered from their files or had built in */
};

/* Reads all versions.  0, or -errno with `err` as session_begin. */
int definitions_read(const struct definitions_query *query, struct definitions **ret,
                     struct error *err) MUST_CHECK;
void definitions_free(struct definitions **definitions);

/* The same within the caller's transaction. */
int definitions_fetch(struct session *session, const struct definitions_query *query,
                      struct definitions **ret, struct error *err) MUST_CHECK;

/* The applied objectives in force as a catalogue; `*ret` stays NULL when there are none.  Returns
 * 0, or -errno as above; -EINVAL for a definition that this program does not understand, with all
 * that is wrong in `problems`. */
int definitions_load(const struct definitions_query *query, const struct openslo_options *options,
                     struct problems *problems, struct catalogue **ret,
                     struct error *err) MUST_CHECK;

#endif
