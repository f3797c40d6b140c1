/* budget.h - error budget, burn rate and verdict of one objective.  Pure: integers and fractions.
 *
 * burn(w) = (bad/total)/(1-target); remaining = 1 - bad/((1-target)*total), may be negative.
 * Source: Site Reliability Workbook, chapter 5.
 */
#ifndef SLO_BUDGET_H
#define SLO_BUDGET_H

#include "slo/fraction.h"
#include "slo/window.h"

#include <stdint.h>

enum budget_status {
    BUDGET_NO_DATA,
    BUDGET_INSUFFICIENT_DATA, /* fewer than 10/(1-target) events AND fewer than 10 bad ones */
    BUDGET_MET,
    BUDGET_AT_RISK,  /* strictly less than 20 % left */
    BUDGET_BREACHED, /* nothing left */
};

/* (1-target)*total: how many bad events the window allows. */
struct fraction budget_allowed(struct fraction target, struct window_sum sum);

/* 1 - consumed; 1 when there were no events. */
struct fraction budget_remaining(struct fraction target, struct window_sum sum);

/* good/total; 1 when there were no events. */
struct fraction budget_sli(struct window_sum sum);

/* 0 when there were no events. */
struct fraction budget_burn_rate(struct fraction target, struct window_sum sum);

enum budget_status budget_judge(struct fraction target, struct window_sum sum);

/* When the budget runs out if the last hour goes on, in seconds from now; -1 when it outlasts the
 * window or burns nothing; 0 when it is gone already. */
int64_t budget_exhausts_in_s(struct fraction target, struct window_sum whole,
                             struct window_sum last_hour, int32_t window_minutes);

/* The API's word.  Static. */
const char *budget_status_text(enum budget_status status);

/* The worse of two, in the API's order: breached, at_risk, met, insufficient_data, no_data. */
enum budget_status budget_worse(enum budget_status a, enum budget_status b);

#endif
