/* rule.h - when an objective's budget burns too fast, or is nearly gone.  Pure.
 *
 * A burn-rate rule fires when the burn rate over its long window AND over its short window is
 * strictly above the threshold (Site Reliability Workbook, chapter 5).  Thresholds come from the
 * share of the budget that may be gone when the rule fires: share * period / long window.
 */
#ifndef SLO_RULE_H
#define SLO_RULE_H

#include "slo/fraction.h"

#include <stdint.h>

enum rule_kind {
    RULE_BURN_RATE,
    RULE_BUDGET_LEFT, /* fires at less than `threshold` of the budget left (0: at nothing left) */
};

enum rule_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* How much must be known before a rule may fire; 0 or a numerator of 0: not asked for. */
struct rule_guard {
    uint64_t min_events;      /* within the long window */
    uint64_t min_bad_events;  /* within the long window */
    struct fraction wilson_z; /* one-sided Wilson lower bound of the error ratio at this z */
};

struct alert_rule {
    char name[64]; /* "page-fast-burn": unique within the objective */
    enum rule_kind kind;
    enum rule_severity severity;
    int32_t long_minutes;
    int32_t short_minutes;     /* 0: there is no second window */
    struct fraction threshold; /* burn rate, or share of the budget that is left */
    struct fraction clears_at; /* RULE_BUDGET_LEFT: ends once at least this much is left again */
    int32_t for_minutes;       /* pending for so long before it fires; 0 by default */
    int tier;                  /* a firing rule suppresses those of the same objective with a
                                * higher tier; equal tiers don't suppress each other */
};

enum { RULE_DEFAULT_COUNT = 5 };

/* The rules that an objective has unless it names its own: page-fast-burn (2 % of the budget, 1 h
 * and 5 m), page-slow-burn (5 %, 6 h and 30 m), ticket-slow-burn (10 %, 3 d and 6 h),
 * budget-low (less than 20 % left, clears at 25 %) and budget-exhausted (nothing left, clears at
 * 5 %), thresholds scaled to the period. */
void rule_defaults(int32_t period_minutes, struct alert_rule rules[RULE_DEFAULT_COUNT]);

/* The Workbook's fourth pair, which nobody has unless asked for: ticket-day-burn, 10 %, 1 d and
 * 2 h. */
void rule_day_burn(int32_t period_minutes, struct alert_rule *ret);

/* share * period / long window. */
struct fraction rule_threshold(struct fraction share, int32_t period_minutes, int32_t long_minutes);

/* "critical", "warning", "info".  Static. */
const char *rule_severity_text(enum rule_severity severity);

#endif
