/* clock.h - what time it is.  Ages use the boot clock, which counts suspends and never steps; the
 * wall clock is for what people read and for the minutes of events. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* CLOCK_BOOTTIME.  Every `…_at_ms`, `deadline_ms` and age in the program is measured with it,
 * unless its name says wall. */
int64_t clock_boot_ms(void);
int64_t clock_boot_us(void);

/* What the calling thread has cost so far, in microseconds of a processor. */
int64_t clock_thread_us(void);

/* CLOCK_REALTIME, since 1970. */
int64_t clock_wall_ms(void);

/* Milliseconds left until `deadline_ms`, 0 if it has passed, at most INT_MAX: for poll(2). */
int clock_left_ms(int64_t deadline_ms);

/* Sleeps; returns early only on a signal. */
void clock_sleep_ms(int64_t duration_ms);

#define CLOCK_TEXT_BYTES 25

/* Writes `wall_ms` as RFC 3339 in UTC with milliseconds, "2026-11-21T12:04:04.123Z".  Pure. */
void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_BYTES]);

/* Reads a time as RFC 3339 has it, with any offset; digits beyond the millisecond are cut, and a
 * leap second is the one after it.  Returns false, leaving `*ret_wall_ms`, for anything else.
 * Pure. */
bool clock_parse(struct slice text, int64_t *ret_wall_ms);

#endif
