/* objective.h - what is promised, to whom, over which window.  Pure. */
#ifndef SLO_OBJECTIVE_H
#define SLO_OBJECTIVE_H

#include "base/limits.h"
#include "slo/fraction.h"
#include "slo/rule.h"

#include <stdbool.h>
#include <stdint.h>

enum objective_type {
    OBJECTIVE_AVAILABILITY,
    OBJECTIVE_ERROR_RATE,
    OBJECTIVE_LATENCY,
    OBJECTIVE_CUSTOM,
};

/* How the budget is spent (OpenSLO v1, budgetingMethod). */
enum budgeting {
    BUDGETING_OCCURRENCES,     /* by bad events */
    BUDGETING_TIMESLICES,      /* by slices whose share of good events is below slice_target */
    BUDGETING_RATIO_TIMESLICES /* by the share of bad events in each slice */
};

/* What time that nobody watched means for the budget. */
enum unwatched {
    UNWATCHED_IGNORE, /* nothing: what was counted counts */
    UNWATCHED_GOOD,   /* good, at the watched time's rate of events */
    UNWATCHED_BAD,    /* bad, likewise */
    UNWATCHED_FREEZE, /* alerts and status stay as they were until it is watched again */
};

enum calendar_unit {
    CALENDAR_NONE,
    CALENDAR_DAY,
    CALENDAR_WEEK,
    CALENDAR_MONTH,
    CALENDAR_QUARTER,
    CALENDAR_YEAR
};

/* A calendar window: `count` units from `start` on, in the civil time of `zone`. */
struct calendar {
    enum calendar_unit unit; /* CALENDAR_NONE: the window rolls */
    int count;
    char start[20]; /* "2026-01-01 00:00:00", civil time */
    char zone[64];  /* IANA name, "Europe/Berlin" */
};

struct objective {
    char name[96]; /* "app-availability" */
    char service[64];
    char description[160]; /* a longer one is cut, visibly; `document` has all of it */
    enum objective_type type;
    struct fraction target; /* good / total that is promised, below 1 */
    char target_text[24];   /* as it was written: "0.999" */
    int64_t threshold_ms;   /* latency: an event is good strictly below it; else 0 */
    int32_t window_minutes; /* rolling; of a calendar window the longest that it can become */

    int indicator; /* what is counted: index into the catalogue's indicators */
    enum budgeting budgeting;
    int32_t slice_minutes;        /* of the two that count slices; else 0 */
    struct fraction slice_target; /* BUDGETING_TIMESLICES */
    struct calendar calendar;
    enum unwatched unwatched;
    struct rule_guard guard;
    const struct alert_rule *rules; /* borrowed from the catalogue */
    int rule_count;
    bool composite;       /* read, kept and exported, never evaluated */
    const char *document; /* the definition as canonical JSON; borrowed from the catalogue */
};

#define OBJECTIVE_BUILT_IN_COUNT 4

/* The four objectives that every service has from the first start: availability 99.9 %, error rate
 * below 1 %, 95 % of requests below 500 ms and 99 % below 2000 ms, over 30 days. */
void objective_built_in(const char *service, struct objective objectives[OBJECTIVE_BUILT_IN_COUNT]);

/* "availability", "error_rate", "latency": the API's and the ledger's word.  Static. */
const char *objective_type_text(enum objective_type type);

#endif
