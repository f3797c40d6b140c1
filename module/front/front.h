/* front.h - the FastCGI front: an epoll reactor on one thread, and a slow lane of four.
 *
 * It hands out the newest pages of its two slots; see DESIGN "Front".
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "auth/access.h"
#include "base/error.h"
#include "config/config.h"
#include "page/slot.h"

#include <stdatomic.h>

struct front;

struct front_settings {
    const struct config *config;
    const struct access *access;
    struct slot *health;             /* the monitor's */
    struct slot *slo;                /* the accountant's */
    _Atomic int64_t *beat_ms;        /* the front stamps it on every turn of its loop */
    int listen_fd;                   /* from front_listen(); owned by the front from now on */
};

/* Opens the listening socket: one handed over by the service manager (LISTEN_FDS, or descriptor 0
 * when that is a listening socket), else `path`: bound under a temporary name beside it and renamed over it, mode 0660.

 * Returns 0 or -errno with `err`. */
int front_listen(const char *path, int *ret_fd, struct error *err) MUST_CHECK;

/* Whether something accepts connections at `path` now. */
bool front_path_is_live(const char *path);

int front_start(const struct front_settings *settings, struct front **ret, struct error *err)
    MUST_CHECK;

/* Whether `path` leads to another socket than ours: a new process has replaced us.  Any thread. */
bool front_replaced(const struct front *front);

/* Accepts what has queued up until there is nothing more for `linger_ms`, lets answers under way
 * finish, closes each connection after its answer, ends; at most 3 s in all. */
void front_stop(struct front **front);

#endif
