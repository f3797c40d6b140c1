/* pace.h - how long a check pauses until its next look.  No clock, no I/O. */
#ifndef PROBE_PACE_H
#define PROBE_PACE_H

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

/* `interval_ms`, shortened by up to 10 %: instances drift apart and no bound gets longer. */
int64_t pace_interval_ms(int64_t interval_ms);

#endif
