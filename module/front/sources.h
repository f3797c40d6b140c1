/* sources.h - what handlers answer from. */
#ifndef FRONT_SOURCES_H
#define FRONT_SOURCES_H

#include "auth/access.h"
#include "config/config.h"
#include "front/counters.h"
#include "front/look.h"
#include "ingest/journal.h"
#include "page/slot.h"

#include <stdint.h>

struct desk;
struct idle;
struct orders;

struct sources {
    /* set before start, read-only afterwards: any thread */
    const struct config *config;
    const struct access *access;
    struct slot *health;
    struct slot *slo;
    struct journal *journal; /* any thread */
    struct orders *orders;   /* to the monitor; any thread */
    struct idle *idle;       /* any thread; NULL: nobody rests */
    struct desk *desk;       /* for the lane's threads */
    int64_t process_started_at_wall_ms;
    /* the front's thread only */
    struct counters counters;
    struct look monitor_look;
    bool monitor_dead;
    int64_t loop_lag_us; /* the longest turn of the last ten seconds */
    int open_connections;
};

#endif
