/* partitions.h - sees to it that there are partitions for the minutes of a flush. */
#ifndef LEDGER_PARTITIONS_H
#define LEDGER_PARTITIONS_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/session.h"

#include <stdbool.h>
#include <stdint.h>

enum { PARTITION_MINUTES = 7 * 1440, PARTITIONS_KNOWN = 64 };

/* The weeks that are known to have one.  Forget them with the connection: it may lead to another
 * database next time. */
struct partitions {
    int32_t weeks[PARTITIONS_KNOWN]; /* the newest known at `next` - 1, around */
    int count;
    int next;
};

void partitions_forget(struct partitions *partitions);

/* Makes what is missing for the minutes (rising), each run of weeks in a transaction of its own, so
 * that nobody waits for the flush.  0, or -errno as session_run: the flush has to be tried again
 * later, and no row may be refused because of it. */
int partitions_ensure(struct partitions *partitions, struct session *session,
                      const int32_t *minutes, int count, struct error *err) MUST_CHECK;

#endif
