/* when.h - a moment as people write it.  Pure. */
#ifndef FRONT_WHEN_H
#define FRONT_WHEN_H

#include "base/auto.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* "2026-11-21T12:00:00Z" (RFC 3339, any offset), Unix seconds, "now", or a duration before or after
 * now ("-6h", "+30m").  Between 1970 and 2200.  Returns false, leaving `*ret_wall_ms`, for anything
 * else. */
bool when_parse(struct slice text, int64_t now_wall_ms, int64_t *ret_wall_ms) MUST_CHECK;

/* How it is to be written, for those who got it wrong. */
#define WHEN_FORMS                                                                       \
    "write 2026-11-21T12:00:00Z, Unix seconds, now, or a duration before now like -6h; " \
    "in a query a + is written %2B"

#endif
