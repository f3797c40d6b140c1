/* folder.h - reads a file, or the files of a folder in the order of their names, up to a bound. */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include "base/arena.h"
#include "base/auto.h"
#include "base/error.h"
#include "base/slice.h"

#include <stddef.h>

/* The paths that `path` stands for: itself when it is no folder, else the files in it (not below
 * it) whose names end in one of `suffixes` (ends with NULL) and begin with no dot; a link to a file
 * is a file.  Returns 0, or -errno with `err`: -ENOENT where a folder holds no such file, -E2BIG
 * beyond LIMIT_FOLDER_FILES. */
int folder_list(const char *path, const char *const suffixes[], struct arena *arena,
                const char *const **ret, int *ret_count, struct error *err) MUST_CHECK;

/* The whole content of a regular file of at most `max_bytes`.  Returns 0, or -errno with `err`. */
int folder_read_file(const char *path, size_t max_bytes, struct arena *arena, struct slice *ret,
                     struct error *err) MUST_CHECK;

#endif
