/* rows.h - a flush's tally as the rows that the ledger's tables take, in the order of their keys.
 * Pure; everything lives in the arena or in the tally. */
#ifndef LEDGER_ROWS_H
#define LEDGER_ROWS_H

#include "base/arena.h"
#include "base/auto.h"
#include "ledger/registry.h"
#include "ledger/settings.h"
#include "slo/tally.h"

#include <stdint.h>

struct objective_row {
    int objective_id;
    const struct tally_sum *sum;
    bool timed; /* has a histogram */
};

struct route_row {
    const char *route;
    const struct tally_row *counts;
};

struct bad_row {
    int objective_id;
    const char *route;
    int32_t minute;
    uint64_t bad;
};

struct rows {
    struct objective_row *objectives;
    int objective_count;
    struct route_row *routes;
    int route_count;
    struct bad_row *bads;
    int bad_count;
    int32_t *minutes; /* each once, rising */
    int minute_count;
};

/* Takes the tally apart; `tally` may be NULL: no rows.  Returns 0, or -ENOMEM when the arena is
 * full, or -EINVAL when the tally lacks an objective's threshold. */
int rows_build(struct rows *rows, const struct tally *tally, const struct ledger_settings *settings,
               const struct registry *registry, struct arena *arena) MUST_CHECK;

/* Events of one minute, those that don't count included. */
uint64_t rows_events_in(const struct rows *rows, int32_t minute);

/* How many rows of all three tables belong to one minute. */
int rows_in(const struct rows *rows, int32_t minute);

#endif
