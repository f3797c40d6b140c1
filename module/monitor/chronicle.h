/* chronicle.h - all that the monitor wants to know again after a restart, as bytes.  Pure.
 *
 * What is read is believed as little as anything else that comes from outside: bytes that are no
 * chronicle are refused as a whole.
 */
#ifndef MONITOR_CHRONICLE_H
#define MONITOR_CHRONICLE_H

#include "base/auto.h"
#include "base/buf.h"
#include "health/order.h"
#include "monitor/annals.h"

#define CHRONICLE_BOOT_ID_BYTES 37

struct chronicle {
    struct moment saved;
    char boot_id[CHRONICLE_BOOT_ID_BYTES]; /* of the machine, for its boot clock; "" unknown */
    struct maintenance maintenance;        /* the last known */
    struct annals annals;
};

void chronicle_write(const struct chronicle *chronicle, struct buf *buf);

/* Returns a chronicle; NULL when the bytes are none, or memory is out. */
struct chronicle *chronicle_read(struct slice bytes) MUST_CHECK;
void chronicle_free(struct chronicle **chronicle);

/* Puts its times on the boot clock of today.  After a reboot only the wall clock tells how long ago
 * it was saved. */
void chronicle_move(struct chronicle *chronicle, const char *boot_id, struct moment now);

#endif
