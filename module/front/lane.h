/* lane.h - the slow lane: threads for what may have to wait.
 *
 * The reactor accepts a request and judges it; what may block then is done here with a blocking
 * descriptor: the writing of an answer that no socket buffer holds, the swallowing of a large body,
 * and the handlers that talk to the ledger or the disk.  The reactor keeps the deadline and
 * enforces it with shutdown(2), for which it keeps a descriptor of its own.  Handlers never take
 * all threads: a ledger that hangs must keep neither a large answer nor posted events waiting.  A
 * job whose turn does not come in time is told so while there is time for it.
 */
#ifndef FRONT_LANE_H
#define FRONT_LANE_H

#include "base/error.h"
#include "base/loop.h"
#include "front/response.h"
#include "front/router.h"

#include <fcgiapp.h>

struct lane;
struct connection;

struct lane_job {
    struct connection *connection; /* the reactor's: handed back, never looked at */
    FCGX_Request *fcgi;            /* owned; its descriptor is a duplicate, and blocking */
    struct response response;      /* owned; stands already unless `slow` */
    struct request request;        /* its slices point into `fcgi` */
    struct exchange exchange;      /* for the slow handler; request and response are the lane's */
    bool slow;                     /* run the exchange's handler */
    bool asks_ledger;              /* that one waits for the ledger */
    bool late;                     /* the lane's: its turn did not come, it is only told so */
    struct buf body;               /* owned; of a slow one, unless it is unread */
    bool unread;                   /* input is left in the socket, which nobody has walked */
    uint16_t request_id;           /* FastCGI's, for walking it */
};

/* A job that has ended. */
struct lane_done {
    struct connection *connection;
    enum endpoint endpoint; /* what to count the status under */
    int status;             /* 0: nothing to count */
    bool late;              /* its turn did not come in time */
    bool malformed;         /* its input was no FastCGI: nothing was answered */
};

/* Starts the threads; `loop` is woken whenever a job is done. */
int lane_start(struct loop *loop, struct lane **ret, struct error *err) MUST_CHECK;

/* Answers that too many are waiting. */
void lane_refuse(struct response *response, const struct request *request);

/* Takes the job over.  Returns false, leaving it, when the lane is full, for slow jobs when their
 * part of it is.  The reactor only. */
bool lane_push(struct lane *lane, const struct lane_job *job) MUST_CHECK;

/* Returns false when no job has ended since.  The reactor only. */
bool lane_pop_done(struct lane *lane, struct lane_done *ret) MUST_CHECK;

/* Ends the threads: the reactor has shut down the connections of all jobs before. */
void lane_stop(struct lane **lane);

#endif
