/* process.h - this process' own figures, in the names of Prometheus' client libraries. */
#ifndef FRONT_PROCESS_H
#define FRONT_PROCESS_H

#include "page/metrics.h"

#include <stdint.h>

/* When the process started, by the wall clock as it stands now. */
int64_t process_started_at_wall_ms(void);

/* Appends process_*.  Reads procfs, which waits for no disk. */
void process_describe(int64_t started_at_wall_ms, struct metrics_writer *writer);

#endif
