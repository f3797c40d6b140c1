/* routes.h - the route templates that a source's configuration gives. */
#ifndef INGEST_ROUTES_H
#define INGEST_ROUTES_H

#include "base/auto.h"
#include "base/error.h"
#include "config/sources.h"
#include "ingest/openapi.h"
#include "ingest/templates.h"

/* Makes them of the source's list, or of the file that `openapi` names; `*ret` is left alone where
 * there are none, or none yet (fetcher.h).  Returns 0, or -errno with `err`. */
int routes_load(const struct source_config *source, struct templates **ret,
                struct error *err) MUST_CHECK;

/* Makes them of a document.  The same. */
int routes_of(const struct source_config *source, const struct openapi *openapi,
              struct templates **ret, struct error *err) MUST_CHECK;

#endif
