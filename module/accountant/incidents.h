/* incidents.h - the newest incidents of every objective, read in the background.
 *
 * One objective at a time, and never more than a twentieth of the time: what has been read of the
 * past is kept, and only what is new is asked for.  Objectives that count slices have none: a
 * minute's share of their budget is not defined.  The accountant's thread only.
 */
#ifndef ACCOUNTANT_INCIDENTS_H
#define ACCOUNTANT_INCIDENTS_H

#include "accountant/book.h"
#include "base/auto.h"
#include "base/json.h"
#include "ledger/burns.h"
#include "slo/catalogue.h"

#include <stdint.h>

enum { INCIDENTS_KEPT = 10 /* of an objective */ };

struct incidents;

/* NULL when out of memory.  Both are borrowed and stay where they are. */
struct incidents *incidents_new(const struct book *book,
                                const struct catalogue *catalogue) MUST_CHECK;
void incidents_free(struct incidents **incidents);

struct incidents_scene {
    struct ledger_reader *reader;
    int64_t boot_ms;
    int64_t wall_ms;
};

/* Reads on, if there is something to be read and it is time.  After a failure it tries again later.
 */
void incidents_turn(struct incidents *incidents, const struct incidents_scene *scene);

/* Of an objective as JSON, the newest first: an array; null as long as nothing is known. */
void incidents_put(const struct incidents *incidents, int objective, struct json_writer *json);

/* A number that is another one when anything has changed that is shown of an objective. */
uint64_t incidents_version(const struct incidents *incidents, int objective);

#endif
