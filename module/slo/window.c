/* window.c - a ring of days, each with its quarter hours and their sum, and a list of quarter hours
 * with their minutes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "slo/window.h"

#include "slo/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    DAY_MINUTES = 1440,
    DAY_QUARTERS = DAY_MINUTES / WINDOW_QUARTER_MINUTES,
    /* Both ends of the longest span usually lie within a day, and events may be a day ahead. */
    SPARE_DAYS = 3,
};

struct day {
    int32_t number;         /* since 1970 */
    struct counts quarters; /* DAY_QUARTERS of them; empty until an event falls into the day */
    struct window_sum sum;  /* of its quarter hours */
};

struct detail {
    int32_t quarter;
    bool whole;            /* its minutes are gone */
    struct counts minutes; /* WINDOW_QUARTER_MINUTES of them */
};

struct window {
    int32_t now_minute;
    int32_t longest_minutes;
    int32_t *spans;
    int span_count;
    int32_t *pins;
    int pin_count;
    struct detail *details; /* in no order: there are some twenty */
    int detail_count;
    int detail_room;
    int32_t day_count;
    struct day days[]; /* that of number n is at n % day_count */
};

/* --- construction --- */

struct window *window_new(int32_t reach_minutes, const int32_t spans[], int count)
{
    struct window *window;
    int32_t longest = reach_minutes;
    int32_t days;

    for (int i = 0; i < count; i++)
        longest = spans[i] > longest ? spans[i] : longest;
    days = (longest + DAY_MINUTES - 1) / DAY_MINUTES + SPARE_DAYS;
    window = calloc(1, sizeof(*window) + (size_t)days * sizeof(struct day));
    if (window == NULL)
        return NULL;
    window->longest_minutes = longest;
    window->day_count = days;
    window->spans = malloc((size_t)count * sizeof(*spans) + 1);
    if (window->spans == NULL) {
        free(window);
        return NULL;
    }
    if (count > 0)
        memcpy(window->spans, spans, (size_t)count * sizeof(*spans));
    window->span_count = count;
    return window;
}

static void forget_day(struct day *day)
{
    counts_clear(&day->quarters);
    day->sum = (struct window_sum){ 0, 0 };
}

void window_clear(struct window *window)
{
    for (int32_t i = 0; i < window->day_count; i++)
        forget_day(&window->days[i]);
    for (int i = 0; i < window->detail_count; i++)
        counts_clear(&window->details[i].minutes);
    window->detail_count = 0;
}

void window_free(struct window **window)
{
    if (*window == NULL)
        return;
    window_clear(*window);
    free((*window)->details);
    free((*window)->spans);
    free((*window)->pins);
    free(*window);
    *window = NULL;
}

