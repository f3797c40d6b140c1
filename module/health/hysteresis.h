/* hysteresis.h - fall and rise, as HAProxy counts them.  Pure.
 *
 * `fall` failures in a row make an error, `rise` successes in a row end it; an opposite result
 * resets the streak; the first success after start counts at once, and so does the first failure
 * streak of `fall` (before either, the state is starting).
 */
#ifndef HEALTH_HYSTERESIS_H
#define HEALTH_HYSTERESIS_H

#include "health/outcome.h"

enum hysteresis_state { HYSTERESIS_STARTING, HYSTERESIS_UP, HYSTERESIS_DOWN };

struct hysteresis {
    int fall;
    int rise;
    enum hysteresis_state state;
    int streak; /* results in a row that speak against the state */
};

void hysteresis_init(struct hysteresis *hysteresis, int fall, int rise);

/* After a pause nothing is known: the next result counts at once, whatever it is. */
void hysteresis_resume(struct hysteresis *hysteresis);

/* Takes one result; OK and DEGRADED are successes.  Returns whether the state changed. */
bool hysteresis_take(struct hysteresis *hysteresis, enum outcome_status status);

/* Whether the last results speak against the state (or there is none yet): look again soon. */
bool hysteresis_in_doubt(const struct hysteresis *hysteresis);

#endif
