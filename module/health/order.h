/* order.h - what others tell the monitor: drain, maintenance, another configuration.
 *
 * A bounded queue; giving an order wakes the monitor, which takes orders before it judges.
 */
#ifndef HEALTH_ORDER_H
#define HEALTH_ORDER_H

#include "base/auto.h"
#include "base/queue.h"

#include <stdbool.h>
#include <stdint.h>

struct config;

enum { ORDER_TEXT_BYTES = 256, ORDER_WHO_BYTES = 128, ORDER_ID_BYTES = 40 };

/* Not ready from now on, latched: no later result undoes it. */
struct drain {
    int64_t until_boot_ms; /* when the process ends; 0: when it is told to */
    char reason[ORDER_TEXT_BYTES];
    char who[ORDER_WHO_BYTES]; /* "" for a signal */
};

/* What the fleet's operators have said of a service, as the ledger has it. */
struct maintenance {
    bool on;
    bool drain; /* instances are not ready while it lasts */
    int64_t since_wall_ms;
    int64_t until_wall_ms; /* it ends by itself then, also when nobody can be asked; 0: open */
    char id[ORDER_ID_BYTES];
    char reason[ORDER_TEXT_BYTES];
    char who[ORDER_WHO_BYTES];
};

/* Whether it is in force at that time of the wall clock. */
bool maintenance_in_force(const struct maintenance *maintenance, int64_t wall_ms);

enum order_kind {
    ORDER_DRAIN,
    ORDER_MAINTENANCE, /* what is in force, in full; also that there is none */
    ORDER_CONFIG,      /* another configuration; states of unchanged checks stay */
};

struct order {
    enum order_kind kind;
    union {
        struct drain drain;
        struct maintenance maintenance;
        const struct config *config; /* held; the receiver gives it back */
    } of;
};

struct orders;

/* Borrows the queue that the monitor waits at.  NULL when out of memory. */
struct orders *orders_new(struct queue *outcomes) MUST_CHECK;
void orders_free(struct orders **orders);

/* Copies the order in.  Returns false, and nothing has happened, when too many wait.  Any thread.
 */
bool orders_give(struct orders *orders, const struct order *order) MUST_CHECK;

/* Takes the oldest one out without waiting.  The monitor's thread. */
bool orders_take(struct orders *orders, struct order *ret) MUST_CHECK;

#endif
