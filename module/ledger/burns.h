/* burns.h - the minutes of an indicator around its bad events, and the routes behind them.
 *
 * For incidents (slo/incident.h).  The accountant's thread only, over its reader's connection; a
 * failure closes that, and the next call connects anew.
 */
#ifndef LEDGER_BURNS_H
#define LEDGER_BURNS_H

#include "base/arena.h"
#include "base/error.h"
#include "ledger/reader.h"
#include "slo/incident.h"

#include <stdint.h>

enum {
    /* Minutes of one answer, the newest: more than a month in which every minute is bad. */
    LEDGER_BURNS_MAX = 50000,
    LEDGER_BURN_ROUTES = 3, /* of one incident */
};

/* What is asked about. */
struct ledger_burns {
    const char *service;
    const char *definition; /* of the indicator */
    int32_t from_minute;
    int32_t until_minute; /* the first one behind */
};

/* All minutes with bad events and those around them that incident_find() looks at, rising, summed
 * over files.  Returns 0, or -errno with `err` in words for people. */
int ledger_burns_read(struct ledger_reader *reader, const struct ledger_burns *burns,
                      int64_t deadline_ms, struct arena *arena, struct incident_minute **ret,
                      int *ret_count, struct error *err) MUST_CHECK;

/* A route's bad events within one incident. */
struct ledger_burn_route {
    int incident; /* index */
    const char *route;
    uint64_t bad;
};

/* The worst LEDGER_BURN_ROUTES routes of each of these incidents, by incident, the worst first. */
int ledger_burns_routes(struct ledger_reader *reader, const struct ledger_burns *burns,
                        const struct incident incidents[], int count, int64_t deadline_ms,
                        struct arena *arena, struct ledger_burn_route **ret, int *ret_count,
                        struct error *err) MUST_CHECK;

#endif