int window_pin(struct window *window, const int32_t minutes[], int count)
{
    int32_t *pins = malloc((size_t)count * sizeof(*pins) + 1);

    if (pins == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(pins, minutes, (size_t)count * sizeof(*pins));
    free(window->pins);
    window->pins = pins;
    window->pin_count = count;
    return 0;
}

/* --- what is wanted --- */

static int32_t not_negative(int32_t value)
{
    return value < 0 ? 0 : value;
}

/* The minute with which a span begins. */
static int32_t edge_of(const struct window *window, int32_t span_minutes)
{
    return not_negative(window->now_minute + 1 - span_minutes);
}

int32_t window_first_quarter(const struct window *window)
{
    return edge_of(window, window->longest_minutes) / WINDOW_QUARTER_MINUTES;
}

int32_t window_last_quarter(const struct window *window)
{
    return (window->now_minute + WINDOW_AHEAD_MINUTES) / WINDOW_QUARTER_MINUTES;
}

static bool is_held(const struct window *window, int32_t quarter)
{
    return quarter >= window_first_quarter(window) && quarter <= window_last_quarter(window);
}

/* An edge wanders through its quarter hour and comes to the next one. */
static bool is_at(int32_t edge, int32_t quarter)
{
    return quarter == edge / WINDOW_QUARTER_MINUTES || quarter == edge / WINDOW_QUARTER_MINUTES + 1;
}

int32_t window_newest_minute(int32_t now_minute)
{
    int32_t minute = not_negative(now_minute + 1 - WINDOW_NEWEST_MINUTES);

    return minute - minute % WINDOW_QUARTER_MINUTES;
}

bool window_wants(const struct window *window, int32_t quarter)
{
    if (!is_held(window, quarter))
        return false;
    if (quarter >= window_newest_minute(window->now_minute) / WINDOW_QUARTER_MINUTES)
        return true;
    for (int i = 0; i < window->span_count; i++) {
        if (is_at(edge_of(window, window->spans[i]), quarter))
            return true;
    }
    for (int i = 0; i < window->pin_count; i++) {
        if (quarter == window->pins[i] / WINDOW_QUARTER_MINUTES)
            return true;
    }
    return false;
}

static int add_quarter(const struct window *window, int32_t quarter, int32_t quarters[], int count,
                       int max)
{
    if (!is_held(window, quarter) || count == max
        || quarter >= window_newest_minute(window->now_minute) / WINDOW_QUARTER_MINUTES)
        return count;
    for (int i = 0; i < count; i++) {
        if (quarters[i] == quarter)
            return count;
    }
    quarters[count] = quarter;
    return count + 1;
}

int window_add_wanted(const struct window *window, int32_t quarters[], int count, int max)
{
    for (int i = 0; i < window->span_count; i++) {
        int32_t quarter = edge_of(window, window->spans[i]) / WINDOW_QUARTER_MINUTES;

        count = add_quarter(window, quarter, quarters, count, max);
        count = add_quarter(window, quarter + 1, quarters, count, max);
    }
    for (int i = 0; i < window->pin_count; i++)
        count = add_quarter(window, window->pins[i] / WINDOW_QUARTER_MINUTES, quarters, count, max);
    return count;
}

/* --- finding --- */

static const struct day *find_day(const struct window *window, int32_t number)
{
    const struct day *day = &window->days[number % window->day_count];

    return !counts_is_empty(&day->quarters) && day->number == number ? day : NULL;
}

/* The day's place, emptied of the day that went out of the window there. */
static struct day *take_day(struct window *window, int32_t number)
{
    struct day *day = &window->days[number % window->day_count];

    if (day->number != number) {
        forget_day(day);
        day->number = number;
    }
    return day;
}

static struct detail *find_detail(const struct window *window, int32_t quarter)
{
    for (int i = 0; i < window->detail_count; i++) {
        if (window->details[i].quarter == quarter)
            return &window->details[i];
    }
    return NULL;
}

static struct detail *take_detail(struct window *window, int32_t quarter)
{
    struct detail *detail = find_detail(window, quarter);
    int room = window->detail_room == 0 ? 4 : window->detail_room * 2;

    if (detail != NULL)
        return detail;
    if (window->detail_count == window->detail_room) {
        detail = realloc(window->details, (size_t)room * sizeof(*detail));
        if (detail == NULL)
            return NULL;
        window->details = detail;
        window->detail_room = room;
    }
    detail = &window->details[window->detail_count++];
    *detail = (struct detail){ .quarter = quarter };
    return detail;
}

static void drop_detail(struct window *window, struct detail *detail)
{
    if (detail == NULL)
        return;
    counts_clear(&detail->minutes);
    *detail = window->details[--window->detail_count];
}

struct window_sum window_quarter(const struct window *window, int32_t quarter)
{
    const struct day *day = quarter < 0 ? NULL : find_day(window, quarter / DAY_QUARTERS);

    if (day == NULL || !is_held(window, quarter))
        return (struct window_sum){ 0, 0 };
    return counts_at(&day->quarters, quarter % DAY_QUARTERS);
}

bool window_knows_minutes(const struct window *window, int32_t quarter)
{
    return window_quarter(window, quarter).total == 0 || find_detail(window, quarter) != NULL;
}

/* --- changes --- */

static void add(struct window_sum *sum, struct window_sum part)
{
    sum->total += part.total;
    sum->bad += part.bad;
}

void window_advance(struct window *window, int32_t now_minute)
{
    int32_t oldest;

    window->now_minute = now_minute;
    oldest = window_first_quarter(window) / DAY_QUARTERS;
    for (int32_t i = 0; i < window->day_count; i++) {
        if (window->days[i].number < oldest)
            forget_day(&window->days[i]);
    }
    for (int i = 0; i < window->detail_count;) {
        struct detail *detail = &window->details[i];

        if (window_wants(window, detail->quarter))
            i++;
        else
            drop_detail(window, detail);
    }
}

int window_set_minute(struct window *window, int32_t minute, struct window_sum sum)
{
    int32_t quarter = not_negative(minute) / WINDOW_QUARTER_MINUTES;
    struct detail *detail;

    if (minute < 0 || !window_wants(window, quarter) || !window_knows_minutes(window, quarter))
        return 0;
    detail = take_detail(window, quarter);
    if (detail == NULL)
        return -ENOMEM;
    if (detail->whole)
        return 0;
    return counts_set(&detail->minutes, WINDOW_QUARTER_MINUTES, minute % WINDOW_QUARTER_MINUTES,
                      sum);
}

int window_set_quarter(struct window *window, int32_t quarter, struct window_sum sum)
{
    struct window_sum before;
    struct day *day;
    int code;

    if (quarter < 0 || !is_held(window, quarter))
        return 0;
    before = window_quarter(window, quarter);
    if (sum.total == before.total && sum.bad == before.bad)
        return 0;
    day = take_day(window, quarter / DAY_QUARTERS);
    code = counts_set(&day->quarters, DAY_QUARTERS, quarter % DAY_QUARTERS, sum);
    if (code != 0)
        return code;
    day->sum.total += sum.total - before.total;
    day->sum.bad += sum.bad - before.bad;
    if (sum.total == 0)
        drop_detail(window, find_detail(window, quarter)); /* its minutes are known: no events */
    return 0;
}

int window_set_detail(struct window *window, int32_t quarter,
                      const struct window_sum minutes[WINDOW_QUARTER_MINUTES])
{
    struct window_sum sum = { 0, 0 };
    struct detail *detail;
    int code = 0;

    if (!window_wants(window, quarter))
        return 0;
    detail = take_detail(window, quarter);
    if (detail == NULL)
        return -ENOMEM;
    for (int i = 0; code == 0 && i < WINDOW_QUARTER_MINUTES; i++) {
        code = counts_set(&detail->minutes, WINDOW_QUARTER_MINUTES, i, minutes[i]);
        add(&sum, minutes[i]);
    }
    detail->whole = sum.total != window_quarter(window, quarter).total
                    || sum.bad != window_quarter(window, quarter).bad;
    return code;
}

/* --- what is missing --- */

struct missing {
    const struct window *window;
    int32_t *quarters;
    int count;
    int max;
};

static void add_missing(struct missing *missing, int32_t quarter)
{
    if (missing->count == missing->max || !is_held(missing->window, quarter)
        || window_knows_minutes(missing->window, quarter))
        return;
    for (int i = 0; i < missing->count; i++) {
        if (missing->quarters[i] == quarter)
            return;
    }
    missing->quarters[missing->count++] = quarter;
}

int window_missing(const struct window *window, bool ahead, int32_t quarters[], int max)
{
    struct missing missing = { .window = window, .quarters = quarters, .max = max };
    int32_t next = ahead ? 1 : 0;

    add_missing(&missing, edge_of(window, 0) / WINDOW_QUARTER_MINUTES + next);
    for (int i = 0; i < window->span_count; i++)
        add_missing(&missing, edge_of(window, window->spans[i]) / WINDOW_QUARTER_MINUTES + next);
    for (int i = 0; !ahead && i < window->pin_count; i++)
        add_missing(&missing, window->pins[i] / WINDOW_QUARTER_MINUTES);
    return missing.count;
}

/* --- sums --- */

/* Whole quarter hours, and of these whole days at once. */
static struct window_sum sum_quarters(const struct window *window, int32_t from, int32_t until)
{
    struct window_sum sum = { 0, 0 };

    while (from < until) {
        int32_t number = from / DAY_QUARTERS;
        int32_t start = number * DAY_QUARTERS;
        int32_t next = until - start < DAY_QUARTERS ? until : start + DAY_QUARTERS;
        const struct day *day = find_day(window, number);

        if (day != NULL && from == start && next == start + DAY_QUARTERS)
            add(&sum, day->sum);
        else if (day != NULL)
            add(&sum, counts_sum(&day->quarters, from - start, next - start));
        from = next;
    }
    return sum;
}

/* Some of the minutes of one quarter hour. */
static bool add_part(const struct window *window, int32_t from, int32_t until,
                     struct window_sum *sum)
{
    int32_t quarter = from / WINDOW_QUARTER_MINUTES;
    int32_t start = quarter * WINDOW_QUARTER_MINUTES;
    const struct detail *detail;

    if (from >= until || window_quarter(window, quarter).total == 0)
        return true;
    detail = find_detail(window, quarter);
    if (detail == NULL)
        return false;
    add(sum, detail->whole ? window_quarter(window, quarter)
                           : counts_sum(&detail->minutes, from - start, until - start));
    return true;
}

bool window_sum(const struct window *window, int32_t from, int32_t until, struct window_sum *ret)
{
    int32_t first = (from + WINDOW_QUARTER_MINUTES - 1) / WINDOW_QUARTER_MINUTES;
    int32_t last = until / WINDOW_QUARTER_MINUTES;
    struct window_sum sum = { 0, 0 };

    if (from < 0 || from / WINDOW_QUARTER_MINUTES < window_first_quarter(window))
        return false;
    if (first > last) { /* within one quarter hour */
        if (!add_part(window, from, until, &sum))
            return false;
    } else {
        if (!add_part(window, from, first * WINDOW_QUARTER_MINUTES, &sum)
            || !add_part(window, last * WINDOW_QUARTER_MINUTES, until, &sum))
            return false;
        add(&sum, sum_quarters(window, first, last));
    }
    *ret = sum;
    return true;
}

bool window_total(const struct window *window, int32_t span_minutes, struct window_sum *ret)
{
    return window_sum(window, edge_of(window, span_minutes), window->now_minute + 1, ret);
}

struct window_sum window_held(const struct window *window)
{
    return sum_quarters(window, window_first_quarter(window), window_last_quarter(window) + 1);
}

uint64_t window_bytes(const struct window *window)
{
    uint64_t bytes = sizeof(*window) + (uint64_t)window->day_count * sizeof(struct day)
                     + (uint64_t)window->detail_room * sizeof(struct detail);

    for (int32_t i = 0; i < window->day_count; i++)
        bytes += counts_bytes(&window->days[i].quarters, DAY_QUARTERS);
    for (int i = 0; i < window->detail_count; i++)
        bytes += counts_bytes(&window->details[i].minutes, WINDOW_QUARTER_MINUTES);
    return bytes;
}
