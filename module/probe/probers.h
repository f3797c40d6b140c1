/* probers.h - the probers of all checks that can be run, started and stopped together. */
#ifndef PROBE_PROBERS_H
#define PROBE_PROBERS_H

#include "base/error.h"
#include "base/queue.h"
#include "config/config.h"

struct probers;

/* Starts one prober for every check that is configured and usable.  0 or -errno with `err`. */
int probers_start(const struct config *config, struct queue *outcomes, struct probers **ret,
                  struct error *err) MUST_CHECK;

/* Asks all of them to stop, without waiting: their second passes while others stop. */
void probers_ask_stop(struct probers *probers);

/* Stops all of them at the same time; at most about 1 s, counted from probers_ask_stop(). */
void probers_stop(struct probers **probers);

#endif
