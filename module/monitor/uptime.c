/* uptime.c - a ring of hours, counted by the time that passes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "monitor/uptime.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Lets so much pass as the newest hour has room for; a full one makes way for the next. */
static void fill(struct uptime *uptime, enum uptime_state state, uint32_t passed_ms)
{
    struct uptime_hour *hour = &uptime->hours[uptime->newest];

    uptime->filled_ms += passed_ms;
    if (state != UPTIME_UNKNOWN)
        hour->known_ms += passed_ms;
    if (state == UPTIME_UP)
        hour->up_ms += passed_ms;
    if (uptime->filled_ms < UPTIME_HOUR_MS)
        return;
    uptime->newest = (uptime->newest + 1) % UPTIME_HOURS;
    uptime->hours[uptime->newest] = (struct uptime_hour){ 0 };
    uptime->filled_ms = 0;
    if (uptime->full < UPTIME_HOURS - 1)
        uptime->full++;
}

void uptime_pass(struct uptime *uptime, enum uptime_state state, int64_t passed_ms)
{
    /* More than the ring holds leaves nothing else in it. */
    int64_t left_ms = smaller(passed_ms, (int64_t)(UPTIME_HOURS + 1) * UPTIME_HOUR_MS);

    while (left_ms > 0) {
        int64_t piece_ms = smaller(left_ms, UPTIME_HOUR_MS - (int64_t)uptime->filled_ms);

        fill(uptime, state, (uint32_t)piece_ms);
        left_ms -= piece_ms;
    }
}

const struct uptime_hour *uptime_hour(const struct uptime *uptime, int back)
{
    return &uptime->hours[(uptime->newest - back + UPTIME_HOURS) % UPTIME_HOURS];
}

struct uptime_share uptime_share(const struct uptime *uptime, int hours)
{
    struct uptime_share share = { 0 };

    for (int back = 0; back <= hours && back <= uptime->full; back++) {
        share.up_ms += uptime_hour(uptime, back)->up_ms;
        share.known_ms += uptime_hour(uptime, back)->known_ms;
    }
    return share;
}

void uptime_append(struct uptime *uptime, const struct uptime *later)
{
    for (int back = later->full; back >= 0; back--) {
        const struct uptime_hour *hour = uptime_hour(later, back);
        int64_t whole_ms = back == 0 ? later->filled_ms : UPTIME_HOUR_MS;

        uptime_pass(uptime, UPTIME_UP, hour->up_ms);
        uptime_pass(uptime, UPTIME_DOWN, (int64_t)hour->known_ms - hour->up_ms);
        uptime_pass(uptime, UPTIME_UNKNOWN, whole_ms - hour->known_ms);
    }
}
