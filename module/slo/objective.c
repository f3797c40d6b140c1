/* objective.c - the objectives that nobody has to write down. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/objective.h"

#include <assert.h>
#include <stdio.h>

static const struct built_in {
    const char *suffix;
    enum objective_type type;
    const char *target;
    int64_t threshold_ms;
    const char *description;
} built_ins[OBJECTIVE_BUILT_IN_COUNT] = {
    { "availability", OBJECTIVE_AVAILABILITY, "0.999", 0,
      "99.9 % of requests are answered without a server error (5xx)" },
    { "error-rate", OBJECTIVE_ERROR_RATE, "0.99", 0,
      "less than 1 % of requests end in a server error (5xx)" },
    { "latency-p95", OBJECTIVE_LATENCY, "0.95", 500,
      "95 % of requests that are not 5xx take less than 500 ms" },
    { "latency-p99", OBJECTIVE_LATENCY, "0.99", 2000,
      "99 % of requests that are not 5xx take less than 2000 ms" },
};

static void fill(struct objective *objective, const char *service, const struct built_in *row)
{
    bool parsed;

    *objective = (struct objective){
        .type = row->type,
        .threshold_ms = row->threshold_ms,
        .window_minutes = LIMIT_WINDOW_MINUTES,
    };
    (void)snprintf(objective->service, sizeof(objective->service), "%s", service);
    (void)snprintf(objective->name, sizeof(objective->name), "%s-%s", objective->service,
                   row->suffix);
    (void)snprintf(objective->description, sizeof(objective->description), "%s", row->description);
    (void)snprintf(objective->target_text, sizeof(objective->target_text), "%s", row->target);
    parsed = fraction_parse(slice_of(row->target), &objective->target);
    assert(parsed);
    (void)parsed;
}

void objective_built_in(const char *service, struct objective objectives[OBJECTIVE_BUILT_IN_COUNT])
{
    for (int i = 0; i < OBJECTIVE_BUILT_IN_COUNT; i++)
        fill(&objectives[i], service, &built_ins[i]);
}

const char *objective_type_text(enum objective_type type)
{
    static const char *const texts[] = {
        [OBJECTIVE_AVAILABILITY] = "availability",
        [OBJECTIVE_ERROR_RATE] = "error_rate",
        [OBJECTIVE_LATENCY] = "latency",
        [OBJECTIVE_CUSTOM] = "custom",
    };

    return texts[type];
}
