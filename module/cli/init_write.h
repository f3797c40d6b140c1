/* init_write.h - what `probity init --write` leaves behind. */
#ifndef CLI_INIT_WRITE_H
#define CLI_INIT_WRITE_H

#include "base/error.h"
#include "setup/advice.h"

/* Whether `path` is in the folder; `context` is its name. */
bool init_exists(void *context, const char *path);

/* Writes the files of the advice's platform that are not in the folder yet, and says which. Returns
 * 0, or -errno with `err`. */
int init_write(const char *folder, const struct advice *advice, struct error *err) MUST_CHECK;

#endif
