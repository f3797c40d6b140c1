/* batch.h - reads what somebody posts: events as a JSON array or as lines of JSON.  Pure.
 *
 * A batch is taken whole or not at all.  What was read is written as lines of our own access log,
 * in which the path is the route's template: the journal keeps them, and ingest counts them, as it
 * does any log.
 */
#ifndef INGEST_BATCH_H
#define INGEST_BATCH_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    /* What is counted in one flush: surely no more rows than a tally takes. */
    BATCH_PART_EVENTS = 512,
    BATCH_PARTS = LIMIT_BATCH_EVENTS / BATCH_PART_EVENTS + 1,
};

struct batch_settings {
    const char *home;            /* the service of events that name none */
    const char *const *services; /* whose events are counted */
    int service_count;
    int64_t now_ms; /* wall clock */
};

struct batch_part {
    size_t end; /* in `lines` */
    int events;
};

struct batch {
    struct buf lines;
    int events;
    struct batch_part parts[BATCH_PARTS];
    int part_count;
};

/* Reads a body into `*batch`, which batch_done() empties whatever is returned: 0; -EINVAL when
 * something is wrong, which `err` names with the number of the line or event; -E2BIG for more than
 * LIMIT_BATCH_EVENTS; -ENOMEM. */
int batch_parse(const struct batch_settings *settings, struct slice body, struct batch *batch,
                struct error *err) MUST_CHECK;
void batch_done(struct batch *batch);

#endif
