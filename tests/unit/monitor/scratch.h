/* scratch.h - a state directory of a test's own. */
#ifndef TESTS_MONITOR_SCRATCH_H
#define TESTS_MONITOR_SCRATCH_H

#include "base/slice.h"

/* Its path, good until the next call. */
const char *scratch_make(void);

/* Removes it with the files that a vault for the service "app" has made. */
void scratch_remove(void);

/* The file of that name in its folder "history", NULL for that folder; good until the next call. */
const char *scratch_path(const char *name);

/* Writes, and reads, the whole of such a file; -1: there is none. */
void scratch_write(const char *name, struct slice bytes);
int scratch_read(const char *name, char *bytes, int max_bytes);

#endif
