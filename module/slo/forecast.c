/* forecast.c - walks a window into the future, from one bend of its sums to the next.
 *
 * With (1-target) = allow/spend, allow*total - spend*bad is above zero as long as budget is left.
 * Between two bends (where a span of the past begins to leave, or has left) that is a straight
 * line. Here it stands multiplied by the pace's minutes, so that it is an integer at every bend.
 *
 * Bits: a value times a span's minutes is below 2^(counts + target + 32): 20 for the minutes of the
 * longest window in which the pace adds up, 11 for those of a span, 1 for a sum of two.
 */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/forecast.h"

#include <assert.h>
#include <stdbool.h>

enum {
    COUNT_AND_TARGET_BITS = 94,
    SHARE_OF_AMPLE = 5, /* 20 % */
    MAX_PACE_MINUTES = 60,
};

/* What is looked for: the first minute in which allow*total - spend*bad is over zero (`upwards`),
 * or is not. */
struct aim {
    int128 allow;
    int128 spend;
    bool upwards;
    int shift; /* counts are cut by so many bits */
};

/* A piece of the way: `length` minutes in which one span leaves, or none. */
struct leg {
    int32_t length;
    int32_t span_minutes; /* 1 when none leaves */
    int128 leaves;        /* the whole span's value */
    uint64_t total;       /* the whole span's events */
};

static int bits_of(int128 value)
{
    int bits = 0;

    for (; value > 0; value >>= 1)
        bits++;
    return bits;
}

static int128 value_of(const struct aim *aim, struct window_sum sum)
{
    return aim->allow * (int128)(sum.total >> aim->shift)
           - aim->spend * (int128)(sum.bad >> aim->shift);
}

/* A calendar window is another one in the minute in which it ends. */
static int32_t horizon_of(const struct forecast_past *past)
{
    return past->window_minutes > 0 ? past->window_minutes : past->ends_in_minutes - 1;
}

/* Where a span's part within the window begins, in minutes from when it is the first to leave. */
static int32_t leaves_from(const struct forecast_past *past, const struct forecast_span *span)
{
    int32_t first = past->now_minute - past->window_minutes + 1;

    return span->minute > first ? span->minute - first : 0;
}

static int32_t leaves_until(const struct forecast_past *past, const struct forecast_span *span)
{
    return span->minute + span->minutes - (past->now_minute - past->window_minutes + 1);
}

/* The leg that begins `at` minutes from now; `*next` is the first span that has not left. */
static struct leg next_leg(const struct aim *aim, const struct forecast_past *past, int32_t at,
                           int *next)
{
    struct leg leg = { horizon_of(past) - at, 1, 0, 0 };
    const struct forecast_span *span;

    if (past->window_minutes == 0)
        return leg;
    while (*next < past->count && leaves_until(past, &past->spans[*next]) <= at)
        ++*next;
    if (*next == past->count)
        return leg;
    span = &past->spans[*next];
    if (leaves_from(past, span) > at) {
        leg.length = leaves_from(past, span) - at;
        return leg;
    }
    leg.length = leaves_until(past, span) - at;
    leg.span_minutes = leg.length;
    leg.leaves = value_of(aim, span->sum);
    leg.total = span->sum.total;
    return leg;
}

static bool is_reached(const struct aim *aim, int128 value)
{
    return aim->upwards ? value > 0 : value <= 0;
}

/* How many minutes into the leg it is reached first, which it is at the end at the latest. */
static int32_t first_reached(const struct aim *aim, const struct leg *leg, int128 ends,
                             const struct forecast_past *past)
{
    int128 leaves = leg->leaves * past->pace_minutes;
    int128 pace = value_of(aim, past->pace);
    int128 begins = ends - pace * leg->length + leaves;
    int32_t low = 0;
    int32_t high = leg->length;

    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;

        if (is_reached(aim, (begins + pace * middle) * leg->span_minutes - leaves * middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* A window without events has all of its budget. */
static int128 value_or_whole(int128 value, int128 total)
{
    return total == 0 ? 1 : value;
}

static int32_t reach(const struct aim *aim, const struct forecast_past *past)
{
    int128 pace = value_of(aim, past->pace);
    int128 value = 0;
    int128 total = 0; /* of the past that has not left */
    int32_t at = 0;
    int next = 0;

    for (int i = 0; i < past->count; i++) {
        value += value_of(aim, past->spans[i].sum) * past->pace_minutes;
        total += past->spans[i].sum.total;
    }
    if (is_reached(aim, value_or_whole(value, total)))
        return 0;
    while (at < horizon_of(past)) {
        struct leg leg = next_leg(aim, past, at, &next);

        value += pace * leg.length - leg.leaves * past->pace_minutes;
        total -= leg.total;
        /* A straight line: what holds at neither end of a leg holds nowhere in it. */
        if (is_reached(aim, value_or_whole(value, total + past->pace.total)))
            return at + first_reached(aim, &leg, value, past);
        at += leg.length;
    }
    /* The next calendar window begins empty, with all of its budget. */
    return past->window_minutes == 0 && aim->upwards ? past->ends_in_minutes : FORECAST_NEVER;
}

static int shift_of(const struct forecast_past *past, int128 spend)
{
    int count_bits = COUNT_AND_TARGET_BITS - bits_of(spend);
    int128 total = past->pace.total;
    int shift = 0;

    for (int i = 0; i < past->count; i++)
        total += past->spans[i].sum.total;
    while (total >> shift >= (int128)1 << count_bits)
        shift++;
    return shift;
}

struct forecast forecast_make(struct fraction target, const struct forecast_past *past)
{
    int128 allow = target.denominator - target.numerator;
    int128 spend = target.denominator;
    struct aim down = { allow, spend, false, 0 };
    struct aim up = { allow, spend, true, 0 };
    /* remaining > 1/5  <=>  4/5 of what is allowed > what is bad */
    struct aim ample = { allow * (SHARE_OF_AMPLE - 1), spend * SHARE_OF_AMPLE, true, 0 };

    assert(past->pace_minutes >= 1 && past->pace_minutes <= MAX_PACE_MINUTES);
    down.shift = up.shift = ample.shift = shift_of(past, ample.spend);
    return (struct forecast){
        .exhausted_in = reach(&down, past),
        .positive_in = reach(&up, past),
        .ample_in = reach(&ample, past),
    };
}
