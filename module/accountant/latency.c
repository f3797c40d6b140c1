/* latency.c - a ring of hours, each merged or minute by minute. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/latency.h"

#include "accountant/hour.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* This hour, the one before it (late lines), and the next (a clock that is ahead of ours). */
    DETAILED_BEFORE = 1,
    DETAILED_AHEAD = 1,
    SPARE_HOURS = 4,
};

struct latency {
    int32_t window_minutes;
    int32_t now_minute;
    struct mixer mixer;
    int hour_count;
    struct hour hours[]; /* that of number n is at n % hour_count */
};

/* A row's place in the order of minutes. */
struct entry {
    int32_t minute;
    struct slice encoded;
};

struct latency *latency_new(int32_t window_minutes)
{
    int hour_count = window_minutes / HOUR_MINUTES + SPARE_HOURS;
    struct latency *latency =
        calloc(1, sizeof(*latency) + (size_t)hour_count * sizeof(struct hour));

    if (latency == NULL)
        return NULL;
    if (mixer_init(&latency->mixer) != 0) {
        free(latency);
        return NULL;
    }
    latency->window_minutes = window_minutes;
    latency->hour_count = hour_count;
    return latency;
}

void latency_forget(struct latency *latency)
{
    for (int i = 0; i < latency->hour_count; i++)
        hour_clear(&latency->hours[i]);
}

void latency_free(struct latency **latency)
{
    if (*latency == NULL)
        return;
    latency_forget(*latency);
    mixer_done(&(*latency)->mixer);
    free(*latency);
    *latency = NULL;
}

static int32_t edge_minute(const struct latency *latency)
{
    int32_t edge = latency->now_minute - latency->window_minutes + 1;

    return edge < 0 ? 0 : edge;
}

static int32_t first_hour(const struct latency *latency)
{
    return edge_minute(latency) / HOUR_MINUTES;
}

static int32_t last_hour(const struct latency *latency)
{
    return latency->now_minute / HOUR_MINUTES + DETAILED_AHEAD;
}

static struct hour *hour_at(struct latency *latency, int32_t number)
{
    return &latency->hours[number % latency->hour_count];
}

static bool is_detailed(const struct latency *latency, int32_t number)
{
    return number == first_hour(latency)
           || number >= latency->now_minute / HOUR_MINUTES - DETAILED_BEFORE;
}

void latency_advance(struct latency *latency, int32_t now_minute)
{
    latency->now_minute = now_minute;
    for (int32_t number = first_hour(latency); number <= last_hour(latency); number++) {
        struct hour *hour = hour_at(latency, number);

        if (hour->number != number) {
            hour_clear(hour);
            hour->number = number;
        }
        if (!hour->known)
            continue;
        if (!is_detailed(latency, number) && hour->minutes != NULL)
            hour_merge(hour, &latency->mixer);
        else if (is_detailed(latency, number) && hour->minutes == NULL)
            hour->known = false;
    }
}

static int compare_entries(const void *a, const void *b)
{
    int32_t left = ((const struct entry *)a)->minute;
    int32_t right = ((const struct entry *)b)->minute;

    return (left > right) - (left < right);
}

/* The objective's rows in the order of their minutes; free() them.  NULL when out of memory. */
static struct entry *sort_rows(const struct latency_rows *rows, int *ret_count)
{
    struct entry *entries = calloc((size_t)rows->count + 1, sizeof(*entries));
    int count = 0;

    if (entries == NULL)
        return NULL;
    for (int i = 0; i < rows->count; i++) {
        if (rows->rows[i].indicator == rows->indicator)
            entries[count++] = (struct entry){ rows->rows[i].minute, rows->rows[i].encoded };
    }
    qsort(entries, (size_t)count, sizeof(*entries), compare_entries);
    *ret_count = count;
    return entries;
}

static int replace_minute(struct latency *latency, struct hour *hour, const struct entry *entries,
                          int count)
{
    int code = 0;

    mixer_clear(&latency->mixer);
    for (int i = 0; code == 0 && i < count; i++)
        code = mixer_add(&latency->mixer, entries[i].encoded);
    if (code != 0)
        return code;
    return mixer_keep(&latency->mixer, &hour->minutes[entries[0].minute % HOUR_MINUTES]);
}

static int run_length(const struct entry *entries, int count)
{
    int length = 1;

    while (length < count && entries[length].minute == entries[0].minute)
        length++;
    return length;
}

static int change_minute(struct latency *latency, const struct entry *entries, int count)
{
    struct hour *hour = hour_at(latency, entries[0].minute / HOUR_MINUTES);

    if (!hour->known || hour->number != entries[0].minute / HOUR_MINUTES)
        return 0;
    if (hour->minutes != NULL)
        return replace_minute(latency, hour, entries, count);
    hour->known = false;
    return 0;
}

int latency_change(struct latency *latency, const struct latency_rows *rows)
{
    int count = 0;
    AUTO(auto_free) struct entry *entries = sort_rows(rows, &count);
    int code = entries == NULL ? -ENOMEM : 0;

    for (int i = 0; code == 0 && i < count;) {
        int length = run_length(entries + i, count - i);

        code = change_minute(latency, entries + i, length);
        i += length;
    }
    return code;
}

