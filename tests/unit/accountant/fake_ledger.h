/* fake_ledger.h - a ledger reader that answers what a test wants, and a follower and a writer that
 * have only counters. */
#ifndef TESTS_FAKE_LEDGER_H
#define TESTS_FAKE_LEDGER_H

#include "ingest/follow.h"
#include "ledger/alerts.h"
#include "ledger/burns.h"
#include "ledger/maintenance.h"
#include "ledger/overrides.h"
#include "ledger/reader.h"
#include "ledger/writer.h"

struct fake_minute {
    int track;
    int32_t minute;
    struct window_sum sum;
};

struct fake_ledger {
    /* what the next calls answer */
    int read_code;                     /* 0 or -errno */
    const struct fake_minute *minutes; /* what the next read brings into the windows */
    int minute_count;
    struct ledger_coverage coverage; /* of the only service */
    bool loading;
    bool anew;
    const struct ledger_exclusion *exclusions;
    int exclusion_count;
    int histograms_code;
    const struct ledger_histogram *histograms;
    int histogram_count;
    const struct ledger_route *routes;
    int route_count;
    struct follow_counters ingest;
    int source_count; /* two at most */
    struct ledger_counters written;
    int claim_code;
    bool leased; /* to us */
    const struct ledger_alert *alerts;
    int alert_count;
    int save_code;
    int burns_code;
    const struct incident_minute *burn_minutes;
    int burn_count;
    const struct ledger_burn_route *burn_routes;
    int burn_route_count;
    int overrides_code;
    const struct gate_override *overrides;
    int override_count;
    int maintenance_code;
    const struct maintenance_row *maintenance;
    int maintenance_count;

    /* what was asked */
    int releases;
    int opens;
    int closes;
    int rests;
    int reads;
    int histogram_calls;
    int change_calls; /* of these: with since_last */
    int32_t from_minute;
    int32_t to_minute;
    int route_calls;
    int32_t routes_from;
    int32_t routes_to;
    int burn_reads;
    int32_t burns_from;
    int32_t burns_until;
    int override_reads;
    int maintenance_reads;
    int claims;
    int saves;
    int saved_rows;
    int saved_changes;
    struct ledger_alert saved; /* the last row of the last save; without its strings */
    char saved_rule[64];
    char saved_suppressor[192];
};

extern struct fake_ledger fake_ledger;

/* Tells a window of one minute, and of its quarter hour that it changed by as much. */
void fake_minute_set(struct window *window, int32_t minute, struct window_sum sum);

#endif
