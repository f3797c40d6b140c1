/* recollection.c - what the overview hands on to the next process, and takes over from the last. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/recollection.h"

#include <stdio.h>

void overview_recall(struct overview *overview, const struct chronicle *chronicle)
{
    for (int i = 0; i < chronicle->annals.count; i++) {
        /* For want of memory a history stays what it is without its beginning. */
        if (annals_continue(&overview->annals, chronicle->annals.items[i]) != 0)
            overview->histories_refused++;
    }
    /* It holds until somebody who has asked knows better, and ends by itself. */
    if (!overview->maintenance_told && chronicle->maintenance.on)
        overview->maintenance = chronicle->maintenance;
    overview->ordered = true;
}

void overview_remember(struct overview *overview, const char *boot_id, struct buf *buf)
{
    struct chronicle chronicle = { .saved = overview->now, .maintenance = overview->maintenance };

    annals_forget(&overview->annals, overview->now.boot_ms);
    chronicle.annals = overview->annals; /* borrowed */
    (void)snprintf(chronicle.boot_id, sizeof(chronicle.boot_id), "%s", boot_id);
    chronicle_write(&chronicle, buf);
}
