/* slo_side.h - ingest, the ledger's writer and the accountant, over one catalogue of objectives.
 *
 * They know nothing of a catalogue that changes: for another one they are stopped and started anew,
 * while the front goes on handing out the last figures.  The main thread's.
 */
#ifndef DAEMON_SLO_SIDE_H
#define DAEMON_SLO_SIDE_H

#include "base/auto.h"
#include "base/error.h"
#include "daemon/house.h"

struct slo_side;

/* Loads the objectives and starts the parts.  Objectives that can't be read are no failure: /slo
 * says why, and nothing is counted until they are mended.  Returns 0, or -errno with `err`. */
int slo_side_start(struct house *house, struct slo_side **ret, struct error *err) MUST_CHECK;

/* Hands over and commits what was read; takes 6 s at most. */
void slo_side_stop(struct slo_side **side);

/* Loads the objectives anew, and starts the parts over if they or the logs of `config` are not what
 * they were; if they are, what the writer looks for once in a while it looks for now.  If they
 * can't be read, the old ones stay in force and the log says why. */
void slo_side_reload(struct slo_side *side, const struct config *config);

/* Reloads when other objectives have been applied to the ledger than those in force.  Twice a
 * second; what it does then may take the ledger's deadlines. */
void slo_side_tend(struct slo_side *side);

#endif
