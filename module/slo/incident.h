/* incident.h - contiguous burns: from when to when budget was used too fast, and how much.  Pure.
 *
 * A minute burns when the burn rate over the five minutes that end with it is above 1.  An incident
 * is a longest run of burning minutes, pauses of at most five minutes included, cut to its first
 * and its last minute with a bad event.
 */
#ifndef SLO_INCIDENT_H
#define SLO_INCIDENT_H

#include "slo/fraction.h"
#include "slo/window.h"

#include <stdbool.h>
#include <stdint.h>

enum { INCIDENT_LOOK_MINUTES = 5, INCIDENT_PAUSE_MINUTES = 5 };

struct incident_minute {
    int32_t minute;
    struct window_sum sum;
};

struct incident {
    int32_t from_minute;
    int32_t until_minute; /* the first minute behind it */
    struct window_sum sum;
};

/* Finds the incidents in these minutes: rising, those without events may lack, but of the four
 * before a minute with bad events none that had events.  Writes the newest `max` into `ret`, the
 * newest first, and returns how many. */
int incident_find(struct fraction target, const struct incident_minute minutes[], int count,
                  struct incident ret[], int max);

/* Whether it calls for a postmortem: it took strictly more than a fifth of the budget of a whole
 * window (Site Reliability Workbook, error budget policy). */
bool incident_is_grave(struct fraction target, struct window_sum whole,
                       const struct incident *incident);

#endif
