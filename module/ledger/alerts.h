/* alerts.h - alert states in the ledger, written by one instance at a time.
 *
 * Who may write a service's states is settled by a lease: a row that its holder renews and that
 * anybody takes once it has run out, by the server's clock.  Every statement is a transaction's
 * own, so that a transaction-pooling PgBouncer may stand between.  The accountant's thread only,
 * over its reader's connection; a failure closes that, and the next call connects anew.
 */
#ifndef LEDGER_ALERTS_H
#define LEDGER_ALERTS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/reader.h"
#include "slo/alert.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Somebody else takes over when the holder has been silent for so long. */
    LEDGER_ALERTS_LEASE_S = 15,
    /* Alerts of a catalogue, and of one transaction: 16 rules for each objective. */
    LEDGER_ALERTS_MAX = 16 * LIMIT_OBJECTIVES,
};

/* One alert as it stands in the ledger; one that was never anything but inactive has no row. */
struct ledger_alert {
    const char *service;
    const char *objective;
    const char *rule;
    const char *severity;
    struct alert alert;        /* `frozen` is the instance's own affair and not stored */
    const char *suppressed_by; /* "" for nothing */
    const char *frozen;        /* in words; "" when it is judged */
    const char *summary;
    bool changed; /* its state: goes into the list of changes too */
};

struct ledger_alerts {
    const struct ledger_alert *rows; /* in the arena of the call */
    int count;
};

/* Takes or renews the leases of these services, as far as nobody else holds them, and reads all
 * alerts that are not inactive.  `ret_held[i]` tells whether service i is ours.  Returns 0, or
 * -errno with `err` in words for people. */
int ledger_alerts_claim(struct ledger_reader *reader, const char *const services[], int count,
                        int64_t deadline_ms, struct arena *arena, bool ret_held[],
                        struct ledger_alerts *ret, struct error *err) MUST_CHECK;

/* Writes states and changes, if the leases of all their services are still ours; all or nothing.
 * Returns 0, -EBUSY when one is not (nothing was written: claim and begin with what is there), or
 * another -errno; then it is not known whether they were written. */
int ledger_alerts_write(struct ledger_reader *reader, const struct ledger_alerts *alerts,
                        int64_t deadline_ms, struct error *err) MUST_CHECK;

/* Gives all leases of this instance back, so that another one may take them at once.  Only over a
 * connection that is there: without it, or when it fails, they run out by themselves. */
void ledger_alerts_release(struct ledger_reader *reader, int64_t deadline_ms);

#endif
