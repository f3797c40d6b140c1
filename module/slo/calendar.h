/* calendar.h - where calendar windows begin and end, true to the calendar of a time zone.  Pure,
 * but for the zone's file.
 *
 * A month is a month and a year is a year; a day in which clocks change has 23 or 25 hours.  A
 * civil time that is skipped stands for the first one behind the gap, one that comes twice for its
 * first occurrence.
 */
#ifndef SLO_CALENDAR_H
#define SLO_CALENDAR_H

#include "base/auto.h"
#include "slo/objective.h"

#include <stdbool.h>
#include <stdint.h>

struct calendar_span {
    int64_t from_s;  /* Unix time */
    int64_t until_s; /* the first second behind it: where the next window begins */
};

/* The window that holds `at_s`; before `start` windows go on backwards.  Returns false for a
 * calendar without a unit, a start that is no date, or a zone that the system doesn't know.  Reads
 * the zone's file: ask again when the window has ended. */
bool calendar_window(const struct calendar *calendar, int64_t at_s,
                     struct calendar_span *ret) MUST_CHECK;

/* The longest that one of its windows can become, in minutes: a month has up to 31 days, and clocks
 * may be set back within it. */
int32_t calendar_longest_minutes(const struct calendar *calendar);

/* Whether the system knows a zone of that name. */
bool calendar_knows_zone(const char *zone);

#endif
