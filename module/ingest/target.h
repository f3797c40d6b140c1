/* target.h - the path that a request asks for, as nginx's $uri has it.  Pure. */
#ifndef INGEST_TARGET_H
#define INGEST_TARGET_H

#include "ingest/line.h"

/* Cuts scheme and host, query and fragment off, and decodes %XX; what is decoded goes to the
 * scratch behind what is in use there.  The target is no longer than a line. */
struct slice target_path(struct slice target, struct line_scratch *scratch);

#endif
