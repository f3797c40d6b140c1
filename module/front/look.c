/* look.c - two looks, one second apart. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "front/look.h"

enum { APART_MS = 1000 };

bool look_judge(struct look *look, bool old, int64_t now_ms)
{
    /* The reactor looks four times a second: if it did not, it was asleep itself. */
    bool slept = now_ms - look->last_at_ms > APART_MS;

    look->last_at_ms = now_ms;
    if (!old)
        look->first_old_at_ms = 0;
    else if (look->first_old_at_ms == 0 || slept)
        look->first_old_at_ms = now_ms;
    return old && now_ms - look->first_old_at_ms >= APART_MS;
}
