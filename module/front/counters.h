/* counters.h - what the front counts.  The front's thread only, so nothing here is atomic. */
#ifndef FRONT_COUNTERS_H
#define FRONT_COUNTERS_H

#include "page/metrics.h"

#include <stdint.h>

/* One per route, and what no route takes. */
enum endpoint {
    ENDPOINT_HEALTH,
    ENDPOINT_READY,
    ENDPOINT_STARTUP,
    ENDPOINT_DETAILED,
    ENDPOINT_GROUP,
    ENDPOINT_DRAIN,
    ENDPOINT_SLO,
    ENDPOINT_SLO_ONE,
    ENDPOINT_GATE,
    ENDPOINT_EVENTS,
    ENDPOINT_ALERTS,
    ENDPOINT_HISTORY,
    ENDPOINT_EXCLUSIONS,
    ENDPOINT_OVERRIDE,
    ENDPOINT_METRICS,
    ENDPOINT_UNKNOWN,
    ENDPOINTS,
};

/* Declared once: member, metric, help. */
#define FOR_EACH_FRONT_COUNTER(X)                                                        \
    X(connections, "probity_front_connections_total", "Connections accepted.")           \
    X(refused, "probity_front_connections_refused_total",                                \
      "Connections closed at once: too many, or no descriptors left.")                   \
    X(deadlines, "probity_front_deadlines_total",                                        \
      "Connections closed because a request or the reading of an answer took too long.") \
    X(malformed, "probity_front_malformed_total",                                        \
      "Connections closed because of records that are no whole request.")                \
    X(lane_full, "probity_front_lane_full_total", "Answers refused because the slow lane was full.")

enum { COUNTED_STATUSES = 14 };

struct counters {
    uint64_t requests[ENDPOINTS][COUNTED_STATUSES];
#define X(field, metric, help) uint64_t field;
    FOR_EACH_FRONT_COUNTER(X)
#undef X
};

void counters_count(struct counters *counters, enum endpoint endpoint, int status);

/* Appends all families. */
void counters_describe(const struct counters *counters, struct metrics_writer *writer);

#endif
