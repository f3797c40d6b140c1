/* retention.h - forgets minutes that no window reaches any more, in small portions. */
#ifndef LEDGER_RETENTION_H
#define LEDGER_RETENTION_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/session.h"

#include <stdbool.h>
#include <stdint.h>

/* Deletes one portion of what is older than LIMIT_RETENTION_MINUTES before `now_wall_ms`: minutes,
 * and positions of files that have not been watched since.  Sets `*ret_more` when a portion was
 * full.  0, or -errno as session_run; nothing is deleted then. */
int retention_run(struct session *session, const char *service, int64_t now_wall_ms, bool *ret_more,
                  struct error *err) MUST_CHECK;

#endif
