/* intake.h - hands libfcgi what has been walked, and not a byte more.
 *
 * libfcgi reads up to 8 KiB at a time and keeps what it has not parsed yet.  A request that lies
 * whole in the socket it may read from there.  Of any other it gets a copy of the head alone, with
 * an empty STDIN behind it: the rest stays in the socket, for record_input_feed().
 */
#ifndef FRONT_INTAKE_H
#define FRONT_INTAKE_H

#include "base/auto.h"
#include "base/buf.h"
#include "front/record.h"

#include <fcgiapp.h>

enum intake {
    INTAKE_TAKEN,
    INTAKE_BROKEN, /* not what the walk has seen; `fd` is closed */
    INTAKE_CLOSED, /* the peer is gone, or no memory or descriptor is left; `fd` is closed */
};

/* A request that lies whole in the non-blocking socket.  Its input is read to its end, or a kept
 * connection would break; what `body` has no room for is dropped and leaves it failed. */
enum intake intake_whole(FCGX_Request *fcgi, int fd, struct buf *body) MUST_CHECK;

/* Only the head of what lies in the socket, as the walk has found it. */
enum intake intake_head(FCGX_Request *fcgi, int fd, const struct record_walk *walk) MUST_CHECK;

#endif
