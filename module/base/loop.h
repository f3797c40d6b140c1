/* loop.h - a small event loop: descriptors, a wake-up, and turns that somebody else drives.
 *
 * A loop belongs to the thread that calls loop_turn(); only loop_wake() may be called from others.
 * A handler may forget and close its own descriptor; it must not close one that another handler of
 * the same turn may still be called for.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/auto.h"
#include "base/error.h"

#include <stdint.h>

struct loop;

/* What to call when a descriptor is ready: embedded in the caller's own struct, which outlives the
 * watch.  `events` are epoll's. */
struct loop_handler {
    void (*run)(struct loop_handler *handler, uint32_t events);
};

int loop_new(struct loop **ret, struct error *err) MUST_CHECK;
void loop_free(struct loop **loop);

/* Calls `handler` whenever `fd` has one of `events` (EPOLLIN, EPOLLET, …).  Returns 0 or -errno. */
int loop_watch(struct loop *loop, int fd, uint32_t events, struct loop_handler *handler) MUST_CHECK;

/* Watches no more; closing the last copy of a descriptor does the same. */
void loop_forget(struct loop *loop, int fd);

/* Makes the current or the next turn end at once.  Any thread. */
void loop_wake(struct loop *loop);

/* One turn: waits at most `timeout_ms` for something to happen, then runs the handlers of all that
 * is ready.  Returns when the waiting ended, by the boot clock in microseconds. */
int64_t loop_turn(struct loop *loop, int timeout_ms);

#endif
