/* pause.h - nobody has asked for a while, so nobody looks: what an overview makes of it.  Pure. */
#ifndef MONITOR_PAUSE_H
#define MONITOR_PAUSE_H

#include "base/idle.h"
#include "health/outcome.h"
#include "monitor/state.h"

struct overview;

struct pause {
    bool on;
    struct moment since;
    int64_t quiet_ms;    /* for how long nobody had asked when it began */
    int64_t woken_at_ms; /* boot clock: results of earlier questions count for nothing */
    uint64_t count;      /* how often it began */
};

/* Follows what is known of pauses, also of one that is over already.  To be called before results
 * are taken. */
void overview_rest(struct overview *overview, const struct idle_view *idle, struct moment now);

/* Whether the question was asked before the last pause was over. */
bool overview_is_from_before(const struct overview *overview, const struct outcome *outcome);

/* Whether the group only waits for results: nobody has looked yet since a pause began. */
bool overview_group_paused(const struct overview *overview, int group);

#endif
