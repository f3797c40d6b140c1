/* lane.h - the slow lane: threads that hand large answers to peers at the peers' own pace.
 *
 * The reactor accepts and answers a request; what may block then, the writing of more than a socket
 * buffer holds or the swallowing of a large body, is done here with a blocking descriptor.  The
 * reactor keeps the deadline and enforces it with shutdown(2), for which it keeps a descriptor of
 * its own.
 */
#ifndef FRONT_LANE_H
#define FRONT_LANE_H

#include "base/error.h"
#include "base/loop.h"
#include "front/response.h"

#include <fcgiapp.h>

struct lane;
struct connection;

struct lane_job {
    struct connection *connection; /* the reactor's: handed back, never looked at */
    FCGX_Request *fcgi;            /* owned; its descriptor is a duplicate, and blocking */
    struct response response;      /* owned */
    struct request request;        /* its slices point into `fcgi` */
    bool swallow;                  /* input is left that libfcgi must not see: it wasn't walked */
};

/* Starts the threads; `loop` is woken whenever a job is done. */
int lane_start(struct loop *loop, struct lane **ret, struct error *err) MUST_CHECK;

/* Takes the job over.  Returns false, leaving it, when the lane is full.  The reactor only. */
bool lane_push(struct lane *lane, const struct lane_job *job) MUST_CHECK;

/* The connection of a job that is done, or NULL.  The reactor only. */
struct connection *lane_pop_done(struct lane *lane);

/* Ends the threads: the reactor has shut down the connections of all jobs before. */
void lane_stop(struct lane **lane);

#endif
