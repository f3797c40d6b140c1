/* hysteresis.c - one streak, which only an unbroken run against the state makes longer. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "health/hysteresis.h"

void hysteresis_init(struct hysteresis *hysteresis, int fall, int rise)
{
    *hysteresis = (struct hysteresis){
        .fall = fall < 1 ? 1 : fall,
        .rise = rise < 1 ? 1 : rise,
        .state = HYSTERESIS_STARTING,
    };
}

void hysteresis_resume(struct hysteresis *hysteresis)
{
    hysteresis->state = HYSTERESIS_STARTING;
    hysteresis->streak = hysteresis->fall - 1;
}

/* How many results in a row lead from the state to the other one. */
static int results_needed(const struct hysteresis *hysteresis, bool success)
{
    if (!success)
        return hysteresis->fall;
    return hysteresis->state == HYSTERESIS_STARTING ? 1 : hysteresis->rise;
}

bool hysteresis_take(struct hysteresis *hysteresis, enum outcome_status status)
{
    bool success = status != OUTCOME_ERROR;
    enum hysteresis_state leads_to = success ? HYSTERESIS_UP : HYSTERESIS_DOWN;

    if (hysteresis->state == leads_to) {
        hysteresis->streak = 0;
        return false;
    }
    hysteresis->streak++;
    if (hysteresis->streak < results_needed(hysteresis, success))
        return false;
    hysteresis->state = leads_to;
    hysteresis->streak = 0;
    return true;
}

bool hysteresis_in_doubt(const struct hysteresis *hysteresis)
{
    return hysteresis->state == HYSTERESIS_STARTING || hysteresis->streak > 0;
}