static bool is_empty(const struct window *events, int32_t hour)
{
    int32_t held = events == NULL ? 0 : window_first_quarter(events) * WINDOW_QUARTER_MINUTES;
    int32_t from = hour * HOUR_MINUTES < held ? held : hour * HOUR_MINUTES;
    struct window_sum sum = { 0, 0 };

    return events != NULL && window_sum(events, from, (hour + 1) * HOUR_MINUTES, &sum)
           && sum.total == 0;
}

/* Whether the hour has to be read: marks one without events as known on the way. */
static bool is_missing(struct latency *latency, const struct window *events, int32_t number)
{
    struct hour *hour = hour_at(latency, number);

    if (hour->known)
        return false;
    if (!is_empty(events, number))
        return true;
    hour_clear(hour);
    hour->known = !is_detailed(latency, number) || hour_split(hour) == 0;
    return !hour->known;
}

bool latency_wants(struct latency *latency, const struct window *events, int max_hours,
                   int32_t *ret_from_minute, int32_t *ret_to_minute)
{
    int32_t to = last_hour(latency);
    int32_t from;

    while (to >= first_hour(latency) && !is_missing(latency, events, to))
        to--;
    if (to < first_hour(latency))
        return false;
    from = to;
    while (from > first_hour(latency) && to - from + 1 < max_hours
           && is_missing(latency, events, from - 1))
        from--;
    *ret_from_minute = from * HOUR_MINUTES;
    *ret_to_minute = to * HOUR_MINUTES + HOUR_MINUTES - 1;
    return true;
}

/* The rows of one hour, sorted. */
static int fill_hour(struct latency *latency, struct hour *hour, const struct entry *entries,
                     int count)
{
    int code = 0;

    hour_clear(hour);
    if (is_detailed(latency, hour->number)) {
        code = hour_split(hour);
        for (int i = 0; code == 0 && i < count;) {
            int length = run_length(entries + i, count - i);

            code = replace_minute(latency, hour, entries + i, length);
            i += length;
        }
    } else {
        mixer_clear(&latency->mixer);
        for (int i = 0; code == 0 && i < count; i++)
            code = mixer_add(&latency->mixer, entries[i].encoded);
        if (code == 0)
            code = mixer_keep(&latency->mixer, &hour->merged);
    }
    hour->known = code == 0;
    return code;
}

int latency_fill(struct latency *latency, int32_t from_minute, int32_t to_minute,
                 const struct latency_rows *rows)
{
    int count = 0;
    int at = 0;
    AUTO(auto_free) struct entry *entries = sort_rows(rows, &count);
    int code = entries == NULL ? -ENOMEM : 0;

    for (int32_t number = from_minute / HOUR_MINUTES;
         code == 0 && number <= to_minute / HOUR_MINUTES; number++) {
        struct hour *hour = hour_at(latency, number);
        int end;

        while (at < count && entries[at].minute < number * HOUR_MINUTES)
            at++;
        end = at;
        while (end < count && entries[end].minute / HOUR_MINUTES == number)
            end++;
        if (hour->number == number)
            code = fill_hour(latency, hour, entries + at, end - at);
        at = end;
    }
    return code;
}

/* Only the minutes inside the window, of an hour that is held by minutes. */
static int add_hour(struct latency *latency, const struct hour *hour)
{
    int code = 0;

    if (hour->minutes == NULL)
        return mixer_add(&latency->mixer, encoded_slice(&hour->merged));
    for (int i = 0; code == 0 && i < HOUR_MINUTES; i++) {
        int32_t minute = hour->number * HOUR_MINUTES + i;

        if (minute >= edge_minute(latency) && minute <= latency->now_minute)
            code = mixer_add(&latency->mixer, encoded_slice(&hour->minutes[i]));
    }
    return code;
}

int latency_compute(struct latency *latency, struct latency_percentiles *ret)
{
    const struct histogram *sum = &latency->mixer.sum;
    int code = 0;

    mixer_clear(&latency->mixer);
    for (int32_t number = first_hour(latency); code == 0 && number <= last_hour(latency); number++)
        code = add_hour(latency, hour_at(latency, number));
    if (code != 0)
        return code;
    *ret = (struct latency_percentiles){
        .known = sum->count > 0,
        .p50_ms = histogram_quantile(sum, 50, 100),
        .p95_ms = histogram_quantile(sum, 95, 100),
        .p99_ms = histogram_quantile(sum, 99, 100),
    };
    return 0;
}

bool latency_is_whole(const struct latency *latency)
{
    for (int32_t number = first_hour(latency); number <= last_hour(latency); number++) {
        const struct hour *hour = &latency->hours[number % latency->hour_count];

        if (hour->number != number || !hour->known)
            return false;
    }
    return true;
}

uint64_t latency_bytes(const struct latency *latency)
{
    uint64_t bytes = sizeof(*latency) + (uint64_t)latency->hour_count * sizeof(struct hour);

    for (int i = 0; i < latency->hour_count; i++)
        bytes += hour_bytes(&latency->hours[i]);
    return bytes;
}

uint64_t latency_unreadable(const struct latency *latency)
{
    return latency->mixer.unreadable;
}
