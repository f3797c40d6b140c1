/* desk.h - one passing connection to the ledger for everybody who asks while somebody waits.
 *
 * Threads take turns at it, and waiting for the turn is part of the time that a visit has.  The
 * connection is opened for a visit and handed on to who waits behind it; with nobody waiting it is
 * closed, so that an instance never holds a connection for questions that nobody asks.
 */
#ifndef LEDGER_DESK_H
#define LEDGER_DESK_H

#include "base/auto.h"
#include "base/error.h"
#include "base/pq.h"

#include <stdbool.h>
#include <stdint.h>

struct desk;
struct session;

/* `conninfo` is borrowed, and may be NULL: then every visit fails with -ENXIO. */
struct desk *desk_new(const char *conninfo) MUST_CHECK;
void desk_free(struct desk **desk); /* after every visit has ended */

enum desk_mode {
    DESK_READ, /* one snapshot for all questions, nothing is written */
    DESK_WRITE,
};

/* One transaction of one thread. */
struct desk_visit {
    struct desk *desk; /* set while the turn is ours */
    struct session *session;
    const char *words;  /* why it failed, for people; static */
    struct error cause; /* the same in the driver's own words: for the log alone */
    char sqlstate[6];   /* of the server's refusal, or "" */
};

/* Waits for the turn, connects, begins.  0, or -errno: -EBUSY when the turn did not come, -ENXIO
 * without a ledger, else as session.h has it; `words` and `cause` are set then.  desk_leave()
 * either way. */
int desk_enter(struct desk *desk, enum desk_mode mode, int64_t deadline_ms,
               struct desk_visit *visit) MUST_CHECK;

/* One statement.  `ret` may be NULL.  0, or -errno as above. */
int desk_run(struct desk_visit *visit, const char *sql, const struct pq_params *params,
             PGresult **ret) MUST_CHECK;

int desk_commit(struct desk_visit *visit) MUST_CHECK;

/* Fails the visit because rows hold what they can't: somebody wrote them by hand.  -EPROTO. */
int desk_refuse_rows(struct desk_visit *visit);

/* Takes back what was not committed and gives the turn on.  A destructor. */
void desk_leave(struct desk_visit *visit);

#endif
