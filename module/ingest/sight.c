/* sight.c - looks at the volume, because nobody tells us of lines that could not be written. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "ingest/sight.h"

#include <errno.h>
#include <sys/statvfs.h>

/* What is left for others than root decides: nginx's workers are others.  A file system that knows
 * no sizes says 0 of everything. */
int sight_obstacle(int fd)
{
    struct statvfs volume;

    if (fstatvfs(fd, &volume) != 0)
        return 0;
    if ((volume.f_flag & ST_RDONLY) != 0)
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
