/* openslo_source.h - which events an SLI of `type: probity` counts.  Pure.
 *
 * A selection names routes, methods, statuses and durations; what it leaves out is not restricted.
 */
#ifndef SLO_OPENSLO_SOURCE_H
#define SLO_OPENSLO_SOURCE_H

#include "slo/catalogue.h"
#include "slo/openslo_shape.h"

struct source_request {
    const struct shape_check *check;
    const struct spot *sli;     /* the SLI's spec, inlined */
    const struct spot *promise; /* the item of spec.objectives: op and value */
    const char *service;        /* unless the source names one */
    struct arena *arena;        /* holds the strings */
};

enum source_verdict {
    SOURCE_FINE,
    SOURCE_FAULTY,  /* said why */
    SOURCE_FOREIGN, /* of another type: kept, not evaluated; `why` says so */
};

struct source_answer {
    enum source_verdict verdict;
    struct indicator indicator;
    const char *why; /* SOURCE_FOREIGN */
};

void openslo_source(const struct source_request *request, struct source_answer *ret);

/* What the API calls it: 5xx that are bad are availability, a bound on the duration is latency;
 * `*ret_threshold_ms` is that bound. */
enum objective_type openslo_type_of(const struct indicator *indicator, int64_t *ret_threshold_ms);

#endif
