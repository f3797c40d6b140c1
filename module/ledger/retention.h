/* retention.h - forgets what no window reaches any more, in small portions. */
#ifndef LEDGER_RETENTION_H
#define LEDGER_RETENTION_H

#include "base/auto.h"
#include "base/error.h"
#include "ledger/session.h"
#include "slo/catalogue.h"

#include <stdbool.h>
#include <stdint.h>

/* Drops partitions that the longest window of the schema has left behind, and deletes one portion
 * of the catalogue's services: days and changes of alerts after 13 months, slices with their
 * window, batches after two days, and positions of files that have not been watched since their
 * minutes went.  Sets `*ret_more` when there is more to do.  0, or -errno as session_run. */
int retention_run(struct session *session, const struct catalogue *catalogue, int64_t now_wall_ms,
                  bool *ret_more, struct error *err) MUST_CHECK;

#endif
