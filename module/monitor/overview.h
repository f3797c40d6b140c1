/* overview.h - all checks together: ready, started, alive.  Pure: times are arguments. */
#ifndef MONITOR_OVERVIEW_H
#define MONITOR_OVERVIEW_H

#include "base/limits.h"
#include "config/config.h"
#include "monitor/state.h"

enum {
    OVERVIEW_MAX_AGE_MS = 3000, /* an older publication is too old */
    OVERVIEW_FRONT_STALL_MS = 3000,
    OVERVIEW_APP_FAILURES = 3, /* in a row, before liveness fails */
};

enum liveness { LIVENESS_OK, LIVENESS_STARTING, LIVENESS_APP_FAILED, LIVENESS_FRONT_STALLED };

struct overview {
    /* set at the start, read-only afterwards */
    const struct config *config;
    struct moment started;
    /* what has been seen */
    struct check_state checks[LIMIT_CHECKS];
    bool app_answered; /* latched */
    int64_t front_looked_at_ms;
    bool front_late;    /* at the last look */
    bool front_stalled; /* at the last two looks */
    /* as of the last judgement */
    struct moment now;
    bool draining;         /* latched */
    bool first_round_done; /* latched */
    bool started_up;       /* latched */
    bool ready;
    enum liveness liveness;
    /* counted elsewhere, shown in the metrics */
    uint64_t outcomes_refused;
    uint64_t publications_failed;
};

void overview_init(struct overview *overview, const struct config *config, struct moment now);

/* Takes the result of one look; one that belongs to no check is ignored. */
void overview_take(struct overview *overview, const struct outcome *outcome);

/* Looks whether the front still turns; to be called once a second.  Looks less than a second apart
 * don't count: a process that was stopped and goes on finds its own threads late. */
void overview_look_at_front(struct overview *overview, int64_t beat_ms, int64_t now_ms);

/* Judges everything anew.  Returns whether anything that a page shows has changed, numbers and ages
 * apart.  `draining` is latched by the first true. */
bool overview_judge(struct overview *overview, struct moment now, bool draining);

/* The state of the check `app` where it says something about the application, else NULL. */
const struct check_state *overview_app(const struct overview *overview);

/* Whether a check is degraded, or fails without taking readiness away. */
bool overview_degraded(const struct overview *overview);

#endif
