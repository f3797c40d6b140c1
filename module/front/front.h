/* front.h - the FastCGI front: an epoll reactor on one thread, and a slow lane of four.
 *
 * It hands out the newest pages of its two slots; docs/architecture.md has the picture.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "auth/access.h"
#include "base/error.h"
#include "base/idle.h"
#include "config/config.h"
#include "health/order.h"
#include "ingest/journal.h"
#include "page/slot.h"

#include <stdatomic.h>
#include <sys/types.h>

struct front;

/* A listening socket, and which file leads to it. */
struct front_socket {
    int fd;
    bool inherited; /* handed over by a service manager, which alone may replace it */
    dev_t device;   /* of the file at the path, unless inherited */
    ino_t inode;
};

struct front_settings {
    const struct config *config;
    const struct access *access;
    struct slot *health;        /* the monitor's */
    struct slot *slo;           /* the accountant's */
    struct journal *journal;    /* where posted events go */
    struct orders *orders;      /* what an administrator orders goes to the monitor */
    _Atomic int64_t *beat_ms;   /* the front stamps it on every turn of its loop */
    struct front_socket socket; /* from front_listen(); owned by the front from now on */
    struct idle *idle;          /* hears of every request; NULL: nobody rests */
};

/* Opens the listening socket: one handed over by the service manager (LISTEN_FDS, or descriptor 0
 * when that is a listening socket), else `path`: bound under a temporary name beside it and renamed
 * over it, mode 0660.  Before other threads exist.  Returns 0 or -errno with `err`. */
int front_listen(const char *path, struct front_socket *ret, struct error *err) MUST_CHECK;

/* Closes a socket that front_start() never took; NULL-safe destructor, leaves -1. */
void front_socket_close(struct front_socket *socket);

/* Whether front_listen() would take a socket that was handed over. */
bool front_is_handed_socket(void);

/* Whether something accepts connections at `path` now. */
bool front_path_is_live(const char *path);

/* Starts the threads.  Takes the socket, also when it fails. */
int front_start(const struct front_settings *settings, struct front **ret,
                struct error *err) MUST_CHECK;

/* Whether the path leads to another socket than ours: a new process has replaced us.  Any thread.
 */
bool front_replaced(const struct front *front);

/* Whether a service manager keeps the socket: what queues up there waits for the next process. */
bool front_inherited(const struct front *front);

/* Accepts what has queued up until there is nothing more, for 1 s at most, lets answers under way
 * finish, closes each connection after its answer, ends; at most 3 s in all. */
void front_stop(struct front **front);

#endif
