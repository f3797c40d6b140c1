/* window.c - a ring of days, each with its minutes and their sum. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_MINUTES = 1440,
    /* Both ends of the span usually lie within a day, and events may be a day ahead of us. */
    SPARE_DAYS = 3,
};

struct day {
    int32_t number;             /* since 1970 */
    struct window_sum sum;      /* of its minutes */
    struct window_sum *minutes; /* DAY_MINUTES of them; NULL until an event falls into the day */
};

struct window {
    int32_t span_minutes;
    int32_t day_count;
    struct day days[]; /* that of number n is at n % day_count */
};

struct window *window_new(int32_t span_minutes)
{
    int32_t day_count = (span_minutes + DAY_MINUTES - 1) / DAY_MINUTES + SPARE_DAYS;
    struct window *window = calloc(1, sizeof(*window) + (size_t)day_count * sizeof(struct day));

    if (window == NULL)
        return NULL;
    window->span_minutes = span_minutes;
    window->day_count = day_count;
    return window;
}

void window_clear(struct window *window)
{
    for (int32_t i = 0; i < window->day_count; i++) {
        free(window->days[i].minutes);
        window->days[i] = (struct day){ 0 };
    }
}

void window_free(struct window **window)
{
    if (*window != NULL)
        window_clear(*window);
    free(*window);
    *window = NULL;
}

/* The day's place, emptied of the day that went out of the window there; NULL when out of memory.
 */
static struct day *take_day(struct window *window, int32_t number)
{
    struct day *day = &window->days[number % window->day_count];

    if (day->minutes == NULL) {
        day->minutes = calloc(DAY_MINUTES, sizeof(*day->minutes));
        if (day->minutes == NULL)
            return NULL;
    } else if (day->number != number) {
        memset(day->minutes, 0, DAY_MINUTES * sizeof(*day->minutes));
    } else {
        return day;
    }
    day->number = number;
    day->sum = (struct window_sum){ 0, 0 };
    return day;
}

static const struct day *find_day(const struct window *window, int32_t number)
{
    const struct day *day = &window->days[number % window->day_count];

    return day->minutes != NULL && day->number == number ? day : NULL;
}

int window_set(struct window *window, int32_t minute, struct window_sum sum, int32_t now_minute)
{
    struct window_sum *old;
    struct day *day;

    if (minute < 0 || minute <= now_minute - window->span_minutes
        || minute > now_minute + DAY_MINUTES)
        return 0;
    if (sum.total == 0 && sum.bad == 0 && find_day(window, minute / DAY_MINUTES) == NULL)
        return 0;
    day = take_day(window, minute / DAY_MINUTES);
    if (day == NULL)
        return -ENOMEM;
    old = &day->minutes[minute % DAY_MINUTES];
    day->sum.total += sum.total - old->total;
    day->sum.bad += sum.bad - old->bad;
    *old = sum;
    return 0;
}

/* The minutes [from, to) of one day. */
static struct window_sum day_total(const struct day *day, int32_t from, int32_t to)
{
    struct window_sum sum = { 0, 0 };

    if (from == 0 && to == DAY_MINUTES)
        return day->sum;
    for (int32_t i = from; i < to; i++) {
        sum.total += day->minutes[i].total;
        sum.bad += day->minutes[i].bad;
    }
    return sum;
}

struct window_sum window_total(const struct window *window, int32_t now_minute,
                               int32_t span_minutes)
{
    int32_t end = now_minute + 1;
    int32_t minute = end - span_minutes;
    struct window_sum sum = { 0, 0 };

    assert(span_minutes <= window->span_minutes);
    if (minute < 0)
        minute = 0;
    while (minute < end) {
        int32_t day_start = minute - minute % DAY_MINUTES;
        int32_t next = end - day_start < DAY_MINUTES ? end : day_start + DAY_MINUTES;
        const struct day *day = find_day(window, minute / DAY_MINUTES);

        if (day != NULL) {
            struct window_sum part = day_total(day, minute - day_start, next - day_start);

            sum.total += part.total;
            sum.bad += part.bad;
        }
        minute = next;
    }
    return sum;
}
