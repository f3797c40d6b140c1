/* reactor.h - one thread that waits for requests, has libfcgi take them, and answers.
 *
 * A connection is handed to libfcgi only when a whole, walked request lies in its socket, so no
 * read of libfcgi's ever waits; descriptors are non-blocking and detached, so no write does.
 */
#ifndef FRONT_REACTOR_H
#define FRONT_REACTOR_H

#include "base/error.h"
#include "front/sources.h"

#include <stdatomic.h>

struct reactor;

struct reactor_settings {
    struct sources *sources;  /* handed over to the reactor's thread */
    _Atomic int64_t *beat_ms; /* stamped on every turn */
    int listen_fd;            /* borrowed */
};

int reactor_new(const struct reactor_settings *settings, struct reactor **ret,
                struct error *err) MUST_CHECK;
void reactor_free(struct reactor **reactor);

/* Serves until reactor_stop(), and its last second; the thread "front". */
void reactor_run(struct reactor *reactor);

/* Begins the end: see front_stop().  Any thread. */
void reactor_stop(struct reactor *reactor);

#endif
