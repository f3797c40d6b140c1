/* watching.h - how much of a stretch of minutes a service's logs were watched.  Pure. */
#ifndef ACCOUNTANT_WATCHING_H
#define ACCOUNTANT_WATCHING_H

#include "ledger/reader.h"
#include "slo/unwatched.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known of one service at one time. */
struct watching {
    const struct ledger_coverage *coverage;
    int64_t now_wall_ms;
};

/* The minutes of [from, until), watched from end to end or not, since measuring began. */
struct watch watching_minutes(const struct watching *watching, int32_t from, int32_t until);

/* The slices that begin in [from, until) since measuring began, and how many of them are not
 * watched from end to end; rather too many of these than too few. */
struct slice_watch watching_slices(const struct watching *watching, int32_t from, int32_t until,
                                   int32_t slice_minutes);

/* Watched time as a share of [from, now) since measuring began; at most 1, and 0 when nothing has
 * been watched yet. */
struct fraction watching_ratio(const struct watching *watching, int32_t from);

/* Whether it is watched now, as far as the ledger has been told lately. */
bool watching_now(const struct watching *watching);

#endif
