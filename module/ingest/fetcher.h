/* fetcher.h - asks applications for their route templates, in the background.
 *
 * One thread asks each http:// address that a source has in `openapi`, with growing pauses, until
 * it has answered once.
 */
#ifndef INGEST_FETCHER_H
#define INGEST_FETCHER_H

#include "base/auto.h"
#include "base/error.h"
#include "config/sources.h"
#include "ingest/follow.h"
#include "ingest/openapi.h"

struct fetcher;

/* Whether the source's templates have to be asked for. */
bool fetcher_is_wanted(const struct source_config *source);

/* What the settings name is borrowed.  Starts nothing, and leaves `*ret`, where there is nothing to
 * ask for. */
int fetcher_start(const struct follow_settings *settings, struct fetcher **ret,
                  struct error *err) MUST_CHECK;

/* Waits at most 1 s.  NULL is stopped. */
void fetcher_stop(struct fetcher **fetcher);

/* Gives what has come for the source since the last call, NULL for nothing.  The ingest thread. */
struct openapi *fetcher_take(struct fetcher *fetcher, int source);

#endif
