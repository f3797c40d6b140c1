/* celery_roll.h - whether one certain worker is there.  Pure.
 *
 * Everybody is asked, because a question names nobody: text of the configuration in a control
 * message could kill workers.  Who answers is there.  Who does not may be busy: the count of those
 * subscribed less those that answered says how many are silent, the broker's bindings say which
 * ones could be.  A killed worker leaves its binding behind, so only when the silent ones are as
 * many as the silent names is each of them certainly there.
 */
#ifndef PROBE_CELERY_ROLL_H
#define PROBE_CELERY_ROLL_H

#include "base/slice.h"
#include "probe/pidbox.h"

#include <stdbool.h>
#include <stdint.h>

/* Workers of one broker whose answers are told apart; of more, silence says nothing. */
enum { CELERY_ROLL_NODES = 4096 };

/* All zero but for `wanted` at the start. */
struct celery_roll {
    const char *wanted; /* "celery@host"; "@host" is any worker of that host; NULL: any at all */
    char found[PIDBOX_NODE_BYTES]; /* the one of those wanted that answered first; "" for none */
    uint64_t answered[CELERY_ROLL_NODES];
    int count;
    bool partial;
    bool wanted_is_bound;
    int64_t silent_names; /* that are bound and have not answered */
};

/* One has answered.  Returns whether it is one of those wanted. */
bool celery_roll_answer(struct celery_roll *roll, const char *node);

/* One member of the set of bindings: after all answers. */
void celery_roll_bound(struct celery_roll *roll, struct slice member);

/* Whether a wanted one is subscribed for certain, while `silent` of the subscribed did not answer.
 */
bool celery_roll_is_busy(const struct celery_roll *roll, int64_t silent);

#endif
