/* steward.h - what the main thread does while everything runs: signals, reloads, a successor.
 *
 * It owns none of the parts: main() starts and stops them.
 */
#ifndef DAEMON_STEWARD_H
#define DAEMON_STEWARD_H

#include "base/error.h"
#include "daemon/herald.h"
#include "daemon/house.h"
#include "daemon/slo_side.h"
#include "front/front.h"
#include "monitor/monitor.h"
#include "probe/probers.h"

#include <stdbool.h>

struct steward {
    struct house *house;
    struct monitor *monitor;
    struct probers *probers;
    struct slo_side *slo_side;
    const struct front *front;
    /* while it serves */
    const struct config *config; /* held: in force since the last reload, or the start */
    bool lacks_checks;           /* some could not be started, and the log knows */
    struct herald herald;
};

/* Opens the socket.  One that somebody answers at is taken over only once there is a verdict to
 * hand out, and one that a service manager keeps is answered at then, or after a moment; who is
 * told to end before that leaves it alone: `ret_ended`.  Returns 0 or -errno with `err`. */
int steward_listen(const struct house *house, const struct monitor *monitor,
                   struct front_socket *socket, bool *ret_ended, struct error *err) MUST_CHECK;

/* Serves until a signal or a successor ends it, draining included; SIGHUP reads the configuration
 * and the objectives anew, SIGUSR1 drains without an end. */
void steward_serve(struct steward *steward);

#endif
