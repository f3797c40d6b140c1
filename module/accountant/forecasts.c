/* forecasts.c - quarter hours out of the book, and what slo/forecast.h makes of them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "accountant/forecasts.h"

#include "slo/forecast.h"

#include <stdlib.h>

enum {
    MINUTE_MS = 60 * 1000,
    HOUR_MINUTES = 60,
    SPAN_LAST_HOUR = 2, /* of verdict_spans */
    /* A thousand objectives in half a minute, and a turn of at most some milliseconds. */
    A_TURN = 32,
};

struct one {
    struct forecast forecast;
    int64_t made_at_wall_ms; /* 0: there is none */
    int32_t tried_minute;
};

struct forecasts {
    const struct book *book;
    struct one *list; /* of each objective */
    int next;
    struct forecast_span *spans; /* for one at a time */
    int room;
};

static int longest_quarters(const struct book *book)
{
    int32_t minutes = 0;

    for (int i = 0; i < book->count; i++) {
        if (book->objectives[i].window_minutes > minutes)
            minutes = book->objectives[i].window_minutes;
    }
    return minutes / WINDOW_QUARTER_MINUTES + 2;
}

struct forecasts *forecasts_new(const struct book *book)
{
    AUTO(forecasts_free) struct forecasts *forecasts = calloc(1, sizeof(*forecasts));
    struct forecasts *made;

    if (forecasts == NULL)
        return NULL;
    forecasts->book = book;
    forecasts->room = longest_quarters(book);
    forecasts->list = calloc((size_t)book->count + 1, sizeof(*forecasts->list));
    forecasts->spans = calloc((size_t)forecasts->room, sizeof(*forecasts->spans));
    if (forecasts->list == NULL || forecasts->spans == NULL)
        return NULL;
    made = forecasts;
    forecasts = NULL;
    return made;
}

void forecasts_free(struct forecasts **forecasts)
{
    if (*forecasts == NULL)
        return;
    free((*forecasts)->list);
    free((*forecasts)->spans);
    free(*forecasts);
    *forecasts = NULL;
}

/* --- what the window holds --- */

/* Takes `sum` away; false when it is more than is there. */
static bool take_away(struct window_sum *from, struct window_sum sum)
{
    if (sum.total > from->total || sum.bad > from->bad)
        return false;
    from->total -= sum.total;
    from->bad -= sum.bad;
    return true;
}

/* The quarter hours of the window; the first one, which it may begin within, holds what the others
 * leave of the whole.  Returns how many, or -1 when that does not add up. */
static int gather_counted(struct forecasts *forecasts, int objective)
{
    const struct book *book = forecasts->book;
    const struct verdict *verdict = &book->verdicts[objective];
    const struct window *window = book->windows[book->places[objective].track];
    int32_t first = verdict->window.from_minute / WINDOW_QUARTER_MINUTES;
    int32_t last = (verdict->window.until_minute - 1) / WINDOW_QUARTER_MINUTES;
    struct window_sum rest = verdict->counted;
    int count = 1;

    for (int32_t quarter = first + 1; quarter <= last && count < forecasts->room; quarter++) {
        struct window_sum sum = window_quarter(window, quarter);

        if (sum.total == 0)
            continue;
        if (!take_away(&rest, sum))
            return -1;
        forecasts->spans[count++] =
            (struct forecast_span){ quarter * WINDOW_QUARTER_MINUTES, WINDOW_QUARTER_MINUTES, sum };
    }
    forecasts->spans[0] = (struct forecast_span){
        .minute = verdict->window.from_minute,
        .minutes = (first + 1) * WINDOW_QUARTER_MINUTES - verdict->window.from_minute,
        .sum = rest,
    };
    return count;
}

