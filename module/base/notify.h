/* notify.h - datagrams to a service manager, as sd_notify(3) describes them; without its library.
 *
 * Whoever was not started by one has nobody to tell: then nothing here does anything.
 */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Zeroes: nobody is to be told. */
struct notify {
    struct sockaddr_un address;
    socklen_t address_bytes; /* 0: nobody is to be told, and there is no socket */
    int fd;
    int64_t watchdog_ms; /* how long the manager bears silence; 0: for ever */
};

/* Reads NOTIFY_SOCKET, and WATCHDOG_USEC where WATCHDOG_PID is not somebody else's.  Takes them out
 * of the environment, for a child would speak in our name.  Before other threads exist.  Returns 0,
 * also when nobody wants to be told, or -errno with `err`, and then nobody will be. */
int notify_open(struct notify *notify, struct error *err) MUST_CHECK;
void notify_close(struct notify *notify);

/* Whether somebody listens. */
bool notify_wanted(const struct notify *notify);

/* Sends one message, assignments a line each.  Never waits.  Returns false when it could not be
 * sent now: what is not obsolete by then may be sent again. */
bool notify_send(const struct notify *notify, const char *message);

#endif
