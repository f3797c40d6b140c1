/* uptime.h - how long a check was up, down or unknown, by the hour, for 30 days.  Pure.
 *
 * Time is what has passed by the boot clock, so that no step of the wall clock moves or makes any
 * of it; hours begin with the record and not with the clock on the wall.
 */
#ifndef MONITOR_UPTIME_H
#define MONITOR_UPTIME_H

#include <stdint.h>

enum {
    UPTIME_HOURS = 30 * 24 + 1, /* the whole ones of 30 days, and the one that fills */
    UPTIME_HOUR_MS = 3600 * 1000,
};

enum uptime_state { UPTIME_UNKNOWN, UPTIME_UP, UPTIME_DOWN };

struct uptime_hour {
    uint32_t up_ms;
    uint32_t known_ms; /* up or down */
};

struct uptime {
    struct uptime_hour hours[UPTIME_HOURS]; /* a ring: hours[newest] fills */
    int newest;
    int full;           /* hours before it that are over, as far as the ring holds them */
    uint32_t filled_ms; /* of the newest, known or not */
};

struct uptime_share {
    int64_t up_ms;
    int64_t known_ms; /* 0: nothing is known, and there is no ratio */
};

/* So much more time has passed in that state.  A negative time is none. */
void uptime_pass(struct uptime *uptime, enum uptime_state state, int64_t passed_ms);

/* What is known of the last `hours` hours, at most 720: of so many whole ones, and of the one that
 * fills, so never of less time than that. */
struct uptime_share uptime_share(const struct uptime *uptime, int hours);

/* The hour that lies so many before the one that fills; at most `full`. */
const struct uptime_hour *uptime_hour(const struct uptime *uptime, int back);

/* Lets everything that `later` has seen pass in `uptime` too. */
void uptime_append(struct uptime *uptime, const struct uptime *later);

#endif
