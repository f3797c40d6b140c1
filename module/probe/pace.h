/* pace.h - how long a check pauses until its next look.  No clock, no I/O. */
#ifndef PROBE_PACE_H
#define PROBE_PACE_H

#include "config/check.h"
#include "health/hysteresis.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* The second look after the first result that speaks against the state. */
    PACE_SECOND_LOOK_MS = 100,
    /* The longest pause while a check is down or in doubt, before ± 20 %. */
    PACE_DOUBT_MS = 1000,
    PACE_DOUBT_JITTER_PERCENT = 20,
    /* How many closed connections in a row are opened again at once: then the server means it. */
    PACE_REOPENS = 3,
};

/* The pause after a round that left `hysteresis` behind; `hurry`: the check asks for a soon one. */
int64_t pace_pause_ms(const struct hysteresis *hysteresis, int64_t interval_ms, bool hurry);

/* `interval_ms`, shortened by 3 to 12 %: instances drift apart and no bound gets longer. */
int64_t pace_interval_ms(int64_t interval_ms);

/* How long it takes at most until what happens is shown as an error. */
struct pace_bounds {
    int64_t doubt_ms;   /* of the others: between the first failure and the one that counts */
    int64_t refused_ms; /* the server ends, and connections are refused */
    int64_t hung_ms;    /* it takes questions and answers none */
    int64_t fresh_ms;   /* what only a fresh connection shows: a rotated password, a full server */
    bool is_told;       /* the kept connection tells at once that the server ends */
};

void pace_bounds(const struct check_config *check, struct pace_bounds *ret);

#endif
