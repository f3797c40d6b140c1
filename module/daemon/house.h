/* house.h - what the running parts share: configuration, queues, slots, and who this instance is.
 *
 * Made before the first thread and freed after the last; the main thread's.
 */
#ifndef DAEMON_HOUSE_H
#define DAEMON_HOUSE_H

#include "auth/access.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/idle.h"
#include "base/notify.h"
#include "base/queue.h"
#include "base/random.h"
#include "config/config.h"
#include "health/order.h"
#include "ingest/journal.h"
#include "ingest/requests.h"
#include "page/slot.h"

#include <stdatomic.h>

struct house {
    const struct config *config;
    struct access *access;
    struct queue *outcomes;  /* probers -> monitor */
    struct idle *idle;       /* NULL: PROBITY_IDLE=never */
    struct orders *orders;   /* main, front, accountant -> monitor */
    struct slot *health;     /* monitor -> front */
    struct slot *slo;        /* accountant -> front */
    struct journal *journal; /* front -> disk -> ingest */
    struct requests
        *requests;        /* ingest -> accountant: as long as the process, whatever is reloaded */
    struct notify notify; /* the service manager; the main thread's */
    char host[64];
    char instance[RANDOM_HEX_BYTES];
    _Atomic int64_t front_beat_ms;
};

/* Takes `*config`, also when it fails; house_done() either way.  Returns 0 or -errno with `err`. */
int house_init(struct house *house, const struct config **config, struct error *err) MUST_CHECK;
void house_done(struct house *house);

#endif
