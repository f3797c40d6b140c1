/* lag.c - two windows, so that a long turn is shown for a while and then forgotten. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/lag.h"

enum { WINDOW_MS = 5000 };

int64_t lag_add(struct lag *lag, int64_t turn_us, int64_t now_ms)
{
    if (now_ms - lag->since_ms >= WINDOW_MS) {
        lag->since_ms = now_ms;
        lag->longest_us[1] = lag->longest_us[0];
        lag->longest_us[0] = 0;
    }
    if (turn_us > lag->longest_us[0])
        lag->longest_us[0] = turn_us;
    return lag->longest_us[0] > lag->longest_us[1] ? lag->longest_us[0] : lag->longest_us[1];
}
