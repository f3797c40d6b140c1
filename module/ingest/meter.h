/* meter.h - tells struct requests of every line that its logs have got since this process began.
 *
 * A reader of its own beside the trails, and on their thread: what they read depends on the ledger,
 * goes back when that says so, and begins where another instance left off.  A counter of this
 * process can do none of it.  It shares the trails' classifiers, so that both mean the same routes.
 */
#ifndef INGEST_METER_H
#define INGEST_METER_H

#include "ingest/requests.h"
#include "ingest/trail.h"

struct meter;

/* Both are borrowed, and the trails with what is in them.  NULL when out of memory. */
struct meter *meter_new(struct requests *requests, struct trail *const trails[],
                        int count) MUST_CHECK;

/* Leaves marks for the next one. */
void meter_free(struct meter **meter);

/* Reads what the logs have got.  Returns whether there is more. */
bool meter_turn(struct meter *meter);

/* Whether any log had got something in the last turn. */
bool meter_has_grown(const struct meter *meter);

/* The trail has another classifier: its series are numbered anew. */
void meter_renumber(struct meter *meter, int trail);

#endif
