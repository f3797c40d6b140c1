/* rotate.c - stat(2) and rename(2), from the oldest file on. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/rotate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int shift(const char *path, int number, struct error *err)
{
    char from[PATH_MAX];
    char to[PATH_MAX];

    if (number == 0)
        (void)snprintf(from, sizeof(from), "%s", path);
    else
        (void)snprintf(from, sizeof(from), "%s.%d", path, number);
    (void)snprintf(to, sizeof(to), "%s.%d", path, number + 1);
    if (rename(from, to) == 0 || (errno == ENOENT && number > 0))
        return 0;
    return error_set(err, errno, "%s: can't be renamed: %s", from, strerror(errno));
}

int rotate(const struct rotation *rotation, const char *path, bool *ret_renamed, struct error *err)
{
    struct stat status;
    int code = 0;

    *ret_renamed = false;
    if (strlen(path) > PATH_MAX - 8)
        return error_set(err, ENAMETOOLONG, "%.80s…: the path is too long", path);
    if (stat(path, &status) != 0)
        return errno == ENOENT
                   ? 0
                   : error_set(err, errno, "%s: can't be looked at: %s", path, strerror(errno));
    /* /dev/stdout, for instance: nothing there grows. */
    if (!S_ISREG(status.st_mode) || status.st_size < rotation->max_bytes)
        return 0;
    for (int number = rotation->keep - 1; code == 0 && number >= 0; number--)
        code = shift(path, number, err);
    *ret_renamed = code == 0;
    return code;
}
