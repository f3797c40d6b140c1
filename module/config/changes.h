/* changes.h - what one configuration has that another one does not: for a reload. */
#ifndef CONFIG_CHANGES_H
#define CONFIG_CHANGES_H

#include "base/buf.h"
#include "config/config.h"

/* Appends "added: a; changed: b, c; removed: d", or "nothing has changed" where every check goes on
 * as it is.  A check has changed whose name is in both and whose id is not. */
void changes_describe(const struct config *before, const struct config *after, struct buf *buf);

/* Whether both read the same logs in the same way. */
bool changes_same_sources(const struct config *one, const struct config *other) MUST_CHECK;

#endif
