/* keeping.h - numbers about the file that the history survives a restart in. */
#ifndef MONITOR_KEEPING_H
#define MONITOR_KEEPING_H

#include <stdbool.h>
#include <stdint.h>

struct keeping {
    bool wanted;
    bool elsewhere; /* another process writes it */
    uint64_t writes;
    uint64_t failures;
    int64_t written_at_ms; /* boot clock; 0: never */
    int64_t file_bytes;
    int64_t busy_since_ms; /* at the disk; 0: it waits for something to do */
};

#endif
