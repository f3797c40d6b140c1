/* counters.c - counting, and saying what was counted. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/counters.h"

#include "base/auto.h"

static const char *const endpoint_names[ENDPOINTS] = {
    [ENDPOINT_HEALTH] = "/health",
    [ENDPOINT_READY] = "/health/ready",
    [ENDPOINT_STARTUP] = "/health/startup",
    [ENDPOINT_DETAILED] = "/health/detailed",
    [ENDPOINT_GROUP] = "/health/{group}",
    [ENDPOINT_DRAIN] = "/health/drain",
    [ENDPOINT_SLO] = "/slo",
    [ENDPOINT_SLO_ONE] = "/slo/{name}",
    [ENDPOINT_GATE] = "/slo/gate",
    [ENDPOINT_EVENTS] = "/slo/events",
    [ENDPOINT_ALERTS] = "/slo/alerts",
    [ENDPOINT_HISTORY] = "/slo/{name}/history",
    [ENDPOINT_EXCLUSIONS] = "/slo/{name}/exclusions",
    [ENDPOINT_OVERRIDE] = "/slo/gate/override",
    [ENDPOINT_METRICS] = "/metrics",
    [ENDPOINT_UNKNOWN] = "other",
};

/* The last one is for statuses that nothing here gives. */
static const struct {
    int status;
    const char *text;
} statuses[COUNTED_STATUSES] = {
    { 200, "200" }, { 201, "201" }, { 202, "202" }, { 400, "400" }, { 401, "401" },
    { 403, "403" }, { 404, "404" }, { 405, "405" }, { 409, "409" }, { 413, "413" },
    { 429, "429" }, { 503, "503" }, { 508, "508" }, { 0, "other" },
};

void counters_count(struct counters *counters, enum endpoint endpoint, int status)
{
    int i = 0;

    while (i < COUNTED_STATUSES - 1 && statuses[i].status != status)
        i++;
    counters->requests[endpoint][i]++;
}

static void describe_requests(const struct counters *counters, struct metrics_writer *writer)
{
    metrics_family(writer, "probity_requests_total", METRICS_COUNTER,
                   "Requests answered, by endpoint and status.");
    for (int e = 0; e < ENDPOINTS; e++) {
        for (int s = 0; s < COUNTED_STATUSES; s++) {
            const struct metrics_label labels[] = { { "endpoint", endpoint_names[e] },
                                                    { "status", statuses[s].text },
                                                    { NULL, NULL } };

            if (counters->requests[e][s] > 0)
                metrics_uint(writer, labels, counters->requests[e][s]);
        }
    }
}

void counters_describe(const struct counters *counters, struct metrics_writer *writer)
{
    describe_requests(counters, writer);
#define X(field, metric, help)                             \
    metrics_family(writer, metric, METRICS_COUNTER, help); \
    metrics_uint(writer, NULL, counters->field);
    FOR_EACH_FRONT_COUNTER(X)
#undef X
}
