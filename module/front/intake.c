/* intake.c - FCGX_Accept_r on a socket, or on a copy of a request's head.
 * Source of what it does with descriptors: libfcgi 2.4.2, fcgiapp.c. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/intake.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns false when libfcgi has closed the descriptor instead. */
static bool accept_request(FCGX_Request *fcgi, int fd)
{
    /* FCGX_Accept_r finishes the former request, and closes unless keepConnection is set. */
    fcgi->ipcFd = fd;
    fcgi->keepConnection = 1;
    fcgi->detached = 1; /* no polling at close */
    return FCGX_Accept_r(fcgi) == 0;
}

/* Returns false when the params or the input were not what the walk has seen; then libfcgi has an
 * empty environment. */
static bool read_input(FCGX_Request *fcgi, struct buf *body)
{
    char scratch[1024];
    int got;

    while ((got = FCGX_GetStr(scratch, sizeof(scratch), fcgi->in)) > 0)
        buf_append(body, (struct slice){ scratch, (size_t)got });
    return FCGX_GetError(fcgi->in) == 0;
}

enum intake intake_whole(FCGX_Request *fcgi, int fd, struct buf *body)
{
    if (!accept_request(fcgi, fd))
        return INTAKE_CLOSED;
    if (read_input(fcgi, body))
        return INTAKE_TAKEN;
    FCGX_Free(fcgi, 1);
    return INTAKE_BROKEN;
}

/* Moves the head out of the socket, where it lies, into a file in memory. */
static bool move_head(int fd, int copy, size_t head_bytes)
{
    char bytes[8192];

    while (head_bytes > 0) {
        size_t wanted = head_bytes < sizeof(bytes) ? head_bytes : sizeof(bytes);
        ssize_t got = recv(fd, bytes, wanted, MSG_DONTWAIT);

        if (got <= 0 || write(copy, bytes, (size_t)got) != got)
            return false;
        head_bytes -= (size_t)got;
    }
    return true;
}

static int copy_head(int fd, const struct record_walk *walk)
{
    AUTO(auto_close) int copy = memfd_create("probity-request", MFD_CLOEXEC);
    unsigned char end[RECORD_HEADER_BYTES];
    int ret;

    record_end_of_input(walk->request_id, end);
    if (copy < 0 || !move_head(fd, copy, walk->head_bytes)
        || write(copy, end, sizeof(end)) != sizeof(end) || lseek(copy, 0, SEEK_SET) != 0)
        return -1;
    ret = copy;
    copy = -1;
    return ret;
}

enum intake intake_head(FCGX_Request *fcgi, int fd, const struct record_walk *walk)
{
    int copy = copy_head(fd, walk);

    if (copy >= 0 && accept_request(fcgi, copy) && read_input(fcgi, &(struct buf){ 0 })) {
        (void)close(copy);
        fcgi->ipcFd = fd; /* libfcgi writes to what stands here when it writes */
        return INTAKE_TAKEN;
    }
    (void)close(fd);
    if (copy < 0 || fcgi->in == NULL)
        return INTAKE_CLOSED;
    FCGX_Free(fcgi, 1);
    return INTAKE_BROKEN;
}
