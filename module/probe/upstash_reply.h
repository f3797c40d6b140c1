/* upstash_reply.h - what Upstash's REST answers to [["INFO"],["PING"]].  Pure. */
#ifndef PROBE_UPSTASH_REPLY_H
#define PROBE_UPSTASH_REPLY_H

#include "base/slice.h"
#include "health/outcome.h"
#include "probe/redis_info.h"

#include <stdbool.h>

/* What is asked, as the body of POST /pipeline. */
#define UPSTASH_QUESTION "[[\"INFO\"],[\"PING\"]]"

/* Reads the answer: judges its errors, and fills `info` with what it tells, maybe nothing.
 * Returns whether the database has answered at all. */
bool upstash_reply_take(int http_status, struct slice body, struct redis_info *ret_info,
                        struct outcome *outcome);

#endif
