/* watch.h - what is read beside the counts: how well the logs were watched, and which minutes don't
 * count.  For reader.c. */
#ifndef LEDGER_WATCH_H
#define LEDGER_WATCH_H

#include "ledger/snapshot.h"

/* Sums the positions by service.  0 or -ENOMEM. */
int watch_coverage(const struct ledger_reader *reader, const struct snapshot *snapshot,
                   struct arena *arena, struct ledger_news *news) MUST_CHECK;

/* What the reader knows of the indicators.  0 or -ENOMEM. */
int watch_derived(const struct ledger_reader *reader, struct arena *arena,
                  struct ledger_news *news) MUST_CHECK;

/* Those that reach into the longest window.  0 or -errno. */
int watch_exclusions(struct ledger_reader *reader, int64_t now_wall_ms, struct arena *arena,
                     struct ledger_news *news, struct error *err) MUST_CHECK;

/* The longest window of all. */
int32_t watch_longest_minutes(const struct tracks *tracks);

#endif
