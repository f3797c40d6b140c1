/* herald.h - tells the service manager how we are: ready, in words, still turning, about to end.
 *
 * A manager that wants to be fed (a watchdog) is, while the threads that judge and answer turn: by
 * the same two looks by which /health judges them.  Who was stopped, throttled or suspended finds
 * both late when it goes on, and feeds all the same.  The main thread's.
 */
#ifndef DAEMON_HERALD_H
#define DAEMON_HERALD_H

#include "base/buf.h"
#include "base/notify.h"
#include "front/look.h"
#include "page/slot.h"

#include <stdatomic.h>

enum { HERALD_STATUS_BYTES = 512 };

struct herald {
    /* set at the start, read-only afterwards */
    const struct notify *notify;
    struct slot *health;
    const _Atomic int64_t *front_beat_ms;
    /* while it serves */
    bool ready_told;
    char status_told[HERALD_STATUS_BYTES];
    struct look look;
    bool stalled;
    int64_t fed_at_ms;
};

/* Says what has changed since the last look, and feeds the watchdog.  Never waits. */
void herald_look(struct herald *herald);

/* How soon the next look should be, at most `usual_ms`. */
int64_t herald_pause_ms(const struct herald *herald, int64_t usual_ms);

/* Around a reload. */
void herald_reloading(struct herald *herald);
void herald_reloaded(struct herald *herald);

/* From now on nobody waits for us to be fed. */
void herald_stopping(struct herald *herald);

/* The verdict in one line, from the readiness page as text: the last line, and before it whatever
 * is not simply ok.  Pure. */
void herald_words(struct slice page, struct buf *words);

#endif
