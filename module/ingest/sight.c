/* sight.c - looks at the volume, because nobody tells us of lines that could not be written. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sight.h"

#include "base/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static void close_file(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

bool sight_line_is_read_only(const char *line, uint64_t mount_id)
{
    const char *rest = strstr(line, " - ");
    char *end = NULL;

    if (rest == NULL || strtoull(line, &end, 10) != mount_id || *end != ' ')
        return false;
    for (int blanks = 0; blanks < 3; blanks++) { /* the dash, the type, the source */
        rest = strchr(rest + 1, ' ');
        if (rest == NULL)
            return false;
    }
    return strncmp(rest, " ro", 3) == 0 && strchr(",\n", rest[3]) != NULL;
}

/* Whether it is so for everybody: a sandbox or a container may show us a log read-only that others
 * write to. */
static bool is_read_only(int fd)
{
    AUTO(close_file) FILE *mounts = fopen("/proc/self/mountinfo", "re");
    AUTO(auto_free) char *line = NULL;
    struct statx file = { 0 };
    size_t room = 0;

    if (mounts == NULL || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &file) != 0
        || (file.stx_mask & STATX_MNT_ID) == 0)
        return false;
    while (getline(&line, &room, mounts) > 0) {
        if (sight_line_is_read_only(line, file.stx_mnt_id))
            return true;
    }
    return false;
}

/* What is left for others than root decides: nginx's workers are others.  A file system that knows
 * no sizes says 0 of everything. */
int sight_obstacle(int fd)
{
    struct statvfs volume;

    if (fstatvfs(fd, &volume) != 0)
        return 0;
    if ((volume.f_flag & ST_RDONLY) != 0 && is_read_only(fd))
        return EROFS;
    return volume.f_blocks > 0 && volume.f_bavail == 0 ? ENOSPC : 0;
}

bool sight_is_due(const struct sight *sight, int64_t boot_ms)
{
    return boot_ms - sight->looked_at_ms >= SIGHT_LOOK_MS;
}

bool sight_regained(struct sight *sight, int obstacle, int64_t boot_ms)
{
    sight->looked_at_ms = boot_ms;
    if (obstacle != 0) {
        sight->obstacle = obstacle;
        sight->obstacle_until_ms = boot_ms;
        return false;
    }
    if (sight->obstacle == 0 || boot_ms - sight->obstacle_until_ms < SIGHT_SETTLE_MS)
        return false;
    sight->obstacle = 0;
    return true;
}
