/* objective.h - what is promised, to whom, over which window.  Pure. */
#ifndef SLO_OBJECTIVE_H
#define SLO_OBJECTIVE_H

#include "base/limits.h"
#include "slo/fraction.h"

#include <stdint.h>

enum objective_type { OBJECTIVE_AVAILABILITY, OBJECTIVE_ERROR_RATE, OBJECTIVE_LATENCY };

struct objective {
    char name[96]; /* "app-availability" */
    char service[64];
    char description[160];
    enum objective_type type;
    struct fraction target; /* good / total that is promised, below 1 */
    char target_text[24];   /* as it was written: "0.999" */
    int64_t threshold_ms;   /* latency: an event is good strictly below it; else 0 */
    int32_t window_minutes;
};

#define OBJECTIVE_BUILT_IN_COUNT 4

/* The four objectives that every service has from the first start: availability 99.9 %, error rate
 * below 1 %, 95 % of requests below 500 ms and 99 % below 2000 ms, over 30 days. */
void objective_built_in(const char *service, struct objective objectives[OBJECTIVE_BUILT_IN_COUNT]);

/* The distinct latency thresholds of the objectives, in their order; returns how many. */
int objective_thresholds(const struct objective objectives[], int count,
                         int64_t thresholds_ms[LIMIT_THRESHOLDS]);

/* "availability", "error_rate", "latency": the API's and the ledger's word.  Static. */
const char *objective_type_text(enum objective_type type);

#endif
