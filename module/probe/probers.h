/* probers.h - the probers of all checks that can be run, started and stopped together.
 *
 * Which ones run follows the configuration: a check whose row another configuration repeats goes on
 * with its thread, its connection and all that it knows.  The main thread's.
 */
#ifndef PROBE_PROBERS_H
#define PROBE_PROBERS_H

#include "base/error.h"
#include "base/idle.h"
#include "base/queue.h"
#include "config/config.h"

struct probers;

/* Starts one prober for every check that is configured and usable; the configuration is held.  They
 * rest while `idle` (borrowed; NULL: never) is paused.
 * Returns 0 or -errno with `err`. */
int probers_start(const struct config *config, struct queue *outcomes, struct idle *idle,
                  struct probers **ret, struct error *err) MUST_CHECK;

/* Takes another configuration: starts probers for rows with ids that are new, and asks those whose
 * rows are gone to stop.  Waits for nobody.  Returns as probers_tend(). */
int probers_reload(struct probers *probers, const struct config *config,
                   struct error *err) MUST_CHECK;

/* Frees those that have stopped since, and starts what could not be started before.  Returns 0, or
 * -errno with `err` for the first check that could not be started: the others run. */
int probers_tend(struct probers *probers, struct error *err) MUST_CHECK;

/* Asks all of them to stop, without waiting: their second passes while others stop. */
void probers_ask_stop(struct probers *probers);

/* Stops all of them at the same time; at most about 1 s, counted from probers_ask_stop(). */
void probers_stop(struct probers **probers);

#endif
