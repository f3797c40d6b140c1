/* clerk.h - the accountant's work, turn by turn, without its thread: the time is an argument. */
#ifndef ACCOUNTANT_CLERK_H
#define ACCOUNTANT_CLERK_H

#include "accountant/accountant.h"
#include "accountant/alarms.h"
#include "accountant/book.h"
#include "accountant/forecasts.h"
#include "accountant/incidents.h"
#include "accountant/maintenances.h"
#include "accountant/shelf.h"
#include "accountant/trackers.h"
#include "accountant/trouble.h"
#include "accountant/waivers.h"
#include "accountant/worst.h"
#include "ledger/reader.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What time it is for one turn. */
struct clerk_time {
    int64_t boot_ms;
    int64_t wall_ms;
};

struct clerk {
    /* set before start, read-only afterwards */
    struct accountant_settings settings;
    const atomic_bool *stopping; /* set: the follower and the writer may be gone */
    struct trouble no_ledger;    /* why there is none; its code is NULL when there is one */

    /* accountant thread only */
    struct ledger_reader *reader;
    struct book book;
    const struct trouble *trouble; /* of the last read; NULL: it succeeded */
    struct trouble unwritten; /* what is logged does not arrive; its code is NULL when it does */
    char unwritten_text[256];
    int64_t read_at_ms;         /* boot clock: the last successful read; -1 never */
    int64_t wall_minus_boot_ms; /* as of the last turn: shows steps of the wall clock */
    uint64_t failed_reads;
    uint64_t failed_publications;
    bool read_much; /* in this turn: memory to be given back */
    struct alarms alarms;
    struct incidents *incidents;
    struct forecasts *forecasts;
    struct waivers waivers;
    struct maintenances maintenances;

    bool resting; /* nobody asks: the figures grow older, and are not renewed */
    bool loading; /* the windows are being filled: the figures are still the old ones */
    struct trackers trackers;
    struct worst worst;
    struct shelf shelf;
    int64_t passed_at_ms;     /* boot clock: of the last publication during a pause */
    int64_t now_wall_ms;      /* of the turn under way */
    int64_t publishing_at_ms; /* boot clock: of the publication under way */
};

/* Returns 0 or -errno with `err`; clerk_done() either way. */
int clerk_init(struct clerk *clerk, const struct accountant_settings *settings,
               const atomic_bool *stopping, struct error *err) MUST_CHECK;
void clerk_done(struct clerk *clerk);

/* Whether the catalogue's objectives are those that are in force. */
bool clerk_knows_objectives(const struct clerk *clerk);

/* One second's work: read, judge, publish, then refresh what the next publication shows beside. */
void clerk_turn(struct clerk *clerk, struct clerk_time now);

/* Nobody asks any more: others may go on with the alerts, and the connection is closed. */
void clerk_rest(struct clerk *clerk, int64_t deadline_ms);

/* While that lasts: says once a second how old the figures are. */
void clerk_pass(struct clerk *clerk, struct clerk_time now);

/* Somebody asks: the next turn reads what has changed since. */
void clerk_resume(struct clerk *clerk);

/* The last turn is over: others may go on with the alerts at once. */
void clerk_leave(struct clerk *clerk, int64_t deadline_ms);

/* Whether the figures exist and are within their bound: lately read, and of what was lately logged.
 */
bool clerk_is_usable(const struct clerk *clerk, int64_t now_ms);

#endif
