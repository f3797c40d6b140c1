/* fetch.h - one HTTP GET, by an absolute deadline and up to a bound. */
#ifndef INGEST_FETCH_H
#define INGEST_FETCH_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"

#include <stdint.h>

struct fetch {
    const char *url;     /* http://host[:port][/path] */
    int cancel_fd;       /* as of a stream; -1 for none */
    int64_t deadline_ms; /* boot clock */
};

/* Asks and waits.  The answer goes to `answer`, whose bound holds for head and body; `*ret_body`
 * borrows from it.  Returns 0 for a 200 that came whole; else -errno with `err`: EPROTO for an
 * answer that is none or another status, E2BIG beyond the bound, and what streams say. */
int fetch_get(const struct fetch *fetch, struct buf *answer, struct slice *ret_body,
              struct error *err) MUST_CHECK;

/* Takes a whole answer apart.  Returns 0 or -EPROTO with `err`.  Pure. */
int fetch_parse(struct slice answer, struct slice *ret_body, struct error *err) MUST_CHECK;

#endif
