/* look.h - is a publication's owner dead, or were we all asleep?  Pure.
 *
 * A process that was stopped, or a container that was throttled, finds everything old when it
 * wakes.  So liveness believes it only when two looks, at least a second apart and without a gap
 * of our own between them, found the same.
 */
#ifndef FRONT_LOOK_H
#define FRONT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

struct look {
    int64_t first_old_at_ms; /* 0: the last look found it fresh */
    int64_t last_at_ms;
};

/* Takes in what a look found at `now_ms`; returns whether the owner counts as dead. */
bool look_judge(struct look *look, bool old, int64_t now_ms);

#endif
