/* traffic.h - what /metrics says about the requests that this instance's logs have told of. */
#ifndef ACCOUNTANT_TRAFFIC_H
#define ACCOUNTANT_TRAFFIC_H

#include "ingest/requests.h"
#include "page/metrics.h"

/* Appends the families http_*, and how many requests have no series of their own.  Nothing as long
 * as no log is read. */
void traffic_put(struct metrics_writer *writer, const struct requests_view *requests);

#endif
