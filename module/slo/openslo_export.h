/* openslo_export.h - definitions back to OpenSLO v1 as people write it.  Pure. */
#ifndef SLO_OPENSLO_EXPORT_H
#define SLO_OPENSLO_EXPORT_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "slo/objective.h"

/* Appends "---" and an objective's document as YAML, which reads into an equal document.  Returns
 * 0, or -EINVAL for what is no document, or -ENOMEM, with `err`. */
int openslo_export(const char *document, struct buf *buf, struct error *err) MUST_CHECK;

/* Appends the document of a built-in objective, which nobody wrote down. */
void openslo_describe(const struct objective *objective, struct buf *buf);

#endif
