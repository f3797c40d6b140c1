/* when.c - RFC 3339, Unix seconds, or relative to now. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/when.h"

#include "base/clock.h"
#include "config/value.h"

/* Minutes are counted in 32 bits, and nobody asks for the next century but by mistake. */
#define WHEN_MAX_S INT64_C(7258118400) /* 2200-01-01 */

static bool relative(struct slice text, int64_t now_wall_ms, int64_t *ret_wall_ms)
{
    struct slice duration = { text.data + 1, text.length - 1 };
    int64_t duration_ms;

    if (!value_parse_duration(duration, &duration_ms))
        return false;
    *ret_wall_ms = text.data[0] == '-' ? now_wall_ms - duration_ms : now_wall_ms + duration_ms;
    return true;
}

bool when_parse(struct slice text, int64_t now_wall_ms, int64_t *ret_wall_ms)
{
    int64_t wall_ms;
    uint64_t seconds;

    if (text.length == 0)
        return false;
    if (slice_equals(text, SLICE("now")))
        wall_ms = now_wall_ms;
    else if (slice_parse_uint(text, (uint64_t)WHEN_MAX_S, &seconds))
        wall_ms = (int64_t)seconds * 1000;
    else if (text.data[0] == '-' || text.data[0] == '+') {
        if (!relative(text, now_wall_ms, &wall_ms))
            return false;
    } else if (!clock_parse(text, &wall_ms))
        return false;
    if (wall_ms < 0 || wall_ms > WHEN_MAX_S * 1000)
        return false;
    *ret_wall_ms = wall_ms;
    return true;
}
