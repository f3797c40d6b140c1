/* sight.h - whether lines can be written to a log at all: if not, its silence proves nothing. */
#ifndef INGEST_SIGHT_H
#define INGEST_SIGHT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SIGHT_LOOK_MS = 1000,
    /* nginx leaves a volume alone for a second once that was full, and its buffer may be filled
     * anew for another one. */
    SIGHT_SETTLE_MS = 3000,
};

struct sight {
    int obstacle;              /* the errno that a writer gets; 0: lines can be written */
    int64_t looked_at_ms;      /* boot clock */
    int64_t obstacle_until_ms; /* boot clock: when the obstacle was seen last */
};

/* Whether this line of mountinfo (proc(5)) is that mount's, and says that nobody may write to its
 * file system: its own options, the last ones, and not those of this mount.  Pure. */
bool sight_line_is_read_only(const char *line, uint64_t mount_id);

/* What keeps others from appending to the file: ENOSPC, EROFS, or 0. */
int sight_obstacle(int fd);

/* Whether it is time to look. */
bool sight_is_due(const struct sight *sight, int64_t boot_ms);

/* Takes what was found.  Returns whether lines can be written again that could not be before. */
bool sight_regained(struct sight *sight, int obstacle, int64_t boot_ms);

#endif
