/* template.h - a configuration of nginx with places to fill in.  Pure.
 *
 * ${NAME} becomes its value, for the names of a closed list; every other $ is nginx's own and
 * stays. Lines between "#: if NAME" and "#: end" (or "#: else") are there only where NAME has a
 * value; such pieces don't nest.
 */
#ifndef SERVE_TEMPLATE_H
#define SERVE_TEMPLATE_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"

struct template_value {
    const char *name;
    const char *value; /* NULL: it has none, and ${NAME} is empty */
};

/* Appends the text filled in.  Returns 0, or -EINVAL with `err`, which names the line: a ${NAME}
 * that is in no list, a piece that does not end; or -ENOMEM. */
int template_fill(struct slice text, const struct template_value *values, int count,
                  struct buf *ret, struct error *err) MUST_CHECK;

/* A run of characters that stands for something else in a file which is complete by itself. */
struct template_mark {
    const char *mark;
    const char *value;
    int times; /* how often it stands there: else this is another file than was thought of */
};

/* Appends the text with its marks replaced.  Returns 0, or -EINVAL with `err`; or -ENOMEM. */
int template_replace(struct slice text, const struct template_mark *marks, int count,
                     struct buf *ret, struct error *err) MUST_CHECK;

#endif
