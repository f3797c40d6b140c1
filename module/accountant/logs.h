/* logs.h - what /metrics says about each log that is read. */
#ifndef ACCOUNTANT_LOGS_H
#define ACCOUNTANT_LOGS_H

#include "ingest/follow.h"
#include "page/metrics.h"

/* Appends probity_ingest_source_*, one sample for each log, by its name.  As many as the
 * configuration has, LIMIT_SOURCES at most. */
void logs_put(struct metrics_writer *writer, const struct follower *follower);

#endif