static int32_t later(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t sooner(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Takes what is excluded out of the spans.  False when that is not known by the minute. */
static bool exclude(struct forecasts *forecasts, int objective, int count)
{
    const struct book *book = forecasts->book;
    const struct ledger_exclusion *exclusion = book_exclusion(book, objective, NULL);
    int32_t gone_until = 0; /* they come by their beginnings, and may overlap */
    struct window_sum sum;

    for (; exclusion != NULL; exclusion = book_exclusion(book, objective, exclusion)) {
        for (int i = 0; i < count; i++) {
            struct forecast_span *span = &forecasts->spans[i];
            struct verdict_window common = {
                .from_minute = later(later(span->minute, exclusion->from_minute), gone_until),
                .until_minute = sooner(span->minute + span->minutes, exclusion->until_minute),
            };

            if (common.from_minute >= common.until_minute)
                continue;
            if (!book_events(book, objective, common, &sum) || !take_away(&span->sum, sum))
                return false;
        }
        gone_until = later(gone_until, exclusion->until_minute);
    }
    return true;
}

static bool adds_up(const struct forecasts *forecasts, int count, struct window_sum whole)
{
    for (int i = 0; i < count; i++) {
        if (!take_away(&whole, forecasts->spans[i].sum))
            return false;
    }
    return whole.total == 0 && whole.bad == 0;
}

/* --- one forecast --- */

static bool is_told(const struct book *book, int objective)
{
    const struct objective *of = &book->objectives[objective];

    return book->places[objective].track >= 0 && book->verdicts[objective].whole.total > 0
           && 2 * of->slice_minutes <= HOUR_MINUTES;
}

/* How much of the last hour there was: before, nobody counted. */
static int32_t pace_minutes(const struct book *book, int objective, int32_t now_minute)
{
    int64_t since_ms = book_coverage_of(book, objective)->measured_since_ms;
    int64_t measured = now_minute + 1 - since_ms / MINUTE_MS;
    int32_t window = book->objectives[objective].window_minutes;
    int32_t minutes = window < HOUR_MINUTES ? window : HOUR_MINUTES;

    if (measured < minutes)
        minutes = (int32_t)measured;
    return minutes < 1 ? 1 : minutes;
}

static void renew(struct forecasts *forecasts, int objective)
{
    const struct book *book = forecasts->book;
    const struct verdict *verdict = &book->verdicts[objective];
    bool rolls = book->objectives[objective].calendar.unit == CALENDAR_NONE;
    int32_t now_minute = verdict->window.until_minute - 1;
    struct one *one = &forecasts->list[objective];
    struct forecast_past past = {
        .spans = forecasts->spans,
        .now_minute = now_minute,
        .window_minutes = rolls ? verdict->window.length_minutes : 0,
        .ends_in_minutes =
            verdict->window.from_minute + verdict->window.length_minutes - now_minute,
        .pace = verdict->spans[SPAN_LAST_HOUR],
        .pace_minutes = pace_minutes(book, objective, now_minute),
    };

    one->made_at_wall_ms = 0;
    past.count = is_told(book, objective) ? gather_counted(forecasts, objective) : -1;
    if (past.count < 0 || !exclude(forecasts, objective, past.count)
        || !adds_up(forecasts, past.count, verdict->whole))
        return;
    one->forecast = forecast_make(book->objectives[objective].target, &past);
    one->made_at_wall_ms = book->as_of_wall_ms;
}

void forecasts_turn(struct forecasts *forecasts)
{
    const struct book *book = forecasts->book;
    int32_t minute = (int32_t)(book->as_of_wall_ms / MINUTE_MS);
    int renewed = 0;

    for (int i = 0; i < book->count && renewed < A_TURN; i++) {
        struct one *one = &forecasts->list[forecasts->next];

        if (one->tried_minute != minute || one->made_at_wall_ms == 0) {
            renew(forecasts, forecasts->next);
            one->tried_minute = minute;
            renewed++;
        }
        forecasts->next = (forecasts->next + 1) % book->count;
    }
}

/* --- how it is shown --- */

static void put_time(struct json_writer *json, const char *key, const struct one *one,
                     int32_t in_minutes)
{
    json_time(
        json, key,
        in_minutes == FORECAST_NEVER ? 0 : one->made_at_wall_ms + (int64_t)in_minutes * MINUTE_MS);
}

void forecasts_put(const struct forecasts *forecasts, int objective, struct json_writer *json)
{
    const struct one *one = &forecasts->list[objective];

    if (one->made_at_wall_ms == 0) {
        json_put_null(json);
        return;
    }
    json_open_object(json);
    put_time(json, "exhausts_at", one, one->forecast.exhausted_in);
    put_time(json, "positive_at", one, one->forecast.positive_in);
    put_time(json, "ample_at", one, one->forecast.ample_in);
    json_close_object(json);
}

uint64_t forecasts_version(const struct forecasts *forecasts, int objective)
{
    return (uint64_t)forecasts->list[objective].made_at_wall_ms;
}
