/* postgres_reason.h - what a Postgres failure means, from its SQLSTATE or from libpq's words. */
#ifndef PROBE_POSTGRES_REASON_H
#define PROBE_POSTGRES_REASON_H

#include "health/reason.h"

/* `sqlstate` is the server's code or "", `code` a positive errno from base/pq.h, `words` the
 * message. */
enum health_reason postgres_reason(const char *sqlstate, int code, const char *words);

#endif
