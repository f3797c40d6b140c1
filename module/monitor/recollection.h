/* recollection.h - what one process hands on to the next.  Pure. */
#ifndef MONITOR_RECOLLECTION_H
#define MONITOR_RECOLLECTION_H

#include "base/buf.h"
#include "monitor/chronicle.h"
#include "monitor/overview.h"

/* Takes over what an earlier process knew. */
void overview_recall(struct overview *overview, const struct chronicle *chronicle);

/* Appends what a later one should know; `boot_id` is the machine's. */
void overview_remember(struct overview *overview, const char *boot_id, struct buf *buf);

#endif
