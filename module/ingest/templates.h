/* templates.h - route templates from a configuration, and which of them a path fits.  Pure.
 *
 * A template is a path in which a segment in braces stands for any segment that is not empty:
 * "/v1/jobs/{id}".  Segment by segment, a literal one wins over a parameter.  Immutable once built.
 */
#ifndef INGEST_TEMPLATES_H
#define INGEST_TEMPLATES_H

#include "base/auto.h"
#include "base/error.h"
#include "base/slice.h"

struct templates;

/* Copies the texts; those that differ only in the names of parameters are the first of them.
 * Returns 0; -EINVAL for one that does not begin with a slash, is no UTF-8, is LIMIT_ROUTE_BYTES
 * long or longer, or has braces around anything but a whole segment; -E2BIG beyond LIMIT_TEMPLATES;
 * -ENOMEM; each with `err`. */
int templates_new(const char *const texts[], int count, struct templates **ret,
                  struct error *err) MUST_CHECK;
void templates_free(struct templates **templates);

/* The template that the path fits, as it was written; an empty slice for none.  Borrowed. */
struct slice templates_match(const struct templates *templates, struct slice path);

#endif
