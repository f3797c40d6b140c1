/* rotate.h - keeps a log from growing without end: access.log becomes access.log.1, and so on.
 *
 * Only renames: nginx goes on writing into the file until it is told to open its logs anew, and
 * probityd reads a renamed file to its end.
 */
#ifndef SERVE_ROTATE_H
#define SERVE_ROTATE_H

#include "base/auto.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct rotation {
    int64_t max_bytes;
    int keep; /* renamed files of a log, at least 1 */
};

/* Renames the log at `path` if it has grown to its bound; the oldest is overwritten.  A log that is
 * not there is small.  `*ret_renamed`: it was.  Returns 0, or -errno with `err`. */
int rotate(const struct rotation *rotation, const char *path, bool *ret_renamed,
           struct error *err) MUST_CHECK;

#endif
